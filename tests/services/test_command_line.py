"""The command line as a whole: which servers it speaks to, and how it tells of faults."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from services.cli.main import MODULES, qmas
from services.settings import Settings
from services.stack.redis import start_redis, stop_redis

_EMMA = "tests/data/people/emma.json"


def _qmas(
    *words: str,
    home: Path,
    output: IO[bytes] | int = subprocess.PIPE,
    started_by: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    main = "from services.cli.main import main; main()"
    return subprocess.run(
        [*started_by, sys.executable, "-B", "-c", main, *words],
        env={"PATH": "/usr/bin:/bin", "QMAS_HOME": str(home)},
        cwd=Path(__file__).parents[2],
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def test_real_servers_can_be_named_before_any_command(settings: Settings) -> None:
    servers = ("--database-url", settings.database_url, "--broker-url", settings.broker_url)
    said = _qmas(*servers, "projections", "status", home=settings.home)
    assert (said.returncode, said.stderr) == (0, "")
    assert "case-list" in said.stdout


def test_a_database_that_does_not_answer_is_one_clear_line(tmp_path: Path) -> None:
    nowhere = f"postgresql://somebody@/nothing?host={tmp_path}"
    said = _qmas("--database-url", nowhere, "exercise", "show", home=tmp_path / "home")
    assert said.returncode == 2
    assert said.stdout == ""
    assert said.stderr.startswith("qmas: the database does not answer")
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize("words", ["status", "list", "retry --all"])
def test_notifications_without_a_database_are_one_clear_line(tmp_path: Path, words: str) -> None:
    nowhere = f"postgresql://somebody@/nothing?host={tmp_path}"
    asked = ("notifications", *words.split())
    said = _qmas("--database-url", nowhere, *asked, home=tmp_path / "home")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("qmas: the database does not answer")
    assert said.stderr.count("\n") == 1


# One that a buffer holds and one that it does not.
@pytest.mark.parametrize(
    "words", [("assess", "--on=2019-05-01", _EMMA), ("rules", "show", "gpt-2018", "--json")]
)
def test_an_output_that_cannot_be_written_is_one_clear_line(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        said = _qmas(*words, home=tmp_path, output=full)
    assert said.returncode == 2
    assert said.stderr == "qmas: cannot write the output: No space left on device\n"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    nothing = ("/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh")  # has room in any file
    said = _qmas("up", home=home, started_by=nothing)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(f"qmas: cannot write {home}/")
    assert said.stderr.endswith(": File too large\n")
    assert not any(each.is_file() for each in home.rglob("*"))


def test_a_reader_that_went_away_is_told_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        said = _qmas("assess", "--on=2019-05-01", _EMMA, home=tmp_path, output=gone)
    assert said.returncode != 0
    assert said.stderr == ""


def test_an_unknown_command_is_a_usage_fault(tmp_path: Path) -> None:
    said = _qmas("approve-everybody", home=tmp_path / "home")
    assert said.returncode == 2
    assert "No such command 'approve-everybody'" in said.stderr
    assert "Traceback" not in said.stderr


def test_help_names_every_command_and_starts_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    said = _qmas("--help", home=home)
    assert said.returncode == 0
    for command in ("assess", "submit", "import", "case", "exercise", "up", "doctor", "demo"):
        assert f"\n  {command} " in said.stdout
    assert not home.exists()


@pytest.mark.parametrize("group", [None, *sorted(MODULES)])
def test_what_a_list_says_of_a_command_is_said_to_its_end(group: str | None) -> None:
    said = CliRunner().invoke(qmas, [*([group] if group else []), "--help"])
    assert said.exit_code == 0
    _, _, listed = said.output.partition("\nCommands:\n")
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


def test_a_command_that_is_nearly_one_is_told_which_is_meant(tmp_path: Path) -> None:
    said = _qmas("statsu", home=tmp_path / "home")
    assert said.returncode == 2
    assert "No such command 'statsu'" in said.stderr
    assert "Did you mean" in said.stderr
    assert "status" in said.stderr


@pytest.mark.parametrize(
    "words", ["status", "down", "doctor", "projections status", "work next", "exercise show"]
)
def test_a_question_makes_no_data_folder(tmp_path: Path, words: str) -> None:
    home = tmp_path / "home"
    said = _qmas(*words.split(), home=home)
    assert (said.returncode, said.stdout) == (2, "")
    told = f"qmas: nothing runs in {home}: run `qmas up`, or set QMAS_HOME to the folder "
    assert said.stderr == f"{told}where it does\n"
    assert not home.exists()


@pytest.mark.parametrize("words", ["projections status", "notifications status", "work list"])
def test_a_question_to_a_stopped_stack_is_told_to_start_it(tmp_path: Path, words: str) -> None:
    home = tmp_path / "home"
    Settings.load({}, home)
    said = _qmas(*words.split(), home=home)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(f"qmas: nothing runs in {home}: run `qmas up`")
    assert said.stderr.count("\n") == 1


def test_a_database_that_is_gone_beside_the_rest_is_named(open_folder: Path) -> None:
    home = open_folder / "home"
    Settings.load({}, home)
    start_redis(home)
    try:
        said = _qmas("work", "list", home=home)
    finally:
        stop_redis(home)
    assert (said.returncode, said.stdout) == (2, "")
    told = (
        f"qmas: the database of {home} does not run, only redis: run `qmas up`, for nothing else "
    )
    assert said.stderr == f"{told}starts it again\n"


def test_down_where_nothing_runs_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Settings.load({}, home)
    said = _qmas("down", home=home)
    assert said.returncode == 0
    assert said.stdout == f"nothing runs in {home}; if it does elsewhere, set QMAS_HOME\n"
