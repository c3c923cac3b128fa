"""What is told of a selection and of an erasure is a look, and so is what a new document shows.

They are apart from the other doors because nothing is left to see behind some of those once a place
is given or a person is erased.
"""

from pathlib import Path

import pytest
from click.testing import CliRunner

from domain import commands as c
from services.cases import carry_out
from services.cli.main import qmas as root
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.walking import EXERCISE, Walked, references, with_cases_before_the_panel
from tests.services.asking import asked_for, seen, together
from tests.services.sample_files import pdf
from tests.services.test_pages_exercises import run
from tests.services.visiting import signed_in

COMMANDS = (
    f"exercise replay {EXERCISE} --list",
    "privacy receipt {other}",
    "privacy erase-preview {other}",
    "documents add {case} {file} --kind work",
)


@pytest.fixture(scope="module")
def ended(lasting: tuple[Office, TestDatabase]) -> Walked:
    """An office that gave places, and erased a person."""
    office, database = lasting
    walked = with_cases_before_the_panel(office, database.owner_url)
    run(signed_in(office, "supervisor.lee"), "make-selection")
    ending = (c.WithdrawApplication(), *together(c.ProposeErasure()))
    for command in ending:
        carry_out(
            office, walked.other, seen(office, walked.other, command), asked_for(command, at=None)
        )
    catch_up_all(office.store, office.models)
    return walked


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_records_the_cases_that_it_names(
    ended: Walked, command: str, tmp_path: Path
) -> None:
    (file := tmp_path / "work.pdf").write_bytes(pdf())
    words = command.format(case=ended.case, other=ended.other, file=file)
    since = ended.looks()
    done = CliRunner(env=ended.environ).invoke(root, words.split())
    named = references(done.output)
    assert (done.exit_code, bool(named)) == (0, True), (done.output, done.exception)
    assert named <= ended.recorded(since)


def test_a_receipt_that_cannot_be_given_is_a_look_all_the_same(ended: Walked) -> None:
    since = ended.looks()
    done = CliRunner(env=ended.environ).invoke(root, ["privacy", "receipt", ended.case])
    assert "was not erased" in str(done.exception)
    assert ended.recorded(since) == {ended.case}
