"""The figures of the office at a terminal."""

import json
from collections.abc import Callable
from datetime import date

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from domain.statistics import STEPS, Intake, Reached
from services import statistics as figures
from services.cli.asking import LEAST_WIDTH
from services.cli.statistics import NotPast, funnel_table, statistics
from services.settings import Settings
from services.wiring import Office
from tests.services.visiting import TO_POOL, file_case

Qmas = Callable[..., Result]


@pytest.fixture
def qmas(settings: Settings) -> Qmas:
    environment = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    return lambda *words: CliRunner().invoke(
        statistics, words, env=environment, catch_exceptions=False
    )


def test_it_shows_what_is_counted_now_and_keeps_it(office: Office, qmas: Qmas) -> None:
    file_case(office, "john", *TO_POOL)
    shown = qmas()
    assert shown.exit_code == 0
    (year,) = (line for line in shown.output.splitlines() if "gpt-" in line)
    assert year.split()[2:5] == ["1", "1", "1"]
    assert "too few answers in the past" in shown.output
    kept = figures.latest(office)
    assert kept is not None
    assert sum(each.received for each in kept.statistics.funnels) == 1


def test_it_gives_everything_as_one_object(office: Office, qmas: Qmas) -> None:
    file_case(office, "john")
    found = json.loads(qmas("--json").output)
    assert [each["received"] for each in found["statistics"]["funnels"]] == [1]
    assert {each["route"] for each in found["outlooks"]} == {"general", "achievement"}


def test_a_past_day_is_counted_and_not_kept(office: Office, qmas: Qmas) -> None:
    file_case(office, "john")
    found = json.loads(qmas("--json", "--on", "2006-06-28").output)
    assert found["statistics"]["funnels"] == []
    assert figures.latest(office) is None


@pytest.mark.parametrize("words", [["--json"], ["backtest"]])
def test_a_day_that_is_not_over_is_refused(office: Office, qmas: Qmas, words: list[str]) -> None:
    file_case(office, "john")
    with pytest.raises(NotPast, match="2999-12-31 is not over; leave it out to count now"):
        qmas(*words, "--on", "2999-12-31")


def test_no_heading_is_cut_in_the_least_width_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    reached = tuple(Reached(stage=each, reached=12_345, there=0) for each in STEPS)
    rows = tuple(
        Intake(month=date(2019, 1, 1), ruleset=each, received=12_345, stages=reached)
        for each in ("gpt-2018", None)
    )
    Console(width=LEAST_WIDTH).print(funnel_table(rows, months=True))
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert {"received", "refused", "withdrawn", "activated", "12,345"} <= set(shown.split())


def test_it_says_where_there_is_nothing_to_try_an_estimate_on(office: Office, qmas: Qmas) -> None:
    file_case(office, "john")
    assert qmas("backtest").output.splitlines() == [
        "general: too few answers in the past to try an estimate on",
        "achievement: too few answers in the past to try an estimate on",
    ]
