"""What letters say of days and of waits: until when to ask again, how long it may still take."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import events as e
from domain import papers as p
from domain.application import Correspondence, Route
from domain.deadlines import StillInQueue
from domain.outlook import Expected, Outlook
from domain.processes import Party
from domain.reconsidering import RefusalUpheld
from domain.statistics import Statistics
from domain.waiting import BackTest, Range, Score, week_of
from services import cases, deadlines, statistics
from services.notifications.letters import Addressee, compose
from services.notifications.planning import plan
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.domain.histories import IN_PRINCIPLE, RECONSIDER_BY, REFUSED
from tests.services.asking import MAY_2019, asked
from tests.services.lettering import SENT, a_person, happened, letter, occasion
from tests.services.seeing import looking
from tests.services.visiting import TO_POOL, file_case, later


def flat(text: str) -> str:
    return " ".join(text.split())


def of_wait(months: tuple[int, int] | None, language: str = "en") -> str:
    person = a_person(language)
    about = replace(occasion(happened(StillInQueue(since=SENT)), person), months=months)
    to = Addressee(party=Party.APPLICANT, name="John Carter", email=person.email)
    return flat(compose("still-in-queue", about, to, "no-reply@q.test").text)


@pytest.mark.parametrize(
    ("months", "said"),
    [
        ((7, 11), "had an answer in about 7 to 11 months more"),
        ((0, 3), "had an answer within about 3 months more"),
        ((0, 1), "had an answer within about a month more"),
    ],
)
def test_who_waits_is_told_a_range_and_no_promise(months: tuple[int, int], said: str) -> None:
    text = of_wait(months)
    assert said in text
    assert "It is no promise" in text


def test_where_nothing_is_known_of_the_wait_nothing_is_told() -> None:
    assert "four in five" not in of_wait(None)
    assert "has not been forgotten" in of_wait(None)


@pytest.mark.parametrize("language", list(Correspondence))
def test_the_wait_is_told_in_every_language(language: Correspondence) -> None:
    told = of_wait((7, 11), language)
    assert "7" in told
    assert "11" in told
    assert told != of_wait(None, language)
    assert of_wait((0, 1), language) not in (told, of_wait(None, language))


@pytest.mark.parametrize(
    ("effect", "event"), [("refused", REFUSED), ("refusal-upheld", RefusalUpheld(personal=None))]
)
def test_a_refusal_says_until_when_it_can_be_looked_at_again(
    effect: str, event: e.CaseEvent
) -> None:
    assert isinstance(event, e.ApplicationRefused | RefusalUpheld)
    once = letter(effect, happened(replace(event, reconsider_by=RECONSIDER_BY)))
    assert "has to reach us by 2 September 2020" in flat(once.text)
    last = letter(effect, happened(replace(event, reconsider_by=None)))
    assert "look at the decision" not in flat(last.text).replace("look again at the decision", "")
    assert "You can apply again at any time" in flat(last.text)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Correspondence.ENGLISH, "show us the originals by 2 December 2019, that day included"),
        (Correspondence.TRADITIONAL_CHINESE, "2019 年 12 月 2 日"),
        (Correspondence.SIMPLIFIED_CHINESE, "2019 年 12 月 2 日"),
    ],
)
def test_an_approval_in_principle_says_by_when_to_show_the_originals(
    language: Correspondence, said: str
) -> None:
    by_then = letter("approved-in-principle", happened(IN_PRINCIPLE), language)
    assert said in flat(by_then.text)
    none = letter("approved-in-principle", happened(e.ApprovedInPrinciple()), language)
    assert "$" not in none.text
    assert len(none.text) < len(by_then.text)


def letters(office: Office) -> dict[str, str]:
    """Return the text of every letter that is due, by its effect, and take it for sent."""
    found = {}
    while claims := office.ledger.claim(limit=100, lease=timedelta(minutes=1)):
        for claim in claims:
            made = office.ledger.open_letter(claim)
            assert made is not None
            found[claim.identity.effect] = made.text
            office.ledger.sent(claim)
    return found


def keep_outlook(office: Office) -> None:
    """What is kept says that who filed in May 2019 waits for 30 to 47 weeks more."""
    week, score = week_of(date(2019, 5, 1)), Score(error=2.0, held=8_000)
    outlook = Outlook(
        route=Route.GENERAL,
        at=week,
        expected=(Expected(began=week, range=Range(low=30.5, middle=40, high=47)),),
        tested=BackTest(first=0, last=1, cases=100, waiting=0, ours=score, naive=score),
    )
    counts = Statistics(at=MAY_2019, position=0, funnels=(), stays=(), inventory=())
    statistics.keep_figures(office, statistics.Figures(statistics=counts, outlooks=(outlook,)))


def test_who_hears_nothing_for_eight_weeks_is_written_to_with_what_is_expected(
    office: Office,
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    plan(office)
    keep_outlook(office)
    catch_up_all(office.store, office.models)
    assert deadlines.fire(office) == 0
    assert deadlines.fire(later(office, timedelta(weeks=8, hours=1))) == 1
    assert plan(office) == 1
    row = max(office.ledger.rows(looking()), key=lambda each: each.position)
    assert (row.reference, row.effect, row.party) == (reference, "still-in-queue", "applicant")
    assert "in about 7 to 11 months more" in flat(letters(office)["still-in-queue"])
    assert plan(office) == 0


def test_a_reminder_goes_before_the_letter_by_which_its_request_ends(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    due = office.clock().date() + timedelta(days=30)
    ask = p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=due)
    cases.carry_out(office, reference, ask, asked(at=None))
    plan(office)
    ahead = later(office, timedelta(days=28))
    assert deadlines.fire(ahead) == 1
    cases.carry_out(
        office, reference, p.CancelDocumentRequest(reason="No longer needed"), asked(at=None)
    )
    # The reminder was right when it was told, and letters to one person keep their order.
    assert plan(office) == 2
    told = sorted(office.ledger.rows(looking()), key=lambda each: each.position)
    assert [each.effect for each in told[-2:]] == ["day-is-near", "documents-no-longer-needed"]
    assert deadlines.fire(ahead) == 0
