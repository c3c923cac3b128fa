"""`qmas rules` as its users meet it: a process, its two outputs and its exit status."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from domain import commands as c
from services.cases import carry_out, submit
from services.cli.main import qmas
from services.rulebook.files import LARGEST
from services.rulebook.named import ruleset_named
from services.settings import Settings
from services.wiring import Office
from tests.services.asking import asked, on_paper

ROOT = Path(__file__).parents[2]
WANTED = "must be a whole number of at least 0"
RUN = "from services.cli.main import main; main()"


def rules(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the command printed and how it ended; no server is running and none is asked for."""
    return subprocess.run(
        [sys.executable, "-c", RUN, "rules", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
    )


def lines(*words: str) -> list[str]:
    """The lines of an answer that is free of faults."""
    ended = CliRunner().invoke(qmas, ["rules", *words])
    assert (ended.exit_code, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def cells(line: str) -> list[str]:
    """The cells of a line in columns, which stand at least two spaces apart."""
    return [each.strip() for each in line.split("  ") if each.strip()]


def answer(*words: str) -> Any:
    return json.loads("\n".join(lines(*words, "--json")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the rules that ship, for a test to spoil."""
    copied = tmp_path / "rules"
    copied.mkdir()
    for file in (ROOT / "rulesets").glob("*.toml"):
        shutil.copy(file, copied)
    return copied


def spoil(folder: Path, name: str, before: str, after: str) -> None:
    file = folder / name
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")


def test_a_ruleset_stands_in_one_line_with_its_days_mark_maximum_and_policy() -> None:
    found = cells(
        next(each for each in lines("list", "--known-on=2019-05-01") if "gpt-2018" in each)
    )
    assert found[:-1] == [
        "gpt-2018",
        "1",
        "points",
        "2018-08-28",
        "2022-12-31",
        "80",
        "225",
        "in process too, with proof",
        "H",
    ]
    assert found[-1] == "sha256:e40c5e19"


def test_rulesets_stand_under_their_routes_in_the_order_of_their_first_days() -> None:
    shown = lines("list")
    general, achieves = shown.index("General route"), shown.index("Achievement route")
    days = [cells(each)[3][:10] for each in shown[general + 2 : achieves - 1]]
    assert days == sorted(days)
    assert all(cells(each)[0].startswith("gpt") for each in shown[general + 2 : achieves - 1])
    assert cells(shown[achieves + 2])[0].startswith("apt")


def test_only_those_in_force_on_a_day_are_listed_when_a_day_is_asked_for() -> None:
    found = answer("list", "--on=2019-05-01")["rulesets"]
    assert [each["id"] for each in found] == ["gpt-2018", "apt-225"]


def test_nothing_is_listed_for_a_day_before_anything_was_known() -> None:
    said = "No ruleset is loaded for that; without --on and --known-on all are listed."
    assert lines("list", "--known-on=2006-06-27") == [said]


def test_a_day_that_does_not_exist_is_a_usage_fault() -> None:
    ended = rules("list", "--on=2019-02-30")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "'2019-02-30' is not a calendar date such as 2019-05-01" in ended.stderr


def test_the_dated_data_stands_below_when_all_is_asked_for() -> None:
    shown = [cells(each) for each in lines("list", "--all")]
    assert ["2,000 places a year", "2020", "(2020)", "2020-11-26"] in [each[:4] for each in shown]
    assert ["general route: 3 + 3 + 2 years", "2022-12-28", "-"] in [each[:3] for each in shown]
    assert ["talent-list-2018: 11 entries", "2018-08-28", "(2021-10-05)"] in [
        each[:3] for each in shown
    ]
    fees = next(each for each in shown if "2025-02-26 11:00" in each[1:2])
    assert fees[0].startswith("application HK$600; visa HK$600 up")


def test_nothing_listed_is_coloured_framed_or_cut() -> None:
    shown = rules("list", "--all", FORCE_COLOR="1", COLUMNS="40").stdout
    assert "\x1b" not in shown
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 120


def test_a_ruleset_is_shown_with_every_row_its_source_and_its_confidence() -> None:
    shown = [cells(each) for each in lines("show", "gpt-2018@1")]
    assert ["gpt-2018, edition 1: a test of points, general route"] in shown
    for row in (
        ["in force", "2018-08-28 to 2022-12-31", "[S11 S12 S13] H"],
        ["digest", "sha256:e40c5e19b2cc6b11a434fb343f547a035727b514029f5ef8739efb838bea65cb"],
        ["age", "aged 18 or over", "[S2 S4 S35] H"],
        ["age, at most 30: the best of", "[S4 S5] H"],
        ["30", "aged 18 to 39", "age-18-39", "[S4 S5] H"],
        ["0", "aged 51 or over", "age-51-up", "[S9] H"],
        ["40", "a doctorate or 2 master's degrees", "doctorate-or-two-masters", "[S10 S41] H"],
        ["15", "5 years of graduate or specialist work", "five-years", "[S10 S43] H"],
        ["+30", "a profession on the Talent List, with evidence", "listed-profession", "[S11] H"],
        [
            "S9",
            "immd.gov.hk/en/services/hk-visas/quality-migrant-admission/points-based-tests.html",
        ],
    ):
        assert row in shown


def test_a_ruleset_in_json_has_points_sources_and_addresses() -> None:
    found = answer("show", "apt-225", "--edition=1")
    assert (found["ruleset"]["id"], found["ruleset"]["pass_mark"]) == ("apt-225", 225)
    (factor,) = found["factors"]
    assert (factor["factor"], factor["max"]) == ("achievement", 225)
    (row,) = factor["rows"]
    assert row["asks"] == "an award of exceptional achievement or work that peers acclaim"
    assert row["authority"]["source"] == ["S24", "S25", "S50"]
    assert {"id": "S24", "address": "aptechvisa.com/hong-kong-points-calculator"} in found[
        "sources"
    ]


@pytest.mark.parametrize("words", [("show", "gpt-1999"), ("diff", "gpt-2018", "gpt-1999")])
def test_an_unknown_ruleset_is_one_line_that_names_the_known_ones(words: tuple[str, ...]) -> None:
    ended = rules(*words)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith("qmas: no ruleset is called 'gpt-1999'; known: ")
    assert "gpt-2018" in ended.stderr


def test_an_unknown_edition_is_one_line_that_names_those_there_are() -> None:
    ended = rules("show", "gpt-2018@99")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith("qmas: gpt-2018 has no edition 99; there are: 1")


def test_two_rulesets_stand_side_by_side_where_they_differ() -> None:
    shown = lines("diff", "gpt-2006", "gpt-2008")
    assert cells(shown[0]) == ["gpt-2006", "gpt-2008"]
    end = shown.index("")
    assert [tuple(cells(each)) for each in shown[1:end]] == [
        ("test",),
        ("in force", "2006-06-28 to 2008-01-17 ?", "2008-01-18 ? to 2015-05-03 ?"),
        ("known from", "2006-06-28", "2008-01-18"),
        ("prerequisites",),
        ("age", "aged 18 to 50", "aged 18 or over"),
        ("age",),
        ("aged 18 to 24", "0", "30"),
        ("aged 25 to 29", "25", "30"),
        ("aged 35 to 39", "25", "30"),
        ("aged 40 to 44", "15", "20"),
        ("aged 45 to 50", "5", "15"),
        ("aged 51 or over", "-", "0"),
        ("qualifications",),
        ("a master's degree or 2 bachelor's", "30", "35"),
        ("degrees",),
        ("a bachelor's degree or a recognised", "20", "30"),
        ("professional qualification",),
        ("work_experience",),
        ("2 years of graduate or specialist work", "-", "10"),
        ("language",),
        ("good Chinese or English and 1 good", "-", "15"),
        ("foreign language",),
        ("good Chinese or English", "-", "10"),
    ]
    same = "route general, test of points, catches by day of submission, pass mark 80"
    assert shown[end + 1 :] == [f"The same in both: {same}, maximum 165, family (20)"]


def test_what_the_talent_list_changed_is_told_in_points() -> None:
    found = answer("diff", "gpt-2015", "gpt-2018")
    assert [(each["part"], each["a"], each["b"]) for each in found["differences"]][-3:] == [
        ("test", "195", "225"),
        ("talent_list", None, "30"),
        ("talent_list", None, "+30"),
    ]
    assert "qualifications (70)" in found["same"]


def test_an_edition_is_compared_with_the_one_that_corrects_it() -> None:
    shown = lines("diff", "gpt-2018@1", "gpt-2018")
    assert [cells(each) for each in shown[:4]] == [
        ["gpt-2018@1", "gpt-2018"],
        ["test"],
        ["in force", "2018-08-28 to 2022-12-31", "2018-08-28 to 2022-12-31 ?"],
        ["known from", "2018-08-28", "2026-11-22"],
    ]


def test_tests_of_different_kinds_are_compared_in_brief() -> None:
    found = answer("diff", "gpt-2018", "apt-225")
    told = {(each["part"], each["item"]): (each["a"], each["b"]) for each in found["differences"]}
    assert told["test", "test of"] == ("points", "achievement")
    assert told["test", "pass mark"] == ("80", "225")
    assert told["language", "at most"] == ("20", None)
    assert told["achievement", "at most"] == (None, "225")
    assert not [item for _, item in told if item.startswith("aged")]


def test_criteria_stand_where_points_did() -> None:
    found = answer("diff", "gpt-2023", "gptq-2024")
    told = [(each["part"], each["item"], each["a"], each["b"]) for each in found["differences"]]
    assert ("test", "test of", "points", "criteria") in told
    assert ("test", "maximum", "245", "12") in told
    assert ("work_experience", "at most", "75", None) in told
    asked = told[-12:]
    assert [each[:3] for each in asked] == [("criteria", f"C{n}", None) for n in range(1, 13)]
    assert asked[0][3] == "aged 50 or under"
    assert asked[2][3] == "a qualification that meets C2, in a STEM subject"


def test_a_test_of_criteria_is_shown_with_what_each_asks() -> None:
    shown = [cells(each) for each in lines("show", "gptq-2024")]
    assert ["gptq-2024, edition 1: a test of criteria, general route"] in shown
    assert ["Criteria, of which 6 must be met"] in shown
    asked = [each[:2] for each in shown if each and each[0][:1] == "C" and each[0][1:].isdecimal()]
    assert asked == [
        ["C1", "aged 50 or under"],
        ["C2", "a master's degree or a doctorate from a university on the list"],
        ["C3", "a qualification that meets C2, in a STEM subject"],
        ["C4", "2 good languages, whichever they are"],
        ["C5", "good English"],
        ["C6", "5 years of graduate or specialist work"],
        ["C7", "3 years of graduate or specialist work with a multinational or reputable"],
        ["C8", "3 years of graduate or specialist work in innovation and technology,"],
        ["C9", "2 years of graduate or specialist work outside the home jurisdiction"],
        ["C10", "HK$1,000,000 or more earned in the year before"],
        ["C11", "a business with HK$5,000,000 or more of annual profit, 50% or more of it"],
        ["C12", "10% or more of a listed company owned"],
    ]


def test_the_last_day_of_an_open_ruleset_follows_from_the_next_one() -> None:
    found = {each["id"]: each["days"] for each in answer("list")["rulesets"]}
    assert found["gpt-2006"] == {
        "first": "2006-06-28",
        "first_uncertain": False,
        "last": "2008-01-17",
        "last_uncertain": True,
        "last_follows": True,
        "known_from": "2006-06-28",
    }
    assert found["apt-245"]["last"] is None


def test_the_rules_that_ship_are_without_a_fault() -> None:
    (said,) = lines("check")
    assert said.endswith(": no fault")


def test_every_fault_of_a_folder_is_told_with_its_file_and_path(folder: Path) -> None:
    spoil(folder, "gpt-2018.toml", "to = 44", "to = 43")
    spoil(folder, "gpt-2018.toml", "cap = 10", "cap = 12")
    spoil(folder, "apt-225.toml", 'source = ["S24"]', 'source = ["S240"]')
    spoil(folder, "fees.toml", "hkd = 1300", 'hkd = "1300"')
    ended = rules("check", str(folder))
    assert (ended.returncode, ended.stdout) == (2, "")
    said = ended.stderr.splitlines()
    for file, fault in (
        ("gpt-2018.toml", "factors[0].bands[2].from: ages 44 to 44 have no band"),
        ("gpt-2018.toml", "factors[5].items[2].cap: 12 is not a multiple of 5 points"),
        ("apt-225.toml", "pass_mark.source: S240 is not among the sources"),
        ("fees.toml", "schedules[1].visa[1].hkd"),
    ):
        assert [each for each in said if each.startswith(f"{folder / file}: {fault}")], said


def test_what_is_not_toml_is_told_with_its_file_and_line_beside_all_else(folder: Path) -> None:
    (folder / "gpt-2018.toml").write_text('id = "gpt-2018"\nroute = = "general"\n', "utf-8")
    (folder / "sources.toml").write_bytes(b"\xff")
    spoil(folder, "apt-225.toml", "value = 225", 'value = "225"')
    ended = rules("check", str(folder))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [
        f"{folder / 'gpt-2018.toml'}: is not TOML: Invalid value (at line 2, column 9)",
        f"{folder / 'sources.toml'}: is not UTF-8 (byte 0)",
        f"{folder / 'apt-225.toml'}: pass_mark.value: {WANTED}, not '225'",
    ]


def test_data_that_nobody_could_work_with_is_a_fault_of_its_file(folder: Path) -> None:
    dotted = ".".join(["a"] * 3000)
    whole_number = f"0x{'f' * 6000}"
    (folder / "gpt-2018.toml").write_text(f"{dotted} = 1\n", "utf-8")
    (folder / "gpt-2023.toml").write_text(f"pass_mark.value = {whole_number}\n", "utf-8")
    (folder / "fees.toml").write_bytes(b"#" * (LARGEST + 1))
    os.mkfifo(folder / "pipe.toml")
    spoil(folder, "apt-225.toml", "value = 225", 'value = "225"')
    ended = rules("check", str(folder))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [
        f"{folder / 'fees.toml'}: cannot be read: larger than {LARGEST} bytes",
        f"{folder / 'gpt-2018.toml'}: is nested too deeply",
        f"{folder / 'gpt-2023.toml'}: holds a whole number of more than 64 bits",
        f"{folder / 'pipe.toml'}: cannot be read: not a file",
        f"{folder / 'apt-225.toml'}: pass_mark.value: {WANTED}, not '225'",
    ]


def test_a_folder_without_rules_is_one_line(tmp_path: Path) -> None:
    for place, why in (
        (tmp_path, "holds no rule file (*.toml)"),
        (tmp_path / "none", "cannot be read: No such file or directory"),
    ):
        ended = rules("check", str(place))
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == f"qmas: {place} {why}\n"


@pytest.fixture
def told(settings: Settings) -> dict[str, str]:
    """The environment in which the command line finds this test's database."""
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }


def test_every_ruleset_that_the_log_names_is_found_by_its_digest(
    office: Office, told: dict[str, str]
) -> None:
    scored(office, "john")
    scored(office, "jackie")
    ended = CliRunner().invoke(qmas, ["rules", "check", "--log"], env=told)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[1] == "2 rulesets named by 4 events of the log: all loaded"


def test_a_ruleset_that_changed_after_its_use_is_named_with_its_events(
    office: Office, told: dict[str, str], folder: Path
) -> None:
    scored(office, "john")
    scored(office, "jackie")
    spoil(folder, "gpt-2018.toml", 'confidence = "H"', 'confidence = "M"')
    ended = CliRunner().invoke(qmas, ["rules", "check", "--log", str(folder)], env=told)
    assert ended.exit_code == 1
    assert ended.stdout.splitlines()[1:] == []
    digest = ruleset_named(office.rulebook, "gpt-2018", edition=1).digest
    assert ended.stderr == f"gpt-2018 {digest}: named by 2 events, and not loaded\n"


def test_a_log_of_nothing_names_no_ruleset(told: dict[str, str]) -> None:
    ended = CliRunner().invoke(qmas, ["rules", "check", "--log"], env=told)
    assert ended.stdout.splitlines()[1] == "0 rulesets named by 0 events of the log: all loaded"


def scored(office: Office, name: str) -> None:
    """File a person's application and assess it: two events that name the ruleset."""
    reference = submit(office, on_paper(name), asked()).reference
    for command in (c.AcknowledgeApplication(), c.AssessPrerequisites(), c.ScoreApplication()):
        carry_out(office, reference, command, asked())
