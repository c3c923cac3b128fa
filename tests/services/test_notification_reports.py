"""What a mail server reports of a letter is read, whatever it holds, and only what matters."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.returns import NoReport, Report, read
from tests.integration.bouncing import bounce, forwarded

_ID = "<abc234@qmas.test>"


def _letter(message_id: str | None = _ID) -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"] = "We have your application"
    if message_id is not None:
        letter["Message-ID"] = message_id
    letter.set_content("Dear John")
    return letter


@pytest.mark.parametrize("whole", [True, False])
def test_a_report_says_which_letter_came_back_and_by_what_number(*, whole: bool) -> None:
    report = bounce(_letter(), whole=whole)
    assert read(report) == Report(message_id=_ID, failed="5.1.1")
    assert read(report.replace(b"\n", b"\r\n")) == read(report)
    assert read(forwarded(report)) == read(report)


@pytest.mark.parametrize(
    ("action", "status", "failed"),
    [
        ("Failed", "5.7.1 (policy)", "5.7.1"),
        ("failed", "4.4.7", "4.4.7"),
        ("failed", "none of these", ""),
        ("delayed", "4.4.1", None),
        ("delivered", "2.0.0", None),
        ("relayed", "2.0.0", None),
    ],
)
def test_a_letter_is_back_when_the_server_has_given_it_up_and_not_before(
    action: str, status: str, failed: str | None
) -> None:
    report = read(bounce(_letter(), action=action, status=status))
    assert report == Report(message_id=_ID, failed=failed)


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\xff\x00\n\n",
        _letter().as_bytes(),
        bounce(None),
        bounce(_letter(None), whole=True),
        bounce(_letter("no address")),
        b"Content-Type: message/rfc822\n\n" * 5_000,
    ],
)
def test_what_is_no_report_or_names_no_letter_is_refused(mail: bytes) -> None:
    with pytest.raises(NoReport):
        read(mail)


_WHOLE = bounce(_letter(), whole=True)


@given(cut=st.integers(0, len(_WHOLE)), length=st.integers(0, 80), instead=st.binary(max_size=40))
def test_a_damaged_report_is_read_or_refused_and_no_more(
    cut: int, length: int, instead: bytes
) -> None:
    try:
        report = read(_WHOLE[:cut] + instead + _WHOLE[cut + length :])
    except NoReport:
        return
    assert "@" in report.message_id
    assert report.failed is None or not report.failed.strip("0123456789.")
