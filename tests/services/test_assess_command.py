"""`qmas assess` as its users meet it: a process, its two outputs and its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services.filed import PEOPLE, as_bytes, changed, person

FILES = [str(PEOPLE / f"{name}.json") for name in ("john", "emma", "jackie")]
RUN = "from services.cli.main import main; main()"
ROOT = Path(__file__).parent.parent.parent


def _run(*arguments: str, stdin: bytes = b"", **environment: str) -> Any:
    """What the command printed and how it ended; no server is running and none is asked for."""
    return subprocess.run(
        [sys.executable, "-c", RUN, "assess", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
    )


def _answers(ended: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


def _problems(ended: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.stderr.splitlines()]


def test_three_people_are_answered_one_object_a_line_in_the_order_given() -> None:
    ended = _run(*FILES, "--on", "2019-05-01", "--json")
    found = [(each["ruleset"], each["total"], each["eligible"]) for each in _answers(ended)]
    assert found == [("gpt-2018", 175, True), ("gpt-2018", 120, True), ("apt-225", 225, True)]
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_an_answer_has_the_published_shape() -> None:
    (john,) = _answers(_run(FILES[0], "--on", "2019-05-01", "--json"))
    keys = "ruleset digest route reference_date prerequisites factors total pass_mark eligible"
    assert list(john) == keys.split()
    assert john["reference_date"] == "2019-05-01"
    assert john["digest"].startswith("sha256:")
    assert john["prerequisites"][0] == {
        "id": "age",
        "met": True,
        "reason": "Aged 31 on 1 May 2019; 18 or over is required",
        "source": ["S2", "S4", "S35"],
    }
    names = "age qualifications work_experience talent_list language family"
    assert [each["factor"] for each in john["factors"]] == names.split()
    assert [each["points"] for each in john["factors"]] == [30, 50, 45, 30, 20, 0]
    assert john["factors"][0] == {
        "factor": "age",
        "points": 30,
        "max": 30,
        "awards": [
            {
                "rule": "age-18-39",
                "points": 30,
                "reason": "Aged 31",
                "evidence": ["applicant.date_of_birth"],
                "source": ["S4", "S5"],
            }
        ],
        "shortfalls": [],
    }


def test_the_achievement_route_has_one_factor_and_its_maximum_as_mark() -> None:
    (jackie,) = _answers(_run(FILES[2], "--on", "2019-05-01", "--json"))
    assert [each["factor"] for each in jackie["factors"]] == ["achievement"]
    assert (jackie["pass_mark"], jackie["factors"][0]["max"]) == (225, 225)


def test_a_talent_list_award_records_the_edition_in_force() -> None:
    (john,) = _answers(_run(FILES[0], "--on", "2019-05-01", "--json"))
    assert john["factors"][3]["awards"][0]["edition"] == "talent-list-2018"


def test_people_read_points_reasons_and_the_verdict() -> None:
    ended = _run(*FILES, "--on", "2019-05-01")
    shown = ended.stdout.decode()
    assert [line.split(":")[0] for line in shown.splitlines() if "gpt-2018," in line] == FILES[:2]
    for said in ("Total 175; the pass mark is 80", "+30  Aged 31", "(20) Needs a doctorate or 2"):
        assert said in shown
    assert (ended.returncode, shown.count("\n  Eligible\n")) == (0, 3)


def test_somebody_not_eligible_is_no_error_and_hears_why() -> None:
    poor = changed(person("john"), "prerequisites", "criminal_record", to=True)
    for key in ("qualifications", "employment", "languages"):
        poor = changed(poor, key, to=[])
    ended = _run("-", "--on", "2019-05-01", stdin=as_bytes(poor))
    assert ended.returncode == 0
    assert (
        "Not eligible: prerequisites not met: record, language, education; "
        "20 points short of the pass mark"
    ) in ended.stdout.decode()


def test_standard_input_is_a_file_called_minus() -> None:
    ended = _run("-", "--on", "2019-05-01", "--json", stdin=as_bytes(person("emma")))
    assert [each["total"] for each in _answers(ended)] == [120]


def test_good_files_are_answered_in_spite_of_bad_ones(tmp_path: Path) -> None:
    bad, empty = tmp_path / "bad.json", tmp_path / "empty.json"
    bad.write_bytes(as_bytes(changed(person("john"), "applicant", "nationality", to="US")))
    empty.touch()
    files = [FILES[0], str(bad), str(tmp_path), FILES[1], str(tmp_path / "none"), str(empty)]
    ended = _run(*files, "--on", "2019-05-01", "--json")
    assert ended.returncode == 2
    assert [each["total"] for each in _answers(ended)] == [175, 120]
    assert [(each["file"], each["errors"]) for each in _problems(ended)] == [
        (
            str(bad),
            [
                {
                    "path": "applicant.nationality",
                    "message": "must be an ISO 3166-1 alpha-3 code such as HKG",
                }
            ],
        ),
        (str(tmp_path), [{"path": "", "message": "cannot be read: Is a directory"}]),
        (
            str(tmp_path / "none"),
            [{"path": "", "message": "cannot be read: No such file or directory"}],
        ),
        (str(empty), [{"path": "", "message": "is empty; one JSON object is needed"}]),
    ]


def test_a_problem_is_a_problem_document() -> None:
    (problem,) = _problems(_run("none.json", "--json"))
    assert {"type", "title", "detail", "file", "errors"} == set(problem)


def test_people_read_each_fault_on_a_line_with_its_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(as_bytes(changed(person("john"), "applicant", "nationality", to="US")))
    ended = _run(str(bad), "--on", "2019-05-01")
    assert ended.stderr.decode().splitlines() == [
        f"{bad}: applicant.nationality: must be an ISO 3166-1 alpha-3 code such as HKG"
    ]
    assert (ended.returncode, ended.stdout) == (2, b"")


def test_a_named_ruleset_may_be_used_outside_its_life() -> None:
    ended = _run(FILES[0], "--on", "2025-05-01", "--ruleset", "gpt-2018", "--json")
    assert [each["ruleset"] for each in _answers(ended)] == ["gpt-2018"]
    assert ended.returncode == 0


def test_a_ruleset_of_the_other_route_is_a_fault_of_the_file() -> None:
    ended = _run(*FILES, "--on", "2019-05-01", "--ruleset", "apt-225", "--json")
    assert [each["total"] for each in _answers(ended)] == [225]
    assert [each["errors"][0]["path"] for each in _problems(ended)] == ["route", "route"]
    assert ended.returncode == 2


def test_a_ruleset_of_the_other_route_is_named_beside_the_file_s_own_faults() -> None:
    bad = as_bytes(changed(person("john"), "applicant", "nationality", to="US"))
    ended = _run("-", "--on", "2019-05-01", "--ruleset", "apt-225", "--json", stdin=bad)
    (problem,) = _problems(ended)
    assert [each["path"] for each in problem["errors"]] == ["route", "applicant.nationality"]


def test_a_date_without_a_ruleset_is_refused_by_name() -> None:
    ended = _run(*FILES, "--on", "2006-06-27")
    said = ended.stderr.decode()
    assert ended.returncode == 2
    assert "no ruleset of the general route is loaded for 27 June 2006" in said
    assert "no ruleset of the achievement route is loaded for 27 June 2006" in said


@pytest.mark.parametrize(
    ("arguments", "saying"),
    [
        (["--ruleset", "gpt-1999"], "known: apt-165, apt-195, apt-225"),
        (["--on", "2019-02-29"], "'2019-02-29' is not a calendar date"),
        (["--on", "yesterday"], "'yesterday' is not a calendar date"),
        (["--as"], "No such option"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_read(
    arguments: list[str], saying: str
) -> None:
    ended = _run(FILES[0], *arguments)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert saying in ended.stderr.decode()


def test_no_file_is_a_wrong_use() -> None:
    ended = _run()
    assert ended.returncode == 2
    assert "FILE" in ended.stderr.decode()


def test_a_file_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as opened:
        opened.truncate(16 * 1024 * 1024 + 1)
    ended = _run(str(huge), "--on", "2019-05-01")
    assert "is larger than 16777216 bytes" in ended.stderr.decode()
    assert ended.returncode == 2


@pytest.mark.parametrize("options", [["--json"], []])
def test_an_answer_is_utf8_whatever_the_locale(options: list[str]) -> None:
    named = changed(person("john"), "talent_list_profession", to="資料科學家")
    given = {"stdin": as_bytes(named), "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    ended = _run("-", "--on", "2019-05-01", *options, **given)
    assert "資料科學家" in ended.stdout.decode()
    assert ended.returncode == 0


def test_a_closed_standard_input_is_a_fault_of_that_file_only() -> None:
    command = f'exec {sys.executable} -c "{RUN}" assess - {FILES[0]} --on 2019-05-01 --json <&-'
    ended = subprocess.run(
        ["sh", "-c", command], capture_output=True, check=False, timeout=60, cwd=ROOT
    )
    assert [each["total"] for each in _answers(ended)] == [175]
    assert [each["errors"][0]["message"] for each in _problems(ended)] == [
        "cannot be read: Bad file descriptor"
    ]


def test_a_file_cannot_steer_the_terminal() -> None:
    sly = changed(person("john"), "talent_list_profession", to="a\x1b[2Jb\nTotal 999")
    ended = _run("-", "--on", "2019-05-01", stdin=as_bytes(sly))
    assert b"\x1b" not in ended.stdout
    assert b"a\\x1b[2Jb\\nTotal 999" in ended.stdout


def test_reasons_are_told_in_the_language_asked_for_and_contracts_stay() -> None:
    english, chinese = (
        _answers(_run(FILES[1], "--on", "2019-05-01", "--json", "--language", language))[0]
        for language in ("en", "zh-Hant")
    )
    assert chinese["factors"][0]["awards"][0]["reason"] == "34歲"
    assert chinese["prerequisites"][0]["reason"] == "2019年5月1日時34歲；須年滿18歲"
    assert _without_reasons(chinese) == _without_reasons(english)


def _without_reasons(told: Any) -> Any:
    if isinstance(told, dict):
        return {key: _without_reasons(each) for key, each in told.items() if key != "reason"}
    return [_without_reasons(each) for each in told] if isinstance(told, list) else told


def test_people_read_reasons_in_their_language_with_the_sources_of_the_rule() -> None:
    ended = _run(FILES[1], "--on", "2019-05-01", "--language", "zh-Hans", LANG="C")
    shown = ended.stdout.decode()
    assert "+30  34岁 [S4 S5]" in shown
    assert (
        "(10) 须持有硕士学位或2个学士学位，才可多得10分；现有0个硕士学位和1个学士学位，"
        "还缺硕士学位或学士学位 [S10 S41]"
    ) in shown


def test_a_language_that_is_not_spoken_is_refused_in_one_line() -> None:
    ended = _run(FILES[0], "--language", "fr")
    assert ended.returncode == 2
    assert "'fr' is not one of 'en', 'zh-Hant', 'zh-Hans'" in ended.stderr.decode()
