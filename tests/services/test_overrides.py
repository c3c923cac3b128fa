"""Overrides over a real database: who may decide, once, and what follows the log of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click import Command
from click.testing import CliRunner

from domain import commands as c
from domain import exercise_commands as q
from domain.access import Person, Role
from domain.application import Channel
from domain.errors import Forbidden, NoSuchProposal, SecondOfficerNeeded
from domain.events import ApplicationScored
from domain.looks import What
from domain.moves import MoveCode
from domain.overrides import OverrideCode, OverrideConfirmed
from domain.rules.choose import named
from domain.stages import Stage
from domain.traces import Decided, Regime, Score, Submission
from services import exercises
from services.cases import case_at, history, submit
from services.cli.case import case
from services.cli.exercise import exercise
from services.cli.explain import explain
from services.projections import queries
from services.projections.runner import catch_up_all
from services.redrawing import redraw
from services.rules import load_rulebook
from services.settings import Settings
from services.simulation.comparing import Compared, OpenCase, Terms, compared
from services.simulation.simulate import Question, simulate
from services.store import Conflict
from services.wiring import Office
from tests.services.asking import APPLICANT, AUDITOR, MAY_2019, OFFICER, SUPERVISOR, asked, filed_by
from tests.services.erasing import erase
from tests.services.exercising import carry_out
from tests.services.exercising import select as select_as_two
from tests.services.seeing import looking
from tests.services.visiting import TO_POOL, file_case, signed_in

RULE = "renowned-institution"
CONFIRM = c.ConfirmOverride(rule=RULE)
JUNE_2018 = datetime(2018, 6, 1, 2, 0, tzinfo=UTC)
LATER = MAY_2019 + timedelta(days=30)


def proposal(rule: str = RULE, points: int = 0) -> c.ProposeOverride:
    """Return the proposal to take from John what he has for a renowned institution."""
    return c.ProposeOverride(
        rule=rule,
        points=points,
        code=OverrideCode.DOCUMENTS_SHOW_LESS,
        evidence=("document 7",),
        reason="The diploma is of another school",
    )


@pytest.fixture
def proposed(office: Office) -> str:
    """John's case in the pool, of which an officer has proposed other points."""
    reference = file_case(office, "john", *TO_POOL)
    carry_out(office, reference, proposal(), asked())
    return reference


def test_a_confirmed_override_is_in_the_score_and_in_the_read_models(
    office: Office, proposed: str
) -> None:
    outcome = carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    # The proposal left the case at its fourth event; the confirmation and the score are two more.
    assert (outcome.version, outcome.stage) == (7, Stage.IN_POOL)
    catch_up_all(office.store, office.models)
    (row,) = queries.case_list(office.models, looking(), queries.CaseFilter()).rows
    assert (row.points, row.computed_points, row.version) == (145, 175, 7)
    found = case_at(office, proposed).state
    assert [each.rule for each in found.score.overrides] == [RULE]  # type: ignore[union-attr]  # in the pool, as just seen


def test_the_same_person_is_no_second_officer_in_another_role(
    office: Office, proposed: str
) -> None:
    promoted = Person(name=OFFICER.name, role=Role.SUPERVISOR)
    for person in (OFFICER, promoted):
        with pytest.raises(SecondOfficerNeeded, match=r"officer\.chan proposed the override"):
            carry_out(office, proposed, CONFIRM, asked(person))
    assert len(history(office, proposed)) == 5


@pytest.mark.parametrize("person", [AUDITOR, APPLICANT, Person(name="intake", role=Role.SERVICE)])
def test_only_staff_propose_and_decide(office: Office, proposed: str, person: Person) -> None:
    for command in (proposal("spouse-with-degree", 5), CONFIRM, c.DeclineOverride(rule=RULE)):
        with pytest.raises(Forbidden):
            carry_out(office, proposed, command, asked(person))


