"""Filing from files: every good row once, every bad row named with its line, run again at will."""

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.application import Application
from services.cases import case_at
from services.imports import (
    LARGEST_CELL,
    Result,
    UnreadableFile,
    command_id_of,
    filing_from,
    import_rows,
    rows_of,
)
from services.intake.faults import ApplicationFaults
from services.intake.table import nested
from services.wiring import Office
from tests.services.asking import OFFICER, filed_by
from tests.services.seeing import told

_PEOPLE = Path(__file__).parents[1] / "data" / "people"


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_PEOPLE / f"{name}.json").read_text())
    return document


def _paper(name: str) -> dict[str, Any]:
    return {
        "received_at": "2019-05-01T10:00:00+08:00",
        "channel": "paper",
        "application": _document(name),
    }


def _imported(office: Office, path: Path) -> list[Result]:
    results: list[Result] = []
    import_rows(office, rows_of(path), OFFICER, results.append)
    return results


def _jsonl(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_good_rows_are_filed_in_spite_of_bad_ones_which_are_named_by_line(
    office: Office, tmp_path: Path
) -> None:
    bad = _paper("emma")
    del bad["application"]["route"]
    bad["application"]["applicant"]["nationality"] = "France"
    file = _jsonl(tmp_path / "a.jsonl", _paper("john"), bad, "{not json", "", _paper("jackie"))

    results = _imported(office, file)

    assert [each.line for each in results] == [1, 2, 3, 5]
    assert [each.outcome is not None for each in results] == [True, False, False, True]
    assert any(fault.startswith("route:") for fault in results[1].faults)
    assert any(fault.startswith("applicant.nationality:") for fault in results[1].faults)
    assert "not JSON" in results[2].faults[0]
    assert office.store.sequence() == 2


def test_an_import_run_again_files_nothing_twice_and_files_what_is_new(
    office: Office, tmp_path: Path
) -> None:
    file = _jsonl(tmp_path / "a.jsonl", _paper("john"))
    (first,) = _imported(office, file)
    _jsonl(file, _paper("john"), _paper("emma"))

    again, new = _imported(office, file)

    assert first.outcome
    assert again.outcome
    assert new.outcome
    assert again.outcome.reference == first.outcome.reference
    assert (again.outcome.repeated, new.outcome.repeated) == (True, False)
    assert office.store.sequence() == 2


def test_two_rows_of_one_person_are_one_case_and_one_fault(office: Office, tmp_path: Path) -> None:
    later = {**_paper("john"), "received_at": "2019-05-02"}
    results = _imported(office, _jsonl(tmp_path / "a.jsonl", _paper("john"), later))
    assert sorted(len(each.faults) for each in results) == [0, 1]
    assert "live application" in " ".join(fault for each in results for fault in each.faults)


def test_only_a_row_that_is_told_of_a_case_is_a_look_at_it(office: Office, tmp_path: Path) -> None:
    file = _jsonl(tmp_path / "a.jsonl", _paper("john"))
    (first,) = _imported(office, file)
    (again,) = _imported(office, file)
    assert first.outcome
    assert again.outcome
    assert again.outcome.repeated
    assert told(office) == []
    later = {**_paper("john"), "received_at": "2019-05-02"}
    (refused,) = _imported(office, _jsonl(file, later))
    assert first.outcome.reference in refused.faults[0]
    (look,) = told(office)
    assert look == (OFFICER.name, "linked", "cli", (first.outcome.reference,))


def test_a_row_received_on_a_day_without_a_ruleset_is_refused_by_name(
    office: Office, tmp_path: Path
) -> None:
    young = {**_document("john"), "qualifications": [], "employment": []}
    row = {**_paper("john"), "application": young, "received_at": "2006-06-27"}
    (result,) = _imported(office, _jsonl(tmp_path / "a.jsonl", row))
    assert "is loaded for 27 June 2006; loaded: gpt-2006 (from 28 June 2006" in result.faults[0]
    assert office.store.sequence() == 0


def _csv(path: Path, cells: dict[str, str]) -> Path:
    with path.open("w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([list(cells), list(cells.values())])
    return path


def test_a_row_of_csv_is_read_by_the_paths_of_its_header(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    flat = dict(_flat(_document("john")))
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["received_at", *flat])
        writer.writerow(["2019-05-01", *flat.values()])

    (result,) = _imported(office, file)

    assert result.outcome, result.faults
    state = case_at(office, result.outcome.reference).events[0].event
    assert getattr(state, "personal", None) == filed_by("john")


def test_a_row_is_known_again_whatever_the_order_of_its_keys(
    office: Office, tmp_path: Path
) -> None:
    file = _jsonl(tmp_path / "a.jsonl", _paper("john"))
    _imported(office, file)
    (again,) = _imported(office, _jsonl(file, dict(reversed(_paper("john").items()))))
    assert again.outcome
    assert again.outcome.repeated


def test_a_birth_after_the_day_a_row_was_received_is_in_the_future() -> None:
    row = _paper("john")
    row["application"]["family"]["children"] = [
        {"date_of_birth": "2019-05-02", "accompanying": True, "married": False}
    ]
    with pytest.raises(ApplicationFaults, match="1 May 2019 is the reference date"):
        filing_from(row, date(2026, 1, 1))


def test_rows_of_a_list_stay_in_the_order_of_their_numbers() -> None:
    cells = {f"employment[{number}].employer": f"Employer {number}" for number in range(12)}
    employers = [post["employer"] for post in nested(cells, Application)["employment"]]
    assert employers == [f"Employer {number}" for number in range(12)]


@pytest.mark.parametrize("column", ["languages", "employment", "qualifications", "family.children"])
def test_a_text_where_a_list_belongs_is_a_fault_and_nothing_is_filed(
    office: Office, tmp_path: Path, column: str
) -> None:
    flat = dict(_flat(_document("john")))
    kept = {name: cell for name, cell in flat.items() if not name.startswith(f"{column}[")}
    (result,) = _imported(office, _csv(tmp_path / "a.csv", kept | {column: "a few"}))
    assert result.faults == (f"{column}: must be a list",)
    assert office.store.sequence() == 0


def test_a_name_where_the_number_of_a_row_belongs_makes_no_row(
    office: Office, tmp_path: Path
) -> None:
    flat = dict(_flat(_document("john"))) | {"languages.first.spoken": "good"}
    (result,) = _imported(office, _csv(tmp_path / "a.csv", flat))
    assert result.faults == ("languages: must be a list",)


def test_a_fault_of_a_row_is_told_by_the_column_that_it_is_in(
    office: Office, tmp_path: Path
) -> None:
    flat = dict(_flat(_document("john")))
    moved = {
        name.replace("languages[1]", "languages[7]").replace("languages[0]", "languages[3]"): cell
        for name, cell in flat.items()
    }
    given = {"languages[0].spoken": ""} | moved | {"languages[7].spoken": "well"}
    del given["languages[3].written"]

    (result,) = _imported(office, _csv(tmp_path / "a.csv", given))

    said = {fault.split(":")[0] for fault in result.faults}
    assert said == {"languages[7].spoken", "languages[3].written"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('"general"x,y', "is not CSV: ',' expected after '\"'"),
        ("x" * (LARGEST_CELL + 1), "is not CSV: field larger than field limit"),
        (
            '"general\n"x,y',
            "; lines 2 to 3 are one row by their quotes, and none",
        ),
        ('"general\n\n",y', "has 2 cells under"),
    ],
)
def test_a_malformed_row_of_csv_costs_only_itself(
    office: Office, tmp_path: Path, row: str, says: str
) -> None:
    file = _csv(tmp_path / "a.csv", dict(_flat(_document("john"))))
    header, good = file.read_text().splitlines()
    file.write_text(f"{header}\n{row}\n{good}\n")

    bad, result = _imported(office, file)

    assert bad.line == 2
    assert says in bad.faults[0]
    assert result.outcome
    assert result.line == 3 + row.count("\n")


def test_a_cell_may_be_longer_than_the_csv_module_takes_by_itself(
    office: Office, tmp_path: Path
) -> None:
    flat = dict(_flat(_document("john"))) | {"employment[0].position": "x" * 200_000}
    (result,) = _imported(office, _csv(tmp_path / "a.csv", flat))
    assert result.outcome, result.faults


def test_what_stands_before_a_quote_that_never_ends_is_filed(
    office: Office, tmp_path: Path
) -> None:
    file = _csv(tmp_path / "a.csv", dict(_flat(_document("john"))))
    file.write_text(f'{file.read_text()}"general,x\ngeneral,y\n')

    good, bad = _imported(office, file)

    assert good.outcome
    assert bad.line == 3
    assert bad.faults[0].endswith("never ends, so nothing from here on was read or filed")
    assert office.store.sequence() == 1


@pytest.mark.parametrize("cell", ["1_000", "\u0665", "nan", "1e3", "+5"])
def test_a_cell_is_a_number_only_as_people_write_one(cell: str) -> None:
    row = {"prerequisites.net_worth_hkd": cell}
    assert nested(row, Application)["prerequisites"] == {"net_worth_hkd": cell}


def test_a_row_that_the_store_cannot_take_costs_only_itself(office: Office, tmp_path: Path) -> None:
    huge = _paper("emma")
    huge["application"]["applicant"]["family_name"] = "x" * 3_000_000
    results = _imported(office, _jsonl(tmp_path / "a.jsonl", huge, _paper("john")))
    assert [each.outcome is not None for each in results] == [False, True]


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_without_a_day_in_hong_kong_is_a_fault(
    office: Office, tmp_path: Path, instant: str
) -> None:
    row = {**_paper("john"), "received_at": instant}
    (result,) = _imported(office, _jsonl(tmp_path / "a.jsonl", row))
    assert [fault.split(":")[0] for fault in result.faults] == ["received_at"]


def test_the_first_day_of_the_calendar_is_a_fault_of_its_own_row(
    office: Office, tmp_path: Path
) -> None:
    row = {**_paper("john"), "received_at": "0001-01-01"}
    row["application"]["applicant"]["date_of_birth"] = "0001-01-01"
    result, other = _imported(office, _jsonl(tmp_path / "a.jsonl", row, _paper("emma")))
    assert "received_at" in [fault.split(":")[0] for fault in result.faults]
    assert other.outcome is not None


def test_a_cell_that_is_not_what_its_column_holds_is_named(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    flat = dict(_flat(_document("john"))) | {"prerequisites.net_worth_hkd": "much"}
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([list(flat), list(flat.values()), ["x"]])

    bad, short = _imported(office, file)

    assert any(fault.startswith("prerequisites.net_worth_hkd:") for fault in bad.faults)
    assert "1 cells under" in short.faults[0]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"", "neither .jsonl nor .csv"),
        ("a.csv", b"", "no header"),
        ("a.csv", b"route,route\n", "more than once"),
        ("a.csv", b"route,a[999].b\n", "not a column name"),
        ("a.csv", b"route,application\n", "'application' is a whole"),
        ("a.csv", b"languages[0].spoken,route,languages\n", "'languages' leaves no place for"),
        ("a.csv", b"applicant.email,applicant\n", "'applicant' leaves no place for"),
        ("a.csv", b"channel.of,channel\n", "'channel' leaves no place for"),
        ("a.csv", b"employment[1].country,employment[1]\n", "leaves no place for 'employment"),
        ("a.csv", b"languages[0].spoken,languages[00].spoken\n", "is the same column as"),
        ("a.csv", b'route,"endless\n', "line 1: a quote that begins"),
        ("a.csv", b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_why(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=says):
        list(rows_of(path))


def test_every_fault_of_an_envelope_and_its_application_is_found_at_once() -> None:
    row = _paper("john") | {"received_at": "yesterday", "channel": "fax", "colour": "red"}
    del row["application"]["languages"]
    with pytest.raises(ApplicationFaults) as refused:
        filing_from(row, filed_by("john").applicant.travel_document.expires_on)
    paths = {fault.path for fault in refused.value.faults}
    assert paths == {"received_at", "channel", "colour", "languages"}


def test_a_key_beside_an_application_can_always_be_printed() -> None:
    with pytest.raises(ApplicationFaults) as refused:
        filing_from(_paper("john") | {"\x1b[31m": 1}, date(2019, 5, 1))
    assert [fault.path for fault in refused.value.faults] == ['["\\u001b[31m"]']


def _flat(value: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [
            pair
            for key, inner in value.items()
            for pair in _flat(inner, f"{path}.{key}" if path else key)
        ]
    if isinstance(value, list):
        return [pair for n, inner in enumerate(value) for pair in _flat(inner, f"{path}[{n}]")]
    return [(path, json.dumps(value) if isinstance(value, bool) else str(value))]


def test_the_id_of_a_row_tells_nobody_without_the_key_what_the_row_says(office: Office) -> None:
    other = replace(office, settings=replace(office.settings, blind_index_key=bytes(range(32))))
    row = _paper("john")
    spelled_otherwise = dict(reversed(row.items()))
    assert command_id_of(office, row) == command_id_of(office, spelled_otherwise)
    assert command_id_of(office, row) != command_id_of(other, row)
