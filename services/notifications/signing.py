"""The signature of a webhook, as Standard Webhooks has it, and its secret.

Law: a message is signed with every secret that is valid now, so that its receiver can change to a
new one at any moment of the time in which both are.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

_MARK: Final = "whsec_"
_BYTES: Final = 32


def new_secret() -> bytes:
    """Return a secret that nobody has yet."""
    return secrets.token_bytes(_BYTES)


def written(secret: bytes) -> str:
    """Return a secret as its receiver is told it."""
    return _MARK + base64.b64encode(secret).decode("ascii")


def headers(message_id: str, at: datetime, body: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """Return the headers by which a receiver knows the message, its time, and that it is ours."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode("ascii"), timestamp.encode("ascii"), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _signature(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")
