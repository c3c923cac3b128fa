"""Under which ruleset a case is assessed: the one that catches it, or the one it was moved to."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.application import Application
from domain.case import decide, load
from domain.deciding.circumstances import Circumstances
from domain.errors import NotAllowedNow, PersonErased, ReasonsMissing, Refusal, SameRuleset
from domain.following import NEXT
from domain.moves import CaseMovedToRuleset, MoveCode, MoveReason, still_standing
from domain.record import Recorded
from domain.rules.assess import WrongRoute
from domain.rules.choose import NoRuleset, UnknownRuleset, known, named
from tests.domain.deciding import NOON, REFERENCE, given, real_rulebook
from tests.domain.histories import (
    ACKNOWLEDGED,
    EMMA,
    EXERCISE,
    HISTORIES,
    JACKIE,
    JOHN,
    MOVED,
    scored,
    submitted,
    until,
)

TO_2015 = c.MoveToRuleset(
    ruleset="gpt-2015", code=MoveCode.REVIEW_OR_COURT, reason="As the tribunal ordered"
)
MOVABLE = {
    s.Acknowledged: None,
    s.PrerequisitesMet: "gpt-2018",
    s.PrerequisitesUnmet: "gpt-2018",
    s.BelowMark: "gpt-2018",
    s.InPool: "gpt-2018",
}
IN_2017 = datetime(2017, 3, 1, 4, 0, tzinfo=UTC)
"""Noon in Hong Kong, while the rules of 2015 were in force."""
OCTOBER_2018 = datetime(2018, 10, 1, 4, 0, tzinfo=UTC)
LAST_OF_THE_OLD = datetime(2018, 8, 27, 15, 59, 59, tzinfo=UTC)
"""The last second in Hong Kong before the rules of 2018."""


@pytest.mark.parametrize("stage", MOVABLE)
def test_a_case_that_is_undecided_and_not_before_the_committee_is_moved(
    stage: type[s.CaseState],
) -> None:
    decided = given(*HISTORIES[stage]).when(TO_2015)
    decided.then(
        CaseMovedToRuleset(
            ruleset="gpt-2015",
            digest=named(real_rulebook(), "gpt-2015").digest,
            before=MOVABLE[stage],
            code=MoveCode.REVIEW_OR_COURT,
            personal=MoveReason(text="As the tribunal ordered"),
        )
    )
    decided.leads_to(s.Stage.ACKNOWLEDGED)


@pytest.mark.parametrize("stage", [each for each in HISTORIES if each not in MOVABLE])
def test_at_every_other_stage_a_move_is_refused(stage: type[s.CaseState]) -> None:
    given(*HISTORIES[stage]).when(TO_2015).refused(NotAllowedNow, "move-to-ruleset")


def test_what_may_be_moved_is_what_the_table_of_stages_says() -> None:
    assert {stage for stage, names in NEXT.items() if c.MoveToRuleset in names} == set(MOVABLE)


def test_a_moved_case_is_assessed_anew_under_its_ruleset_as_of_its_submission() -> None:
    assert rules_of(assessed(JOHN, moved=())) == ("gpt-2018", "gpt-2018")
    facts = assessed(JOHN, moved=(TO_2015,))
    assert rules_of(facts) == ("gpt-2015", "gpt-2015")
    (score,) = (each for each in facts if isinstance(each, e.ApplicationScored))
    # 175 under the rules of 2018, of them 30 for the Talent List, which those of 2015 lack.
    assert (score.total, score.reference_date) == (145, NOON.date())


def test_a_case_may_be_moved_again_and_back() -> None:
    back = replace(TO_2015, ruleset="gpt-2018", code=MoveCode.CORRECTION)
    facts = assessed(JOHN, moved=(TO_2015, back))
    assert rules_of(facts) == ("gpt-2018", "gpt-2018")
    moves = [each.before for each in facts if isinstance(each, CaseMovedToRuleset)]
    assert moves == [None, "gpt-2015"]


def test_the_points_of_before_the_move_are_gone() -> None:
    state = load((*until(scored()), MOVED))
    assert isinstance(state, s.Acknowledged)
    assert (state.filed.ruleset, state.filed.assessed) == ("gpt-2015", None)


@pytest.mark.parametrize(
    ("history", "ruleset"),
    [
        pytest.param(HISTORIES[s.Acknowledged], "gpt-2018", id="the one that catches it"),
        pytest.param((*HISTORIES[s.InPool], MOVED), "gpt-2015", id="the one it was moved to"),
    ],
)
def test_a_move_to_the_ruleset_it_has_is_refused(
    history: tuple[e.CaseEvent, ...], ruleset: str
) -> None:
    case = given(*history)
    case.when(replace(TO_2015, ruleset=ruleset)).refused(SameRuleset, f"under {ruleset} already")


def test_a_move_to_the_ruleset_of_the_last_assessment_is_refused() -> None:
    case = given(*assessed(JOHN, moved=(TO_2015,)))
    case.when(TO_2015).refused(SameRuleset, "under gpt-2015 already")


def test_a_corrected_ruleset_may_take_the_place_of_the_edition_it_corrects() -> None:
    book = real_rulebook()
    corrected = named(book, "gpt-2018")
    since = datetime.combine(corrected.life.known_from, NOON.timetz())
    assert corrected.edition > 1
    to_corrected = replace(TO_2015, ruleset="gpt-2018", code=MoveCode.CORRECTION)
    case = given(*assessed(JOHN, moved=()))
    case.when(to_corrected).refused(SameRuleset)
    decided = case.at(since).when(to_corrected)
    assert decided.refusal is None
    (moved,) = decided.facts
    assert isinstance(moved, CaseMovedToRuleset)
    assert (moved.before, moved.digest) == ("gpt-2018", corrected.digest)


@pytest.mark.parametrize(
    ("command", "refusal", "saying"),
    [
        (replace(TO_2015, ruleset="apt-225"), WrongRoute, "of the achievement route"),
        (replace(TO_2015, ruleset="gpt-1999"), UnknownRuleset, "'gpt-1999'; known: apt-"),
        (replace(TO_2015, ruleset="gpt-2023"), NoRuleset, "not known yet on 2 September 2019"),
        (replace(TO_2015, reason=" \n"), ReasonsMissing, "say why the case is moved"),
    ],
)
def test_a_move_that_cannot_be_made_says_why(
    command: c.MoveToRuleset, refusal: type[Refusal], saying: str
) -> None:
    given(*HISTORIES[s.InPool]).when(command).refused(refusal, saying)


def test_an_achievement_case_is_not_moved_to_the_general_test() -> None:
    history = (submitted(JACKIE), ACKNOWLEDGED)
    given(*history).when(TO_2015).refused(WrongRoute, "of the achievement route")


def test_an_erased_person_is_not_assessed_anew() -> None:
    case = given(submitted(None), *HISTORIES[s.InPool][1:])
    case.when(TO_2015).refused(PersonErased, "cannot be assessed anew")


def test_what_the_officer_wrote_is_kept_without_the_spaces_around_it() -> None:
    decided = given(*HISTORIES[s.InPool]).when(replace(TO_2015, reason="  As ordered\n"))
    (moved,) = decided.facts
    assert isinstance(moved, CaseMovedToRuleset)
    assert moved.personal == MoveReason(text="As ordered")


def test_only_the_assessments_since_the_last_move_still_stand() -> None:
    facts = assessed(JOHN, moved=(TO_2015,))
    recorded = [_recorded(number, each) for number, each in enumerate(facts, start=1)]
    standing = [type(each.event) for each in still_standing(recorded)]
    assert standing == [CaseMovedToRuleset, e.PrerequisitesAssessed, e.ApplicationScored]
    assert still_standing(recorded[:2]) == recorded[:2]


@pytest.mark.parametrize(
    ("person", "decided_at", "ruleset"),
    [
        pytest.param(JOHN, OCTOBER_2018, "gpt-2018", id="with proof, in process"),
        pytest.param(EMMA, OCTOBER_2018, "gpt-2015", id="without proof, in process"),
        pytest.param(JOHN, LAST_OF_THE_OLD, "gpt-2015", id="with proof, decided a second before"),
        pytest.param(
            JOHN,
            LAST_OF_THE_OLD + timedelta(seconds=1),
            "gpt-2018",
            id="with proof, decided at midnight in Hong Kong",
        ),
        pytest.param(EMMA, datetime(2024, 12, 1, tzinfo=UTC), "gpt-2015", id="years later"),
    ],
)
def test_the_transition_of_2018_reaches_who_sent_proof(
    person: Application, decided_at: datetime, ruleset: str
) -> None:
    filing = replace(submitted(person), submitted_at=IN_2017)
    facts = carried_out((filing, ACKNOWLEDGED), (c.AssessPrerequisites(),), at=decided_at)
    (found,) = (each for each in facts if isinstance(each, e.PrerequisitesAssessed))
    assert (found.ruleset, found.reference_date) == (ruleset, IN_2017.date())


def test_an_assessment_uses_the_rules_as_they_were_known_on_its_day() -> None:
    (prerequisites, score) = _digests(assessed(JOHN, moved=()))
    assert prerequisites == score
    then = {each.id: each.digest for each in known(real_rulebook(), NOON.date())}
    assert prerequisites == then["gpt-2018"] != named(real_rulebook(), "gpt-2018").digest


def test_a_case_before_the_committee_keeps_its_ruleset() -> None:
    decided = given(*HISTORIES[s.InPool]).when(c.ShortlistCase(exercise=EXERCISE))
    history = (*HISTORIES[s.InPool], *decided.facts)
    given(*history).when(TO_2015).refused(NotAllowedNow, "while the case is shortlisted")


def assessed(person: Application, *, moved: Iterable[c.MoveToRuleset]) -> tuple[e.CaseEvent, ...]:
    """The facts of a case that was moved, perhaps, and then assessed and scored."""
    commands = (*moved, c.AssessPrerequisites(), c.ScoreApplication())
    return carried_out((submitted(person), ACKNOWLEDGED), commands, at=NOON)


def carried_out(
    history: tuple[e.CaseEvent, ...], commands: Iterable[c.CaseCommand], *, at: datetime
) -> tuple[e.CaseEvent, ...]:
    circumstances = Circumstances(
        at=at, rulebook=real_rulebook(), actor="officer-1", reference=REFERENCE
    )
    for command in commands:
        history += decide(load(history), command, circumstances)
    return history


def rules_of(facts: Iterable[e.CaseEvent]) -> tuple[str, ...]:
    """The rulesets of the assessments, in order."""
    kinds = e.PrerequisitesAssessed | e.ApplicationScored
    return tuple(each.ruleset for each in facts if isinstance(each, kinds))


def _digests(facts: Iterable[e.CaseEvent]) -> tuple[str, ...]:
    kinds = e.PrerequisitesAssessed | e.ApplicationScored
    return tuple(each.digest for each in facts if isinstance(each, kinds))


def _recorded(version: int, event: e.CaseEvent) -> Recorded[e.CaseEvent]:
    return Recorded(
        event_id=str(version),
        event=event,
        stream=f"case-{REFERENCE}",
        version=version,
        position=version,
        effective_at=NOON,
        recorded_at=NOON,
        sequenced_at=NOON,
        actor="officer.chan",
        role="officer",
        command="Test",
        command_id="1",
        causation_id="1",
        correlation_id="1",
    )
