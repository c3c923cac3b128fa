"""What tells one command from another that was sent under the same id."""

import hmac
import json
from datetime import UTC, datetime

import msgspec

from domain import commands as c
from domain import exercise_commands as q
from domain.work_commands import ExportData, TakeNext, WorkCommand
from services.wiring import Office


def fingerprint(
    office: Office,
    subject: str,
    command: c.CaseCommand | q.ExerciseCommand | WorkCommand | TakeNext | ExportData,
    effective_at: datetime | None,
) -> bytes:
    """Return what tells two commands of one id apart, under a key, for it covers personal data."""
    said = {
        "command": type(command).__name__,
        "subject": subject,
        "body": msgspec.to_builtins(command),
        "effective_at": effective_at.astimezone(UTC).isoformat() if effective_at else None,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    key = hmac.digest(office.settings.blind_index_key, b"command fingerprint", "sha256")
    return hmac.digest(key, text.encode(), "sha256")
