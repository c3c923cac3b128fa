"""The receiver that the documentation shows verifies what is sent, and nothing else."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.notifications import signing
from tests.architecture.tree import ROOT

_PAGE = ROOT / "docs" / "how-to" / "tell-other-systems.md"
_BODY = b'{"specversion":"1.0"}'

Verified = Callable[..., str]


@pytest.fixture
def verified() -> Verified:
    """The function that the page tells its reader to use."""
    (code,) = re.findall(r"```python\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    namespace: dict[str, Verified] = {}
    exec(code, namespace)  # noqa: S102 - our own page
    return namespace["verified"]


def _signed(*secrets: bytes, ago: timedelta = timedelta()) -> dict[str, str]:
    at = datetime.now(UTC) - ago
    return dict(signing.headers("msg_1", at, _BODY, secrets))


def test_a_message_of_ours_is_verified(verified: Verified) -> None:
    secret = signing.new_secret()
    assert verified(_signed(secret), _BODY, signing.written(secret)) == "msg_1"


def test_while_two_secrets_are_valid_either_will_do(verified: Verified) -> None:
    present, former = signing.new_secret(), signing.new_secret()
    for secret in (present, former):
        assert verified(_signed(present, former), _BODY, signing.written(secret)) == "msg_1"


def test_whatever_was_altered_is_refused(verified: Verified) -> None:
    secret = signing.new_secret()
    told, headers = signing.written(secret), _signed(secret)
    altered = [
        (headers, _BODY + b" "),
        (headers | {"webhook-id": "msg_2"}, _BODY),
        (headers | {"webhook-timestamp": str(int(time.time()) - 1)}, _BODY),
        (headers | {"webhook-signature": "v1,AAAA"}, _BODY),
        (_signed(signing.new_secret()), _BODY),
        (_signed(secret, ago=timedelta(minutes=6)), _BODY),
    ]
    for given, body in altered:
        with pytest.raises(ValueError, match=r"another secret|too old"):
            verified(given, body, told)
