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