def test_of_many_confirmations_at_once_one_is_recorded(office: Office, proposed: str) -> None:
    people = [Person(name=f"officer-{number}", role=Role.OFFICER) for number in range(6)]

    def confirm(person: Person) -> str:
        try:
            carry_out(office, proposed, CONFIRM, asked(person))
        except (NoSuchProposal, Conflict) as refused:
            return type(refused).__name__
        return "confirmed"

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(confirm, people))
    assert told.count("confirmed") == 1
    recorded = [each.event for each in history(office, proposed)]
    assert sum(isinstance(each, OverrideConfirmed) for each in recorded) == 1


def test_a_confirmation_is_of_what_the_officer_looked_at(office: Office, proposed: str) -> None:
    carry_out(office, proposed, proposal("spouse-with-degree", 5), asked())
    with pytest.raises(Conflict):
        carry_out(office, proposed, CONFIRM, asked(SUPERVISOR, expected=5))


def test_a_proposal_moves_nothing_in_the_read_models(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    since = case_at(office, reference).since
    carry_out(office, reference, proposal(), asked(at=LATER))
    assert case_at(office, reference).since == since
    catch_up_all(office.store, office.models)
    (row,) = queries.case_list(office.models, looking(), queries.CaseFilter()).rows
    assert (row.stage, row.stage_since, row.points) == (Stage.IN_POOL, since, 175)


def test_an_exercise_takes_decided_points_and_is_drawn_again_alike(
    office: Office, proposed: str
) -> None:
    emma = file_case(office, "emma", *TO_POOL)
    # Proposed after the day of the exercise, so nothing of it is known on that day.
    carry_out(office, emma, proposal("listed-profession", 30), asked(at=LATER))
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    catch_up_all(office.store, office.models)
    opening = q.OpenExercise(exercise="one", title="One", places=1, shortlist_size=2)
    exercises.open_exercise(office, opening, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "one", asked(SUPERVISOR))
    select_as_two(office, "one")
    redrawn = redraw(office, "one")
    assert redrawn.differences == ()
    assert redrawn.pool == 2
    assert redrawn.selection is not None
    taken = [(each.member.reference, each.member.points) for each in redrawn.selection.taken]
    assert taken == [(proposed, 145)]
    # Of Emma's points nothing was decided by that day.
    assert redrawn.computed == {proposed: 175}


def test_a_score_counted_anew_later_is_not_in_the_pool_of_an_earlier_day(
    office: Office, proposed: str
) -> None:
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR, at=LATER))
    file_case(office, "emma", *TO_POOL)
    catch_up_all(office.store, office.models)
    opening = q.OpenExercise(exercise="one", title="One", places=1, shortlist_size=2)
    exercises.open_exercise(office, opening, asked(SUPERVISOR))
    redrawn = redraw(office, "one")
    assert (redrawn.differences, redrawn.pool) == ((), 1)


def test_a_case_with_other_points_since_the_pool_was_frozen_waits_for_the_next_exercise(
    office: Office, proposed: str
) -> None:
    emma = file_case(office, "emma", *TO_POOL)
    catch_up_all(office.store, office.models)
    opening = q.OpenExercise(exercise="one", title="One", places=1, shortlist_size=1)
    exercises.open_exercise(office, opening, asked(SUPERVISOR))
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "one", asked(SUPERVISOR))
    assert case_at(office, proposed).stage is Stage.IN_POOL
    assert case_at(office, emma).stage is Stage.SHORTLISTED
    assert redraw(office, "one").differences == ()


def test_an_open_proposal_lapses_before_the_committee(
    office: Office, settings: Settings, proposed: str
) -> None:
    shortlist = c.ShortlistCase(exercise="one", rank=1)
    carry_out(office, proposed, shortlist, asked(SUPERVISOR))
    said = told(settings, proposed)
    assert "lapsed: the override of renowned-institution awaited a second officer" in said
    assert "ConfirmOverride" not in said


