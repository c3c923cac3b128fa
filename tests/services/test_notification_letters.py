"""Letters: in the applicant's language, complete, and the same bytes every time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain import events as e
from domain.application import Correspondence
from domain.deadlines import Deadline, DeadlineApproaching, DeadlinePassed
from domain.particulars import ApplicationCorrected, Correction
from domain.processes import EFFECTS, OUTSIDE, Effect, Party
from domain.residence import ExtensionRefused
from domain.rules.reasons import Message, Reason
from services.notifications.letters import as_message
from services.notifications.wording import words_of
from tests.contract import shapes
from tests.domain.histories import JOHN, requested
from tests.services.lettering import SENT, happened, letter, received

REFUSED = e.ApplicationRefused(
    reason_class=e.RefusalClass.PREREQUISITES,
    rules=("support",),
    personal=e.RefusalReasons(
        texts=("the diploma is <not> the one that was claimed",),
        reasons=(Reason(message=Message.CANNOT_SUPPORT, facts={}),),
    ),
)
OF_OFFICE = {Deadline.DATA_ACCESS}
"""What is due from the office, which reminds itself of it."""

FRAMES = {
    *("frame", "frame-own", "frame-copy", "frame-representative", "frame-staff", "frame-former"),
    "enquiry-code",
}
"""The templates of no effect: what goes around the letters, and the message with a code."""


def called_for() -> Iterator[tuple[type[e.Event], Effect, Party]]:
    """Every event with each effect that it calls for, for each party."""
    for kind, each in EFFECTS.items():
        for effect in each:
            yield from ((kind, effect, party) for party in effect.to)


def plain(message: EmailMessage) -> str:
    """Return the plain text of a message."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def any_of(kind: type[e.Event]) -> e.Event:
    """Return an event of a kind with everything in it that can be."""
    if kind is e.ApplicationRefused:
        return REFUSED
    if kind is ApplicationCorrected:
        corrected = Correction(application=JOHN, reason="Mistyped")
        return ApplicationCorrected(fields=("x",), assessed_anew=True, personal=corrected)
    return shapes.example(kind)  # type: ignore[no-any-return]  # of the kind that it is given


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
    read = received(letter(language=language))
    text = " ".join(plain(read).split())
    assert read["Subject"] == f"{subject} QM-4K7RT-9XWPR"
    assert read["Content-Language"] == language
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
    assert promise in " ".join(letter(language=language).text.split())


def test_a_letter_in_chinese_greets_by_the_chinese_name_and_one_in_english_does_not() -> None:
    assert "陳大文 你好" in letter(language="zh-Hant", name_in_chinese="陳大文").text
    assert "Dear John Carter," in letter(language="en", name_in_chinese="陳大文").text


def test_a_name_with_a_dollar_sign_is_left_as_it_is() -> None:
    assert "Dear $reference Carter," in letter(given_names="$reference").text


@pytest.mark.parametrize("language", list(Correspondence))
@pytest.mark.parametrize(
    ("kind", "effect", "party"),
    [pytest.param(*each, id=f"{each[1].name}-{each[2]}") for each in called_for()],
)
def test_every_effect_has_a_whole_letter_for_each_party_in_each_language_that_it_reads(
    kind: type[e.Event], effect: Effect, party: Party, language: Correspondence
) -> None:
    copied = party is Party.REPRESENTATIVE and Party.APPLICANT in effect.to
    made = letter(effect.name, happened(any_of(kind)), language, party=party, copied=copied)
    assert made.language == (language if party in OUTSIDE else Correspondence.ENGLISH)
    assert made.sender_name
    assert "QM-4K7RT-9XWPR" in made.subject
    assert "$" not in (made.subject + made.text + made.page).replace("HK$", "")
    for gap in ("None", "...", "()", "\n\n\n"):
        assert gap not in made.text


def test_no_template_is_left_that_nothing_uses() -> None:
    folder = files("services.notifications") / "templates"
    found = {each.name.removesuffix(".toml") for each in folder.iterdir()}
    assert found == FRAMES | {effect.name for _, effect, _ in called_for()}


def test_a_letter_within_the_office_tells_nothing_of_the_person() -> None:
    for kind, effect, party in called_for():
        if party in OUTSIDE:
            continue
        made = letter(effect.name, happened(any_of(kind)), party=party)
        assert "https://qmas.example/staff/cases/QM-4K7RT-9XWPR" in made.text
        for word in ("John", "Carter", "text \u6587\u5b57", "officer-1"):
            assert word not in made.subject + made.text + made.page


