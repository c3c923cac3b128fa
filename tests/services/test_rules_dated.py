"""`qmas rules list --all`: the dated data beside the rulesets, of a day and as known on one."""

import json
from typing import Any

from click.testing import CliRunner

from services.cli.main import qmas


def dated(*words: str) -> list[dict[str, Any]]:
    """The dated values that are listed."""
    ended = CliRunner().invoke(qmas, ["rules", "list", "--all", "--json", *words])
    assert (ended.exit_code, ended.stderr) == (0, "")
    found: list[dict[str, Any]] = json.loads(ended.stdout)["dated"]
    return found


def test_the_dated_data_is_that_of_a_day_when_one_is_asked_for() -> None:
    found = dated("--on=2025-02-26")
    assert [each["first"] for each in found if each["kind"] == "fees"] == [
        "2006-06-28 00:00",  # until eleven o'clock of that day
        "2025-02-26 11:00",
    ]
    assert [each["first"] for each in found if each["kind"] == "quota"] == ["2024"]
    assert [each["first"] for each in found if each["kind"] == "Talent List"] == ["2023-05-01"]


def test_the_dated_data_is_as_it_was_known_on_a_day() -> None:
    found = dated("--known-on=2021-01-13")
    quotas = [(each["first"], each["last"]) for each in found if each["kind"] == "quota"]
    assert quotas == [("2006", "2019"), ("2020", None)]
    named = [each["value"] for each in found if each["kind"] == "excluded nationalities"]
    assert [each.split(":")[0] for each in named] == ["nationalities-2006", "nationalities-2012"]


def test_the_general_holidays_of_a_day_are_those_of_its_year() -> None:
    found = [each for each in dated("--on=2015-09-03") if each["kind"] == "general holidays"]
    assert [(each["first"], each["value"]) for each in found] == [
        ("2015", "18 days, 2 of them in place of another")
    ]


def test_the_holidays_of_a_year_are_listed_with_their_authority() -> None:
    listed = CliRunner().invoke(qmas, ["rules", "holidays", "2015"])
    assert listed.exit_code == 0
    lines = listed.output.splitlines()
    assert "2015-04-07  The day following Easter Monday (in place of another)" in lines[8]
    assert lines[8].endswith("[S147] H")
    assert "2015-09-03" in lines[13]
    assert "this once, by" in lines[13]
    as_json = CliRunner().invoke(qmas, ["rules", "holidays", "2015", "--json"])
    assert len(json.loads(as_json.stdout)["days"]) == 18


def test_the_holidays_of_a_year_that_is_not_loaded_are_refused() -> None:
    refused = CliRunner().invoke(qmas, ["rules", "holidays", "2031"])
    assert refused.exit_code != 0
    said = "no general holidays are loaded for 2031; loaded are the years 2006 to 2027"
    assert said in f"{refused.stderr}{refused.exception}"
