"""Open cases under another ruleset, on a real store: every change is known by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from domain import commands as c
from domain import events as e
from domain.access import Person, Role
from domain.application import Application, Channel
from domain.errors import Forbidden
from domain.looks import What
from domain.moves import MoveCode
from domain.record import Recorded
from domain.rules.choose import UnknownRuleset
from domain.stages import Stage
from services.cases import carry_out, submit
from services.simulation.comparing import Compared, Effect
from services.simulation.simulate import (
    NoOpenCase,
    NothingThen,
    Question,
    Simulated,
    Step,
    simulate,
)
from services.store import NewEvent
from services.wiring import Office
from tests.services.asking import APPLICANT, AUDITOR, MAY_2019, OFFICER, SUPERVISOR, asked, filed_by
from tests.services.erasing import erase
from tests.services.openings import TO_POOL, another, file, with_trial
from tests.services.seeing import looking
from tests.services.storing import commit_of, writing

JUNE_2018 = datetime(2018, 6, 1, 2, 0, tzinfo=UTC)
TABLES = ("events", "log", "commits", "pending", "case_keys", "reservations")


@pytest.fixture
def trying(office: Office) -> Office:
    return with_trial(office)


def asked_of(
    office: Office, person: Person = AUDITOR, /, **question: object
) -> tuple[Simulated, list[Compared]]:
    cases: list[Compared] = []
    given: dict[str, object] = {"to": "trial"} | question
    asked = Question(**given)  # type: ignore[arg-type]  # any
    look = looking(What.EXERCISE, person)
    _, found = simulate(office, look, asked, each=lambda _, case: cases.append(case))
    return found, cases


def told(case: Compared) -> tuple[object, ...]:
    before, after = case.present, case.target
    return before.total, before.eligible, after.total, after.eligible, case.change, case.effect


def scores(office: Office, reference: str, total: int, at: datetime) -> None:
    """Record a score that no assessment gave, as a third event of a case."""
    scored = e.ApplicationScored(
        ruleset="gpt-2018",
        digest="sha256:00",
        reference_date=date(2019, 5, 1),
        factors=(),
        total=total,
        pass_mark=80,
        personal=None,
    )
    new = NewEvent(event=scored, effective_at=at)
    office.store.append(commit_of(writing(f"case-{reference}", 1, new)))


def test_every_open_case_is_told_under_both_rulesets(trying: Office) -> None:
    john = file(trying, filed_by("john"), *TO_POOL)
    emma = file(trying, filed_by("emma"), *TO_POOL)
    found, cases = asked_of(trying)
    assert [each.reference for each in cases] == [john, emma]
    assert told(cases[0]) == (175, True, 145, True, -30, Effect.LOSES)
    assert told(cases[1]) == (120, True, 130, False, 10, Effect.GAINS)
    assert {each.present.ruleset for each in cases} == {"gpt-2018"}
    assert {(each.target.ruleset, each.target.pass_mark) for each in cases} == {("trial", 140)}
    assert (found.tally.gained, found.tally.lost) == (10, 30)
    assert found.tally.changes == {10: 1, -30: 1}
    assert (found.tally.becomes_eligible, found.tally.loses_eligibility) == (0, 1)
    assert [each.reference for each in found.tally.no_longer_eligible] == [emma]
    assert found.position == 8


def test_a_case_that_was_not_scored_yet_is_scored_under_its_own_ruleset_too(
    trying: Office,
) -> None:
    file(trying, filed_by("emma"))
    _, (case,) = asked_of(trying)
    assert case.stage is Stage.SUBMITTED
    assert told(case) == (120, True, 130, False, 10, Effect.GAINS)


def test_a_case_with_prerequisites_unmet_is_eligible_under_neither(trying: Office) -> None:
    john = filed_by("john")
    declared = replace(john.prerequisites, criminal_record=True)
    file(trying, replace(john, prerequisites=declared), *TO_POOL[:2])
    _, (case,) = asked_of(trying)
    assert case.stage is Stage.PREREQUISITES_UNMET
    assert told(case) == (175, False, 145, False, -30, Effect.LOSES)


def test_a_recorded_score_stays_with_the_old_ruleset(trying: Office) -> None:
    john = file(trying, filed_by("john"))
    scores(trying, john, 90, MAY_2019)
    _, (case,) = asked_of(trying)
    assert told(case) == (90, True, 145, True, 55, Effect.GAINS)


def test_a_case_that_was_moved_stands_under_the_ruleset_it_was_moved_to(trying: Office) -> None:
    john = file(trying, filed_by("john"), *TO_POOL)
    move = c.MoveToRuleset(ruleset="trial", code=MoveCode.REQUEST, reason="He asked for it")
    carry_out(trying, john, move, asked(SUPERVISOR))
    _, (case,) = asked_of(trying, to="gpt-2018")
    assert (case.stage, case.present.ruleset) == (Stage.ACKNOWLEDGED, "trial")
    assert told(case) == (145, True, 175, True, 30, Effect.GAINS)


def test_points_and_criteria_are_compared_by_eligibility(office: Office) -> None:
    file(office, filed_by("john"), *TO_POOL)
    file(office, filed_by("emma"), *TO_POOL)
    found, (john, emma) = asked_of(office, to="gptq-2024")
    # John meets all but the two of business; Emma those of age, languages and work but sector.
    assert told(john) == (175, True, 10, True, None, Effect.SAME)
    assert told(emma) == (120, True, 6, True, None, Effect.SAME)
    assert found.tally.changes == {}


def test_the_achievement_route_is_simulated_by_its_own_rulesets(office: Office) -> None:
    file(office, filed_by("john"), *TO_POOL)
    jackie = file(office, filed_by("jackie"), *TO_POOL)
    _, (case,) = asked_of(office, to="apt-245")
    assert case.reference == jackie
    assert told(case) == (225, True, 245, True, 20, Effect.GAINS)


def test_an_earlier_edition_may_be_named(office: Office) -> None:
    file(office, filed_by("john"), *TO_POOL)
    found, (case,) = asked_of(office, to="gpt-2018@1")
    assert (found.target.id, found.target.edition) == ("gpt-2018", 1)
    assert case.change == 0


def test_decided_cases_and_those_of_the_other_route_are_left_out(trying: Office) -> None:
    file(trying, filed_by("jackie"), *TO_POOL)
    file(trying, another("john", "W1"), c.WithdrawApplication())
    emma = file(trying, filed_by("emma"), *TO_POOL)
    _, cases = asked_of(trying)
    assert [each.reference for each in cases] == [emma]


def test_an_erased_person_is_counted_as_not_assessable(trying: Office) -> None:
    john = file(trying, filed_by("john"), *TO_POOL)
    emma = file(trying, filed_by("emma"))
    for reference in (john, emma):
        erase(trying.store, reference)
    found, cases = asked_of(trying)
    assert told(cases[0]) == (175, True, None, None, None, Effect.NOT_ASSESSABLE)
    assert told(cases[1]) == (None, None, None, None, None, Effect.NOT_ASSESSABLE)
    assert found.tally.effects[Effect.NOT_ASSESSABLE] == found.tally.cases == 2


def test_as_of_leaves_out_a_later_score(trying: Office) -> None:
    john = file(trying, filed_by("john"))
    scores(trying, john, 90, MAY_2019 + timedelta(days=3))
    _, (now,) = asked_of(trying)
    assert (now.stage, now.present.total) == (Stage.IN_POOL, 90)
    _, (then,) = asked_of(trying, as_of=MAY_2019 + timedelta(days=2))
    assert (then.stage, then.present.total) == (Stage.SUBMITTED, 175)


def test_as_of_leaves_out_who_filed_later(trying: Office) -> None:
    john = file(trying, filed_by("john"))
    emma = e.ApplicationSubmitted(
        reference="QM-4K7RT-9XWPR",
        route=filed_by("emma").route,
        channel=e.Channel.PAPER,
        submitted_at=MAY_2019 + timedelta(days=9),
        application_fee_hkd=None,
        personal=filed_by("emma"),
    )
    new = NewEvent(event=emma, effective_at=MAY_2019 + timedelta(days=9))
    trying.store.append(commit_of(writing("case-QM-4K7RT-9XWPR", 0, new)))
    assert len(asked_of(trying)[1]) == 2
    _, then = asked_of(trying, as_of=MAY_2019 + timedelta(days=8))
    assert [each.reference for each in then] == [john]


def test_believed_at_leaves_out_what_the_log_did_not_hold(trying: Office) -> None:
    john = file(trying, filed_by("john"))
    (known,) = trying.store.read_log(after=0, limit=9)
    file(trying, filed_by("emma"))
    found, cases = asked_of(trying, believed_at=known.sequenced_at)
    assert [each.reference for each in cases] == [john]
    assert found.position == 1


def _correct(office: Office, reference: str, said: Application, days: int) -> Recorded[e.Event]:
    """Return the event that corrects what was filed so many days later, as the log has it."""
    command = c.CorrectApplication(application=said, reason="Misread")
    carry_out(office, reference, command, asked(at=MAY_2019 + timedelta(days=days)))
    office.store.sequence()
    return office.store.read_stream(f"case-{reference}")[-1]


def test_what_was_corrected_later_than_is_asked_for_is_left_out(trying: Office) -> None:
    filed = filed_by("john")
    john = file(trying, filed)
    fewer = replace(filed, languages=filed.languages[:1])
    first = _correct(trying, john, fewer, days=1)
    _, (known,) = asked_of(trying)
    _correct(trying, john, replace(fewer, qualifications=()), days=2)
    _, (now,) = asked_of(trying)
    assert len({known.target.total, now.target.total, 145}) == 3
    for asked_for in (
        {"believed_at": first.sequenced_at},
        {"as_of": first.effective_at},
        {"believed_at": first.sequenced_at, "processes": 2},
    ):
        assert asked_of(trying, **asked_for)[1] == [known]


def test_a_case_that_begins_anew_is_under_the_ruleset_that_now_catches_it(office: Office) -> None:
    listed = another("john", "L1")
    command = c.SubmitApplication(
        application=replace(listed, talent_list_profession=None), channel=Channel.PAPER
    )
    john = submit(office, command, asked(at=JUNE_2018)).reference
    for each in TO_POOL:
        carry_out(office, john, each, asked())
    _, (before,) = asked_of(office, to="gpt-2018")
    assert before.present.ruleset == "gpt-2015"
    _correct(office, john, listed, days=1)
    _, (after,) = asked_of(office, to="gpt-2018")
    assert (after.present, after.effect) == (after.target, Effect.SAME)


def test_two_processes_find_what_one_finds(trying: Office) -> None:
    file(trying, filed_by("john"), *TO_POOL)
    file(trying, filed_by("emma"))
    for number in range(5):
        file(trying, another("emma", f"P{number}"), *TO_POOL[:number])
    assert asked_of(trying, processes=2) == asked_of(trying)


def test_nothing_is_written_and_nobody_is_told(trying: Office) -> None:
    file(trying, filed_by("john"), *TO_POOL)
    trying.store.sequence()
    before = rows(trying)
    asked_of(trying)
    assert rows(trying) == before
    assert before["events"] == 4


def rows(office: Office) -> dict[str, int]:
    """Return how many rows the tables of the log have, asked as the application's own role."""
    with psycopg.connect(office.settings.database_url) as connection:
        counts = [
            connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            for table in TABLES
        ]
        return {table: row[0] for table, count in zip(TABLES, counts, strict=True) for row in count}


