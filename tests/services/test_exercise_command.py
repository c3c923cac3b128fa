"""Exercises at a terminal: what would be done, and what is confirmed is what was shown."""

import json

import pytest
from click.testing import CliRunner, Result

from domain import exercise_commands as q
from domain.errors import Forbidden, SecondOfficerNeeded
from domain.stages import Stage
from services import exercises
from services.cases import case_at
from services.cli.asking import NotSignedIn
from services.cli.exercise import exercise
from services.exercise_requests import proposal_of
from services.identity import logins
from services.settings import Settings
from services.wiring import Office
from tests.services.asking import SUPERVISOR, asked
from tests.services.exercising import propose_otherwise
from tests.services.visiting import TO_POOL, file_case


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }


@pytest.fixture
def proposed(office: Office) -> str:
    """The reference of the one case of an exercise whose selection is proposed."""
    reference = file_case(office, "john", *TO_POOL)
    exercises.open_exercise(
        office, q.OpenExercise(exercise="2019-2", title="Second", places=1), asked(SUPERVISOR)
    )
    exercises.draw_shortlist(office, "2019-2", asked(SUPERVISOR))
    exercises.propose_selection(office, "2019-2", asked(SUPERVISOR))
    return reference


def test_a_selection_is_made_once_the_proposal_was_shown_and_agreed_to(
    office: Office, environment: dict[str, str], proposed: str
) -> None:
    refused = CliRunner().invoke(exercise, ["select", "2019-2"], input="n\n", env=environment)
    assert refused.exit_code == 1
    assert "supervisor.wong proposes 1 by rank or threshold and 0 by achievement" in refused.output
    assert f"digest {proposal_of(office, '2019-2').digest}" in refused.output
    assert case_at(office, proposed).stage is Stage.SHORTLISTED

    agreed = CliRunner().invoke(exercise, ["select", "2019-2"], input="y\n", env=environment)
    assert agreed.output.endswith("2019-2: version 4, 1 case written\n")
    assert case_at(office, proposed).stage is Stage.SELECTED


def test_a_selection_is_confirmed_by_whoever_gives_their_password(
    office: Office, environment: dict[str, str], proposed: str
) -> None:
    told = ["select", "2019-2", "--digest", proposal_of(office, "2019-2").digest]
    passwords = {each.name: each.password for each in logins(office.settings)}
    for name, password, refusal in (
        ("supervisor.lee", "guess", NotSignedIn),
        ("supervisor.wong", passwords["supervisor.wong"], SecondOfficerNeeded),
        ("officer.lee", passwords["officer.lee"], Forbidden),
    ):
        typed = f"{password}\n"
        refused = CliRunner().invoke(exercise, [*told, "--as", name], input=typed, env=environment)
        assert isinstance(refused.exception, refusal)
    typed = f"{passwords['supervisor.lee']}\n"
    CliRunner().invoke(exercise, [*told, "--as", "supervisor.lee"], input=typed, env=environment)
    assert case_at(office, proposed).events[-1].actor == "supervisor.lee"


def test_nobody_who_cannot_be_asked_selects_without_a_digest(
    office: Office, environment: dict[str, str], proposed: str
) -> None:
    unasked = CliRunner().invoke(exercise, ["select", "2019-2"], env=environment)
    assert unasked.exit_code == 1
    assert case_at(office, proposed).stage is Stage.SHORTLISTED
    told = ["select", "2019-2", "--digest", proposal_of(office, "2019-2").digest]
    CliRunner().invoke(exercise, told, env=environment)
    assert case_at(office, proposed).stage is Stage.SELECTED


def test_a_step_that_moves_no_case_counts_none(
    office: Office, environment: dict[str, str], proposed: str
) -> None:
    assert case_at(office, proposed).stage is Stage.SHORTLISTED
    again = run(environment, "propose", "2019-2")
    assert again.output.endswith("2019-2: version 4\n"), again.output


def run(environment: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(exercise, list(words), env=environment)


def test_an_opening_is_tried_and_nothing_is_opened(
    office: Office, environment: dict[str, str]
) -> None:
    file_case(office, "john", *TO_POOL)
    head = office.store.sequence()
    said = run(environment, "open", "2019-1", "--places", "1", "--dry-run")
    assert said.exit_code == 0, said.output
    assert "Nothing was recorded" in said.output
    assert office.store.sequence() == head
    refused = run(environment, "open", "2019-1", "--shortlist", "0", "--dry-run")
    assert refused.exit_code == 1
    assert "a shortlist holds at least one case" in refused.output


def test_the_present_pool_takes_the_terms_of_an_opening(
    office: Office, environment: dict[str, str]
) -> None:
    john = file_case(office, "john", *TO_POOL)
    emma = file_case(office, "emma", *TO_POOL)
    terms = ("what-if", "--present", "--archetype", "fixed-threshold", "--threshold", "130")
    told = json.loads(run(environment, *terms, "--json").output)
    assert (told["before"], told["then"], told["cut_off"]) == (1, 1, 175)
    lines = run(environment, "what-if", "--present", "--threshold", "130", "--csv").output
    assert lines.splitlines()[1:] == [f"{emma},loses,120,,2,,"]
    assert john not in lines


def test_other_terms_say_where_another_selection_was_recorded(
    office: Office, environment: dict[str, str]
) -> None:
    john = file_case(office, "john", *TO_POOL)
    command = q.OpenExercise(exercise="first", title="First", places=1)
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR))
    terms = ("what-if", "first", "--threshold", "200")
    said = "another selection of first was recorded than the one compared with"
    assert said not in run(environment, *terms).output
    propose_otherwise(office, "first")
    assert f"{said}, which is drawn again by the rules of now" in run(environment, *terms).stdout
    table = run(environment, *terms, "--csv")
    assert said in table.stderr
    assert table.stdout.splitlines()[1:] == [f"{john},loses,175,,1,,"]
    assert json.loads(run(environment, *terms, "--json").stdout)["differs"] is True


def test_an_exercise_keeps_its_kind(environment: dict[str, str]) -> None:
    said = run(environment, "what-if", "2019-1", "--archetype", "fixed-threshold")
    assert (said.exit_code, "2019-1 keeps its kind" in said.output) == (2, True)
    odd = run(environment, "what-if", "--present", "--stratum", "finance")
    assert "'finance' is not a stratum with its places, such as finance=10" in odd.output
