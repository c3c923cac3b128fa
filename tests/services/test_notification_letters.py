"""Letters: in the applicant's language, complete, and the same bytes every time."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.application import Applicant, Correspondence
from domain.processes import EFFECTS
from services.notifications.letters import Letter, Occasion, UnusableAddress, as_message, compose
from tests.domain.histories import JOHN

_OCCASION = Occasion(
    reference="QM-4K7RT-9XWPR",
    submitted_at=datetime(2019, 9, 1, 17, 30, tzinfo=UTC),
    status_url="https://qmas.example/",
)
_SENT = datetime(2019, 9, 3, 2, 0, tzinfo=UTC)


def _applicant(language: str = "en", **changes: str) -> Applicant:
    return replace(JOHN.applicant, correspondence_language=Correspondence(language), **changes)


def _letter(language: str = "en", **changes: str) -> Letter:
    return compose("acknowledgement", _OCCASION, _applicant(language, **changes), "no-reply@q.test")


def _received(letter: Letter) -> EmailMessage:
    """Return the message as its reader has it, after its bytes have travelled."""
    sent = as_message(letter, message_id="<one@q.test>", written_at=_SENT).as_bytes()
    return message_from_bytes(sent, _class=EmailMessage, policy=default)


@pytest.mark.parametrize(
    ("language", "subject", "day", "greeting"),
    [
        ("en", "We have received your application", "2 September 2019", "Dear John Carter,"),
        ("zh-Hant", "我們已收到你的申請", "2019 年 9 月 2 日", "John Carter 你好"),
        ("zh-Hans", "我们已收到你的申请", "2019 年 9 月 2 日", "John Carter 你好"),
    ],
)
def test_a_letter_is_in_the_language_of_correspondence_and_dated_as_hong_kong_counts(
    language: str, subject: str, day: str, greeting: str
) -> None:
    received = _received(_letter(language))
    text = received.get_content()
    assert received["Subject"] == f"{subject} QM-4K7RT-9XWPR"
    assert received["Content-Language"] == language
    assert all(part in text for part in (day, greeting, "QM-4K7RT-9XWPR", "https://qmas.example/"))


@pytest.mark.parametrize(
    ("language", "promise"),
    [
        ("en", "we assess it under the rules that hold for it"),
        ("zh-Hant", "按適用於你的申請的規則作出評核"),
        ("zh-Hans", "按适用于你的申请的规则进行评核"),
    ],
)
def test_a_letter_promises_no_rules_of_a_day_because_a_change_may_catch_the_case(
    language: str, promise: str
) -> None:
    assert promise in _letter(language).text


def test_a_letter_in_chinese_greets_by_the_chinese_name_and_one_in_english_does_not() -> None:
    assert "陳大文 你好" in _letter("zh-Hant", name_in_chinese="陳大文").text
    assert "Dear John Carter," in _letter("en", name_in_chinese="陳大文").text


def test_a_name_with_a_dollar_sign_is_left_as_it_is() -> None:
    assert "Dear $reference Carter," in _letter(given_names="$reference").text


@pytest.mark.parametrize("language", list(Correspondence))
@pytest.mark.parametrize("effect", sorted(e.name for each in EFFECTS.values() for e in each))
def test_every_effect_has_a_whole_letter_in_every_language(
    effect: str, language: Correspondence
) -> None:
    letter = compose(effect, _OCCASION, _applicant(language), "no-reply@q.test")
    assert letter.sender_name
    assert letter.subject
    assert "$" not in letter.subject + letter.text


def test_a_message_says_who_wrote_when_and_that_a_machine_did() -> None:
    received = _received(_letter())
    assert {name: str(received[name]) for name in ("From", "To", "Date", "Message-ID")} == {
        "From": "Quality Migrant Admission Scheme <no-reply@q.test>",
        "To": "john.carter@example.com",
        "Date": "Tue, 03 Sep 2019 02:00:00 +0000",
        "Message-ID": "<one@q.test>",
    }
    assert received["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("language", list(Correspondence))
def test_a_letter_makes_the_same_seven_bit_message_every_time(language: Correspondence) -> None:
    first, second = (
        as_message(_letter(language), message_id="<one@q.test>", written_at=_SENT).as_bytes()
        for _ in range(2)
    )
    assert first == second
    assert first.isascii()


@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "@example.com",
        "john@",
        "john@example.com, emma@example.com",
        "john@example.com\r\nBcc: all@example.com",
        "John <john@example.com>",
        "two words@example.com",
    ],
)
def test_what_is_no_single_address_is_refused_without_repeating_it(email: str) -> None:
    with pytest.raises(UnusableAddress) as raised:
        _letter(email=email)
    assert raised.value.__cause__ is None
    assert "example" not in str(raised.value)


@given(st.text(alphabet="ab@.\"',;:()[]<>\\=?_-+%\u00e9\u9673", max_size=12))
@example("a@[b")
def test_any_address_is_either_refused_or_made_into_a_message(email: str) -> None:
    try:
        letter = _letter(email=email)
    except UnusableAddress:
        return
    message = as_message(letter, message_id="<one@qmas.example>", written_at=_SENT)
    assert message["To"].addresses[0].addr_spec == letter.recipient