def test_a_case_is_explained_with_what_was_computed_and_who_decided_otherwise(
    office: Office, settings: Settings, proposed: str
) -> None:
    said = told(settings, proposed)
    assert "awaits a second officer, another than officer.chan" in said
    assert (
        "renowned-institution: computed 30, proposed 0; documents show less; "
        "proposed by officer.chan, awaits a second officer"
    ) in said
    assert "  confirm-override: officer, supervisor" in said
    assert "Total 175; the pass mark is 80" in said

    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    said = told(settings, proposed)
    assert "Awaiting" not in said
    assert (
        "renowned-institution: computed 30, decided 0; documents show less; "
        "by officer.chan, confirmed by supervisor.wong"
    ) in said
    assert "qualifications    20 of 70, 50 computed" in said
    assert f"{RULE}: Decided by officers: 0 points, where the test gives 30" in said
    assert "Total 145, 175 computed; the pass mark is 80" in said


def test_what_an_erased_person_was_decided_stays_in_the_skeleton(
    office: Office, settings: Settings, proposed: str
) -> None:
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    erase(office.store, proposed)
    said = told(settings, proposed)
    assert "renowned-institution: computed 30, decided 0; documents show less" in said
    assert "diploma" not in said


def test_a_correction_leaves_what_two_officers_decided(
    office: Office, settings: Settings, proposed: str
) -> None:
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    filed = replace(filed_by("john"), talent_list_profession=None)
    correction = c.CorrectApplication(application=filed, reason="His trade is not on the list")
    carry_out(office, proposed, correction, asked())
    line = (
        "renowned-institution: computed 30, decided 0; documents show less; "
        "by officer.chan, confirmed by supervisor.wong"
    )
    page = f"/staff/cases/{proposed}"
    # Wherever the case is looked at, the next score is the one that it will be given.
    for step in (c.AssessPrerequisites(), c.ScoreApplication()):
        said = told(settings, proposed)
        assert "for the next score under the same rules\n  " + line in said
        shown = signed_in(office, OFFICER.name).get(page).text
        assert "Decided by officers, for the next score under the same rules" in shown
        assert line in shown
        (one,) = simulated(office)
        assert (one.present.total, one.present.computed_total, one.target.total) == (115, 145, 115)
        carry_out(office, proposed, step, asked())
    said = told(settings, proposed)
    assert "Total 115, 145 computed; the pass mark is 80" in said
    assert "NOT identical" not in said
    assert "for the next score" not in said
    assert line in signed_in(office, OFFICER.name).get(page).text


def test_nothing_is_told_for_the_next_score_of_a_case_that_has_none_to_come(
    office: Office, settings: Settings, proposed: str
) -> None:
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    filed = replace(filed_by("john"), talent_list_profession=None)
    correction = c.CorrectApplication(application=filed, reason="His trade is not on the list")
    carry_out(office, proposed, correction, asked())
    for told_of, step in ((True, c.WithdrawApplication()), (False, None)):
        shown = signed_in(office, OFFICER.name).get(f"/staff/cases/{proposed}").text
        assert ("for the next score" in told(settings, proposed)) == told_of
        assert ("for the next score" in shown) == told_of
        if step is not None:
            carry_out(office, proposed, step, asked())


def test_two_corrections_by_one_officer_undo_nothing(office: Office) -> None:
    # Of those days a listed profession chooses another ruleset than none does.
    listed = filed_by("john")
    without = replace(listed, talent_list_profession=None)
    filing = c.SubmitApplication(application=without, channel=Channel.PAPER)
    reference = submit(office, filing, asked(at=JUNE_2018)).reference
    for step in TO_POOL:
        carry_out(office, reference, step, asked())
    carry_out(office, reference, proposal(), asked())
    carry_out(office, reference, CONFIRM, asked(SUPERVISOR))
    for application in (listed, without):
        correction = c.CorrectApplication(application=application, reason="Another trade")
        carry_out(office, reference, correction, asked())
        for step in (c.AssessPrerequisites(), c.ScoreApplication()):
            carry_out(office, reference, step, asked())
    recorded = [each.event for each in history(office, reference)]
    _, decided, other, back = (each for each in recorded if isinstance(each, ApplicationScored))
    assert decided.digest != other.digest
    assert other.overrides == ()
    assert back == decided


