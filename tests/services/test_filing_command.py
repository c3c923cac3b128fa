"""`qmas submit` and its options, on a real database."""

import json
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result

from domain.events import ApplicationSubmitted, Channel
from services.cases import history
from services.cli.filing import refile, submit
from services.settings import Settings
from services.wiring import Office

_JOHN = Path(__file__).parents[1] / "data" / "people" / "john.json"


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The environment that leads the command line to this test's database."""
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }


def _submitted(environment: dict[str, str], *arguments: object) -> Result:
    return CliRunner().invoke(submit, [str(each) for each in arguments], env=environment)


@pytest.mark.parametrize(
    ("options", "channel"), [((), Channel.PAPER), (("--channel", "online"), Channel.ONLINE)]
)
def test_the_channel_is_what_the_file_says_unless_an_option_says_otherwise(
    office: Office,
    environment: dict[str, str],
    tmp_path: Path,
    options: tuple[str, ...],
    channel: Channel,
) -> None:
    filing = {"application": json.loads(_JOHN.read_text()), "channel": "paper"}
    file = tmp_path / "filing.json"
    file.write_text(json.dumps({**filing, "received_at": "2019-05-01"}))

    done = _submitted(environment, file, *options)

    assert done.exit_code == 0, done.output
    (filed,) = history(office, done.output.split()[0])
    assert isinstance(filed.event, ApplicationSubmitted)
    assert filed.event.channel is channel


@pytest.mark.parametrize(
    "instant",
    ["2019-05-01T23:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00Z", "yesterday"],
)
def test_what_is_no_instant_is_refused_and_nothing_is_filed(
    office: Office, environment: dict[str, str], instant: str
) -> None:
    refused = _submitted(environment, _JOHN, "--received-at", instant)
    assert refused.exit_code == 2
    assert "nor an instant with its offset" in refused.output
    assert office.store.sequence() == 0


def test_a_file_that_is_no_json_has_one_fault(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text("{")
    refused = _submitted(environment, file)
    assert refused.exit_code == 2
    assert len(refused.output.splitlines()) == 1


def test_a_case_is_withdrawn_and_filed_anew_from_a_file(
    office: Office, environment: dict[str, str]
) -> None:
    old = _submitted(environment, "--received-at", "2019-05-01", _JOHN).output.split()[0]
    given = [old.lower(), str(_JOHN), "--received-at", "2019-05-02"]

    done = CliRunner().invoke(refile, given, env=environment)
    again = CliRunner().invoke(refile, given, env=environment)

    assert done.exit_code == 0, done.output
    new, told = done.output.split(maxsplit=1)
    assert told == f"in place of {old}\n"
    filed = history(office, new)[0].event
    assert isinstance(filed, ApplicationSubmitted)
    assert filed.refiles == old
    assert again.exit_code == 2
    assert "withdraw-application is not possible" in again.stderr


@pytest.mark.parametrize("command", [submit, refile])
def test_the_day_that_an_option_names_is_the_one_by_which_births_are_judged(
    office: Office, environment: dict[str, str], tmp_path: Path, command: Command
) -> None:
    old = _submitted(environment, "--received-at", "2019-05-01", _JOHN).output.split()[0]
    application = json.loads(_JOHN.read_text())
    child = {"date_of_birth": "2021-05-02", "accompanying": True, "married": False}
    application["family"]["children"] = [child]
    file = tmp_path / "filing.json"
    file.write_text(json.dumps({"application": application, "received_at": "2022-05-01"}))
    given = [*([old] if command is refile else []), str(file), "--received-at", "2019-06-01"]

    refused = CliRunner().invoke(command, given, env=environment)

    assert refused.exit_code == 2
    assert "family.children[0].date_of_birth: is in the future: 1 June 2019" in refused.stderr
    assert office.store.sequence() == 1
