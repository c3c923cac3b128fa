"""The command line as a whole: which servers it speaks to, and how it tells of faults."""

import subprocess
import sys
from pathlib import Path

from services.settings import Settings


def _qmas(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from services.cli.main import main; main()", *words],
        env={"PATH": "/usr/bin:/bin", "QMAS_HOME": str(home), "USER": "tester"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
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