def test_a_refusal_says_why_in_the_applicants_language_and_the_offices_own_words() -> None:
    made = letter("refused", happened(REFUSED), "zh-Hant")
    assert "申請未能符合計劃的所有基本資格" in made.text
    assert "- The diploma is <not> the one that was claimed" in made.text
    assert "<li>The diploma is &lt;not&gt; the one that was claimed</li>" in made.page


def test_what_there_is_nothing_to_say_of_is_left_out() -> None:
    asked = happened(requested())
    assert "In particular" not in letter("documents-requested", asked).text
    never_told = letter("extension-refused", happened(ExtensionRefused(personal=None)))
    assert "The reasons" not in never_told.text + never_told.page


def test_a_message_holds_the_plain_text_and_the_page_of_it_in_this_order() -> None:
    read = received(letter())
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


def test_a_letter_kept_before_there_were_pages_is_still_the_same_message() -> None:
    old = replace(letter(), page="")
    read = received(old)
    assert read.get_content_type() == "text/plain"
    assert read.get_content().replace("\r\n", "\n") == old.text


def test_a_letter_reads_so() -> None:
    asked = happened(requested())
    assert letter("documents-requested", asked).text == _DOCUMENTS_REQUESTED


_DOCUMENTS_REQUESTED = """\
Application QM-4K7RT-9XWPR

Dear John Carter,

To go on with your application we need something from you. Please send us
the following by 2 October 2019, that day included:

- Work experience

How to send them

1. Open the page below with your reference and your date of birth.
2. Choose what each document is, and send it there, one file at a time.
3. Add a certified translation where a document is not in Chinese or
   English.

If the documents do not reach us in time, we may close your application
without a decision. If you cannot get one of them by then, write to us
before that day and say why.

You can see where your application stands at any time with its reference,
your date of birth and a code that we then send to your e-mail address:

    https://qmas.example/

This message was sent automatically. Replies by e-mail are not read.
"""


def test_a_message_says_who_wrote_when_and_that_a_machine_did() -> None:
    read = received(letter())
    assert {name: str(read[name]) for name in ("From", "To", "Date", "Message-ID")} == {
        "From": "Quality Migrant Admission Scheme <no-reply@q.test>",
        "To": "john.carter@example.com",
        "Date": "Tue, 03 Sep 2019 02:00:00 +0000",
        "Message-ID": "<one@q.test>",
    }
    assert read["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("language", list(Correspondence))
def test_a_letter_makes_the_same_seven_bit_message_every_time(language: Correspondence) -> None:
    first, second = (
        as_message(
            letter(language=language),
            sender="no-reply@q.test",
            message_id="<one@q.test>",
            written_at=SENT,
        ).as_bytes()
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
def test_what_is_no_single_address_leaves_a_letter_to_be_printed(email: str) -> None:
    made = letter(email=email)
    assert made.recipient == ""
    assert "Dear John Carter," in made.text


@given(st.text(alphabet="ab@.\"',;:()[]<>\\=?_-+%\u00e9\u9673", max_size=12))
@example("a@[b")
def test_any_address_is_either_none_or_can_be_sent_to(email: str) -> None:
    made = letter(email=email)
    if made.recipient:
        message = as_message(
            made, sender="no-reply@q.test", message_id="<one@qmas.example>", written_at=SENT
        )
        assert message["To"].addresses[0].addr_spec == made.recipient


@pytest.mark.parametrize("language", list(Correspondence))
@pytest.mark.parametrize("deadline", [each for each in Deadline if each not in OF_OFFICE])
def test_a_letter_of_a_day_says_what_is_due_by_it_and_what_to_do(
    deadline: Deadline, language: Correspondence
) -> None:
    due_on = date(2019, 9, 30)
    near = DeadlineApproaching(deadline=deadline, due_on=due_on, opened=1, days=3)
    over = DeadlinePassed(deadline=deadline, due_on=due_on, opened=1)
    told: list[tuple[str, e.Event]] = [("day-is-near", near)]
    # That a window closed which nobody had to use is told to nobody.
    told += [("day-is-over", over)] if deadline is not Deadline.RECONSIDERATION else []
    for effect, event in told:
        read = received(letter(effect, happened(event), language))
        text = " ".join(plain(read).split())
        words = words_of(effect, language).named
        said = [words[f"{deadline}.what"], words[f"{deadline}.{'how' if event is near else 'now'}"]]
        assert all(" ".join(each.split()) in text for each in said)
        assert ("30 September 2019" if language == "en" else "2019 年 9 月 30 日") in text
        assert "$" not in text.replace("HK$", "")
