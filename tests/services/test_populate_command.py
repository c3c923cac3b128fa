"""`qmas populate` writes what `qmas import` files, the same people for the same seed."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli.filing import import_
from services.cli.populate import populate
from services.imports import filing_from, rows_of
from services.population import UnknownRegime, population
from services.settings import Settings
from services.wiring import Office


def _populate(*words: str) -> Result:
    return CliRunner().invoke(populate, words, catch_exceptions=False)


def test_a_line_an_applicant_of_the_regime_as_an_import_reads_it(tmp_path: Path) -> None:
    out = tmp_path / "some.jsonl"
    said = _populate("--regime=2023-2024", "--size=5", "--seed=3", f"--out={out}")
    assert (said.exit_code, said.stdout) == (0, "")
    expected = tuple(population(5, 3, "2023-2024"))
    on = expected[0].received_at.date()
    filings = [filing_from(row.document, on, row.faults) for row in rows_of(out)]
    assert [(each.application, each.received_at, each.channel) for each in filings] == [
        (each.application, each.received_at, each.channel) for each in expected
    ]


def test_the_same_is_written_to_standard_output_and_to_a_file(tmp_path: Path) -> None:
    out = tmp_path / "some.jsonl"
    _populate("--regime=2006", "--size=3", f"--out={out}")
    assert _populate("--regime=2006", "--size=3").stdout == out.read_text("utf-8")


def test_what_is_written_can_be_piped_into_an_import(office: Office, settings: Settings) -> None:
    written = _populate("--regime=2018-2022", "--size=4").stdout
    runner = CliRunner(env=settings.child_environ())
    filed = runner.invoke(import_, ["-"], input=written, catch_exceptions=False)
    assert filed.stdout == "4 filed, 0 filed before, 0 refused\n"
    again = runner.invoke(import_, ["-"], input=written, catch_exceptions=False)
    assert again.stdout == "0 filed, 4 filed before, 0 refused\n"
    assert office.store.sequence() == 4


def test_an_unknown_regime_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(UnknownRegime, match="2015-2018"):
        _populate("--regime=2016", "--size=1")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "some.jsonl"
    said = CliRunner().invoke(populate, ["--regime=2006", "--size=1", f"--out={nowhere}"])
    assert said.exit_code != 0
    assert str(said.exception) == f"{nowhere} cannot be written: No such file or directory"