def simulated(office: Office) -> list[Compared]:
    """Return how every case does under the ruleset that John's is under."""
    cases: list[Compared] = []
    asked_for, look = Question(to="gpt-2018@1", as_of=MAY_2019), looking(What.EXERCISE, AUDITOR)
    simulate(office, look, asked_for, each=lambda _, one: cases.append(one))
    return cases


def told(settings: Settings, *words: str, command: Command = explain) -> str:
    """Return what `qmas explain`, or another command, says of a case."""
    environment = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    return CliRunner().invoke(command, words, env=environment).output


def test_the_command_line_shows_a_case_with_what_was_computed(
    office: Office, settings: Settings, proposed: str
) -> None:
    def points() -> list[str]:
        lines = told(settings, proposed, command=case).splitlines()
        return [each.split(maxsplit=1)[1].rstrip() for each in lines if "Points" in each]

    assert points() == ["175"]
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    assert points() == ["145, 175 computed"]
    move = c.MoveToRuleset(ruleset="gpt-2015", code=MoveCode.REQUEST, reason="He asked for it")
    carry_out(office, proposed, move, asked(SUPERVISOR))
    assert points() == []


def test_an_exercise_drawn_again_lists_what_was_computed(
    office: Office, settings: Settings, proposed: str
) -> None:
    emma = file_case(office, "emma", *TO_POOL)
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    select(office, "one", places=2)
    said = told(settings, "replay", "one", "--list", command=exercise)
    assert f"  {proposed}  145, 175 computed  rank 1\n" in said
    assert f"  {emma}  120  rank 2\n" in said
    page = signed_in(office, SUPERVISOR.name).get("/staff/exercises/one/redraw")
    assert "145 (computed 175)" in page.text
    assert page.text.count("computed") == 1


def select(office: Office, name: str, *, places: int) -> None:
    """Hold an exercise on the pool as it is."""
    catch_up_all(office.store, office.models)
    opening = q.OpenExercise(exercise=name, title=name, places=places, shortlist_size=places)
    exercises.open_exercise(office, opening, asked(SUPERVISOR))
    exercises.draw_shortlist(office, name, asked(SUPERVISOR))
    select_as_two(office, name)


def test_an_override_that_a_later_one_undoes_leaves_the_computed_score(
    office: Office, proposed: str
) -> None:
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    carry_out(office, proposed, proposal(points=30), asked())
    carry_out(office, proposed, CONFIRM, asked(SUPERVISOR))
    recorded = [each.event for each in history(office, proposed)]
    scores = [each for each in recorded if isinstance(each, ApplicationScored)]
    assert [each.total for each in scores] == [175, 145, 175]
    assert scores[0] == scores[2]


@pytest.mark.parametrize(("same", "total"), [(True, 145), (False, 175)])
def test_a_simulation_keeps_overrides_under_the_very_rules_that_they_are_about(
    *, same: bool, total: int
) -> None:
    book = load_rulebook()
    target = named(book, "gpt-2018")
    digest = target.digest if same else "sha256:another"
    score = Score(total=145, pass_mark=80, computed_total=175)
    case = OpenCase(
        reference="QM-4K7RT-9XWPR",
        stage=Stage.IN_POOL,
        submission=Submission(route=target.route, submitted_at=MAY_2019),
        regime=Regime(ruleset="gpt-2018", digest=digest, score=score),
        decided=Decided(editions=((digest, ((RULE, 0),)),)),
    )
    terms = Terms(rulebook=book, target=target, day=MAY_2019.date())
    found = compared(case, filed_by("john"), terms)
    assert (found.present.total, found.present.computed_total) == (145, 175)
    assert (found.target.total, found.target.computed_total) == (total, 175 if same else None)
