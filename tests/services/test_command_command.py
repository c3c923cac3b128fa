"""`qmas command`: whatever can be done to a case, at a terminal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click
import pytest
from click.testing import CliRunner, Result

from domain import commands as c
from domain.errors import NotAllowedNow, SecondOfficerNeeded
from domain.stages import Stage
from services.cases import case_at
from services.cli.asking import NotSignedIn
from services.cli.command import COMMANDS_OF, FieldFaults, command
from services.cli.main import qmas as root
from services.identity import logins
from services.privacy.kept import preview_digest
from services.store import Conflict
from services.wiring import Office
from tests.services.filed import changed, person
from tests.services.visiting import file_case

Qmas = Callable[..., Result]


@pytest.fixture
def qmas(office: Office) -> Qmas:
    settings = office.settings
    environ = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }

    def run(*words: str, typed: str | None = None) -> Result:
        return CliRunner(env=environ).invoke(root, ["command", *words], input=typed)

    return run


def _password(office: Office, name: str) -> str:
    (found,) = (each.password for each in logins(office.settings) if each.name == name)
    return f"{found}\n"


@pytest.mark.parametrize("name", COMMANDS_OF)
def test_help_lists_every_field_of_every_command(qmas: Qmas, name: str) -> None:
    told = qmas(name, "--help").output
    for each in COMMANDS_OF[name].__dataclass_fields__:
        assert f"--{each.replace('_', '-')}" in told
    assert COMMANDS_OF[name] in get_args(c.CaseCommand)


def test_help_says_how_a_day_is_spelled(qmas: Qmas) -> None:
    assert "--entered-on YYYY-MM-DD" in qmas("activate-visa", "--help").output


def test_a_decision_is_proposed_by_one_and_confirmed_by_another(
    office: Office, qmas: Qmas, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = file_case(office, "john")
    withdrawn = qmas("withdraw-application", reference, "--reason", "Moving elsewhere")
    assert withdrawn.output == f"{reference}: withdrawn, version 2\n"
    proposed = qmas("propose-erasure", reference, "--version", "2")
    assert proposed.output == f"{reference}: withdrawn, version 3\n"
    digest = preview_digest(office, reference)
    confirm = ("confirm-decision", reference, "--matter", "erasure", "--preview", digest)
    assert isinstance(qmas(*confirm).exception, SecondOfficerNeeded)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert isinstance(qmas(*confirm).exception, SecondOfficerNeeded)
    wrong = qmas(*confirm, "--as", "officer.lee", typed="guess\n")
    assert isinstance(wrong.exception, NotSignedIn)
    done = qmas(*confirm, "--as", "officer.lee", typed=_password(office, "officer.lee"))
    assert done.exit_code == 0, done.output
    found = case_at(office, reference)
    assert (found.version, found.events[-1].actor) == (5, "officer.lee")


def test_every_fault_of_the_fields_is_a_line_of_its_own(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    given = ("--relation", "child", "--date-of-birth", "2019-02-30", "--nationality", "hk")
    said = str(qmas("add-dependant", reference, *given).exception).splitlines()
    assert [each.partition(":")[0] for each in said] == [
        "--family-name",
        "--given-names",
        "--date-of-birth",
        "--nationality",
    ]
    assert case_at(office, reference).version == 1


def test_fields_of_several_values_and_flags_are_read(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    asked = ("--kinds", "identity", "--kinds", "work", "--due-on", "2031-01-31")
    done = qmas("request-documents", reference, *asked)
    assert done.exit_code == 0, done.output
    requested = case_at(office, reference).events[-1].event
    assert len(getattr(requested, "kinds", ())) == 2
    married = ("--relation", "child", "--family-name", "Li", "--given-names", "An", "--married")
    more = ("--date-of-birth", "2015-01-31", "--nationality", "CAN")
    refused = qmas("add-dependant", reference, *married, *more)
    assert "married child" in str(refused.exception)


def test_a_refusal_and_an_older_version_are_told_as_elsewhere(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    assert isinstance(qmas("issue-visa", reference).exception, NotAllowedNow)
    old = qmas("acknowledge-application", reference, "--version", "7")
    assert isinstance(old.exception, Conflict)


def test_what_was_filed_is_corrected_from_a_file(
    office: Office, qmas: Qmas, tmp_path: Path
) -> None:
    reference = file_case(office, "john")
    file = tmp_path / "john.json"
    file.write_text(
        json.dumps(changed(person("john"), "applicant", "date_of_birth", to="2031-01-01"))
    )
    given = ("correct-application", reference, "--reason", "Misread", "--application", str(file))
    refused = qmas(*given).exception
    assert isinstance(refused, FieldFaults)
    assert str(refused).startswith("--application.applicant.date_of_birth: is in the future")
    file.write_text(json.dumps(changed(person("john"), "applicant", "given_names", to="Jon")))
    assert qmas(*given).exit_code == 0
    found = case_at(office, reference)
    assert found.stage is Stage.SUBMITTED
    assert getattr(found.events[-1].event, "fields", ()) == ("applicant.given_names",)
    gone = qmas(*given[:-1], str(tmp_path / "none.json"))
    assert "cannot be read" in str(gone.exception)


@pytest.mark.parametrize("name", COMMANDS_OF)
def test_every_option_says_what_it_is(name: str) -> None:
    made = command.get_command(click.Context(command), name)
    assert made is not None
    options = [each for each in made.params if isinstance(each, click.Option)]
    bare = [each.opts for each in options if not (each.help or "").split(" (")[0].strip(".")]
    assert bare == []
    assert [each.help for each in options if "a line" in (each.help or "")] == []
