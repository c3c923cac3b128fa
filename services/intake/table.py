"""Applications in the rows of a CSV file.

The header names paths as faults do: `applicant.family_name`, `qualifications[0].level`. An empty
cell claims nothing. Cells are texts, so each is turned into what its field holds where it reads
as that; what does not is left for the schema to name.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from services.intake.faults import Fault

MOST_IN_A_LIST: Final = 100
_STEP: Final = re.compile(r"([a-z_]+)(?:\[([0-9]{1,3})\])?")
_WHOLE: Final = re.compile(r"-?[0-9]{1,24}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,24}(?:\.[0-9]{1,24})?")
_TRUTHS: Final = {"true": True, "false": False}


def path_fault(header: str) -> Fault | None:
    """Return what is wrong with a column's name, None when it is a path."""
    steps = [_STEP.fullmatch(step) for step in header.split(".")]
    if all(step and int(step[2] or 0) < MOST_IN_A_LIST for step in steps):
        return None
    return Fault(path="", message=f"{header!r} is not a column name like applicant.family_name")


def nested(row: Mapping[str, str], cls: type) -> dict[str, Any]:
    """Return the document that a row's filled cells spell, shaped for the dataclass `cls`."""
    document: dict[str, Any] = {}
    for path, cell in row.items():
        if cell != "":
            _put(document, path, cell)
    shaped: dict[str, Any] = _shaped(document, cls)
    return shaped


def _put(document: dict[str, Any], path: str, cell: str) -> None:
    """Put a cell where its path says; lists are kept by number until they are shaped."""
    place: dict[Any, Any] = document
    keys: list[Any] = []
    for step in path.split("."):
        matched = _STEP.fullmatch(step)
        if matched is None:
            raise ValueError(f"{path!r} is not a path")
        keys.append(matched[1])
        if matched[2] is not None:
            keys.append(int(matched[2]))
    for key in keys[:-1]:
        inner = place.setdefault(key, {})
        if not isinstance(inner, dict):
            inner = place[key] = {}
        place = inner
    place[keys[-1]] = cell


def _shaped(value: Any, hint: Any) -> Any:
    kinds = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) is tuple:
        rows = value.items() if isinstance(value, dict) else ()
        return [_shaped(inner, kinds[0]) for _, inner in sorted(rows, key=_by_number)]
    if NoneType in get_args(hint) and kinds:
        return _shaped(value, kinds[0])
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, dict):
        return _object(value, hint)
    return _scalar(value, hint) if isinstance(value, str) else value


def _by_number(row: tuple[object, object]) -> tuple[bool, int, str]:
    """Numbers in their order, then whatever is no number of a list."""
    key = row[0]
    return (False, key, "") if isinstance(key, int) else (True, 0, str(key))


def _object(value: dict[str, Any], cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    # What has no cell at all is an empty list or object, so that its own faults are named.
    empty: dict[str, Any] = {
        each.name: {}
        for each in fields(cls)
        if get_origin(hints[each.name]) is tuple or is_dataclass(hints[each.name])
    }
    filled = {**empty, **value}
    return {name: _shaped(inner, hints.get(name)) for name, inner in filled.items()}


def _scalar(cell: str, hint: Any) -> object:
    if hint is bool:
        return _TRUTHS.get(cell.strip().lower(), cell)
    number = cell.strip()
    if hint is int and _WHOLE.fullmatch(number):
        return int(number)
    if hint is float and _NUMBER.fullmatch(number):
        return float(number)
    return cell
