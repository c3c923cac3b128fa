"""Application files: good ones read whole, bad ones refused with every fault and its path."""

from datetime import date
from typing import Any

import msgspec
import pytest

from domain.application import Application
from services.intake.application import application_from, read_application
from services.intake.faults import ApplicationFaults
from tests.services.filed import MISSING, PEOPLE, as_bytes, changed, person

ON = date(2019, 5, 1)


def _faults(data: bytes, on: date = ON) -> list[str]:
    with pytest.raises(ApplicationFaults) as refused:
        read_application(data, on)
    return [str(fault) for fault in refused.value.faults]


def _paths(document: object) -> list[str]:
    return [fault.split(": ")[0] for fault in _faults(as_bytes(document))]


@pytest.mark.parametrize("name", ["john", "emma", "jackie"])
def test_a_good_file_is_read_as_its_annotations_say(name: str) -> None:
    data = (PEOPLE / f"{name}.json").read_bytes()
    assert read_application(data, ON) == msgspec.json.decode(data, type=Application)


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert read_application(b"\xef\xbb\xbf" + as_bytes(person("john")), ON).route == "general"


def test_optional_keys_may_be_left_out() -> None:
    document = changed(person("john"), "talent_list_profession", to=MISSING)
    document = changed(document, "annual_income_hkd", to=MISSING)
    assert read_application(as_bytes(document), ON).talent_list_profession is None


REQUIRED = [
    (*before, key)
    for before, inner in (
        ((), person("john")),
        (("applicant",), person("john")["applicant"]),
        (("applicant", "travel_document"), person("john")["applicant"]["travel_document"]),
        (("prerequisites",), person("john")["prerequisites"]),
        (("qualifications", 1), person("john")["qualifications"][1]),
        (("employment", 0), person("john")["employment"][0]),
        (("languages", 2), person("john")["languages"][2]),
        (("family",), person("john")["family"]),
    )
    for key in inner
    if key not in {"ended_on", "talent_list_profession", "annual_income_hkd"}
]


def _written(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)[1:]


@pytest.mark.parametrize("path", REQUIRED, ids=_written)
def test_a_required_key_that_is_missing_is_one_fault_at_its_path(
    path: tuple[str | int, ...],
) -> None:
    found = _faults(as_bytes(changed(person("john"), *path, to=MISSING)))
    assert found == [f"{_written(path)}: is required and missing"]


@pytest.mark.parametrize(
    "path",
    [
        *REQUIRED,
        ("talent_list_profession",),
        ("annual_income_hkd",),
        ("employment", 0, "ended_on"),
        ("applicant", "name_in_chinese"),
        ("family", "spouse"),
        ("family", "permanent_resident_relative"),
        ("qualifications", 0, "recognised_body"),
    ],
    ids=_written,
)
def test_null_is_a_wrong_type_everywhere(path: tuple[str | int, ...]) -> None:
    found = _faults(as_bytes(changed(person("john"), *path, to=None)))
    null = "must not be null; a key that is not required is left out to claim nothing"
    assert found == [f"{_written(path)}: {null}"]


@pytest.mark.parametrize("name", ["extra", "_schema"])
@pytest.mark.parametrize(
    "path", [(), ("applicant",), ("qualifications", 0), ("family",), ("languages", 1)], ids=_written
)
def test_an_unknown_key_is_refused_at_its_path(path: tuple[str | int, ...], name: str) -> None:
    assert _paths(changed(person("john"), *path, name, to=1)) == [_written((*path, name))]


def test_a_file_with_ten_faults_gets_ten() -> None:
    document = person("john")
    for path, to in (
        (("route",), "fast"),
        (("applicant", "family_name"), "Car\x00ter"),
        (("applicant", "date_of_birth"), "2019-05-02"),
        (("applicant", "nationality"), "US"),
        (("prerequisites", "net_worth_hkd"), 2_600_000.0),
        (("qualifications", 1, "awarded_on"), "2012-06-31"),
        (("employment", 0, "ended_on"), "2012-07-31"),
        (("employment", 1, "senior_role"), "yes"),
        (("languages", 2, "language"), "es_MX"),
        (("annual_income_hkd",), None),
    ):
        document = changed(document, *path, to=to)
    assert sorted(_paths(document)) == [
        "annual_income_hkd",
        "applicant.date_of_birth",
        "applicant.family_name",
        "applicant.nationality",
        "employment[0].ended_on",
        "employment[1].senior_role",
        "languages[2].language",
        "prerequisites.net_worth_hkd",
        "qualifications[1].awarded_on",
        "route",
    ]