def test_progress_is_told_step_by_step(trying: Office) -> None:
    file(trying, filed_by("john"), *TO_POOL)
    steps: list[tuple[Step, int, int]] = []
    look = looking(What.EXERCISE, AUDITOR)
    simulate(trying, look, Question(to="trial"), told=lambda *said: steps.append(said))
    assert steps == [(Step.READING, 4, 4), (Step.SCORING, 1, 1)]


@pytest.mark.parametrize("person", [OFFICER, APPLICANT])
def test_only_supervisors_and_auditors_may_ask(trying: Office, person: Person) -> None:
    file(trying, filed_by("john"))
    with pytest.raises(Forbidden, match=r"simulating rules needs the role auditor or supervisor"):
        asked_of(trying, person)
    assert person.role not in {Role.AUDITOR, Role.SUPERVISOR}
    assert asked_of(trying, SUPERVISOR) == asked_of(trying, AUDITOR)


def test_an_unknown_ruleset_is_refused_with_those_that_are_known(trying: Office) -> None:
    with pytest.raises(UnknownRuleset, match=r"'gpt-1999'; known: .*gpt-2018.*trial"):
        asked_of(trying, to="gpt-1999")


def test_an_empty_log_is_refused(trying: Office) -> None:
    with pytest.raises(NothingThen, match="the log is empty"):
        asked_of(trying)


def test_a_moment_before_the_log_is_refused(trying: Office) -> None:
    file(trying, filed_by("john"))
    early = datetime(2019, 1, 1, tzinfo=UTC)
    with pytest.raises(NothingThen, match="nothing was in the log; it begins at 20"):
        asked_of(trying, believed_at=early)
    with pytest.raises(NothingThen, match="of a case had happened by 2019-01-01"):
        asked_of(trying, as_of=early)


def test_a_pool_without_an_open_case_is_refused(trying: Office) -> None:
    file(trying, filed_by("jackie"))
    file(trying, filed_by("john"), c.WithdrawApplication())
    with pytest.raises(NoOpenCase, match="no case of the general route is open then; 1 others are"):
        asked_of(trying)
