"""What tells one command from another under the same id, and the ids of the system's own."""

import hmac
import json
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from domain import commands as c
from domain import exercise_commands as q
from domain.work_commands import ExportData, TakeNext, WorkCommand
from services.store import Appended, CommandReused
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


def carried_out(
    office: Office, command_id: UUID, said: bytes, *, about: str, told: str
) -> Appended | None:
    """Return what a command was answered with before, None where it was not carried out.

    `about` is the case or the exercise that it is on, empty where only the answer names it, and
    `told` what answers of its family tell. Raises `CommandReused` where the id is another
    command's: by the fingerprint, or by these two, which are all that is left of one on a case
    that was erased.
    """
    first = office.store.recall(command_id, said)
    if first is None:
        return None
    on = first.result.get("reference", first.result.get("exercise"))
    if told not in first.result or about not in {"", on}:
        raise CommandReused(str(command_id))
    return first


def own_command_id(office: Office, words: str) -> UUID:
    """Return the id of a command that the system gives itself, which follows from these words.

    It is made under a key: whoever could tell it beforehand could carry out something else under
    it, and what is to be done by itself would be refused for ever.
    """
    key = hmac.digest(office.settings.blind_index_key, b"command of the system", "sha256")
    return UUID(bytes=hmac.digest(key, words.encode(), "sha256")[:16], version=5)