def test_a_birth_on_the_reference_date_is_not_in_the_future() -> None:
    document = changed(person("john"), "applicant", "date_of_birth", to="2019-05-01")
    assert read_application(as_bytes(document), ON).applicant.date_of_birth == ON
    assert _faults(as_bytes(document), date(2019, 4, 30)) == [
        "applicant.date_of_birth: is in the future: 30 April 2019 is the reference date"
    ]


def test_a_child_born_in_the_future_is_refused() -> None:
    unborn = {"date_of_birth": "2019-05-02", "accompanying": True, "married": False}
    document = changed(person("john"), "family", "children", to=[unborn])
    assert _paths(document) == ["family.children[0].date_of_birth"]


def test_a_post_of_one_day_is_possible_and_one_that_ends_before_it_starts_is_not() -> None:
    one_day = changed(person("john"), "employment", 0, "ended_on", to="2012-08-01")
    assert read_application(as_bytes(one_day), ON).employment[0].ended_on == date(2012, 8, 1)
    backwards = changed(one_day, "employment", 0, "ended_on", to="2012-07-31")
    assert _faults(as_bytes(backwards)) == ["employment[0].ended_on: is before started_on"]


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("qualifications", 0, "awarded_on"), "2025-01-01"),
        (("employment", 1, "started_on"), "2025-01-01"),
        (("employment", 0, "ended_on"), "2025-01-01"),
        (("applicant", "travel_document", "expires_on"), "2001-01-01"),
    ],
    ids=str,
)
def test_days_that_only_do_not_count_are_no_faults(path: tuple[Any, ...], to: str) -> None:
    document = changed(person("john"), *path, to=to)
    assert read_application(as_bytes(document), ON).route == "general"


@pytest.mark.parametrize(
    ("data", "saying"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\xff\xfe{\x00}\x00", "is not UTF-8: byte 1"),
        (b'{"route": "\xe9"}', "is not UTF-8: byte 12"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"17", "must be a JSON object"),
        (b"{", "is not JSON"),
        (b"{'route': 1}", "is not JSON: .* line 1, column 2"),
        (b'{"a": 1} {"b": 2}', "is not JSON: Extra data at line 1, column 10"),
        (b"[" * 100_000, "is nested more than 32 levels"),
        (b'{"a":' * 100_000, "is nested more than 32 levels"),
        (b'{"qualifications":[' + b"{}," * 20_000 + b"{}]}", "holds more than 2,000 values"),
        (as_bytes({f"key-{each}": {} for each in range(2_001)}), "holds more than 2,000 values"),
    ],
    ids=str,
)
def test_what_is_not_one_json_object_is_one_fault(data: bytes, saying: str) -> None:
    with pytest.raises(ApplicationFaults, match=saying) as refused:
        read_application(data, ON)
    assert [fault.path for fault in refused.value.faults] == [""]


def test_a_key_that_stands_twice_is_a_fault_at_its_path() -> None:
    data = as_bytes(person("john")).replace(b'"stem": true', b'"stem": true, "stem": false')
    twice = "stands more than once in its object"
    assert _faults(data) == [f"qualifications[{n}].stem: {twice}" for n in (0, 1)]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "1e2"])
def test_a_number_that_is_none_is_a_fault_at_its_path(number: str) -> None:
    data = as_bytes(person("john")).replace(b"1450000", number.encode())
    assert [fault.split(": ")[0] for fault in _faults(data)] == ["annual_income_hkd"]


def test_nesting_below_a_known_key_is_named_there() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    found = _faults(as_bytes(changed(person("john"), "annual_income_hkd", to=deep)))
    assert len(found) == 2
    assert found[0].endswith("is nested more than 32 levels deep")
    assert found[1] == "annual_income_hkd: must be a whole number"


def test_a_path_can_always_be_printed() -> None:
    document = changed(person("john"), "\ud800 odd\x1b[31m", to=1)
    (path,) = _paths(document)
    assert path == '["\\ud800 odd\\u001b[31m"]'
    assert path.isprintable()


def test_messages_never_repeat_what_was_sent() -> None:
    document = changed(person("john"), "applicant", "email", to="secret person")
    assert "secret" not in "".join(_faults(as_bytes(document)))


@pytest.mark.parametrize("document", [None, [], "text", 5])
def test_parsed_json_that_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(ApplicationFaults, match="must be a JSON object"):
        application_from(document, ON)
