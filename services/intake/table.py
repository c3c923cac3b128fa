"""Applications in the rows of a CSV file.

The header names paths as faults do: `applicant.family_name`, `qualifications[0].level`. An empty
cell claims nothing. Cells are texts, so each is turned into what its field holds where it reads
as that; what does not is left for the schema to name.

Law: no cell is lost. Columns of which one would stand in the other's place are refused with the
header, and a text where a list belongs stays that text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import pairwise
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from services.intake.faults import Fault

MOST_IN_A_LIST: Final = 100
_STEP: Final = re.compile(r"([a-z_]+)(?:\[([0-9]{1,3})\])?")
_WRITTEN_STEP: Final = re.compile(r"[a-z_]+|\[[0-9]+\]")
_WHOLE: Final = re.compile(r"-?[0-9]{1,24}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,24}(?:\.[0-9]{1,24})?")
_TRUTHS: Final = {"true": True, "false": False}


_Path = tuple[str | int, ...]


class _Rows(list[Any]):
    """The rows of a list that have a cell, which remembers the number of each in the header."""

    numbers: tuple[int, ...] = ()


def header_faults(header: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with the names of columns: what is no path, and what leaves another no place.

    Two of one path, however it is written, leave one of the two cells no place; so does a path
    that another begins with.
    """
    paths: list[tuple[_Path, str]] = []
    for name in header:
        if (path := _path_of(name)) is None:
            message = f"{name!r} is not a column name like applicant.family_name"
            yield Fault(path="", message=message)
        else:
            paths.append((path, name))
    # What begins with a path stands behind it in this order, and nothing else between the two.
    paths.sort(key=lambda each: [str(step) for step in each[0]])
    for (path, name), (other, longer) in pairwise(paths):
        if name == longer:
            yield Fault(path="", message=f"{name!r} stands more than once")
        elif path == other:
            yield Fault(path="", message=f"{name!r} is the same column as {longer!r}")
        elif path == other[: len(path)]:
            yield Fault(path="", message=f"{name!r} leaves no place for {longer!r}; keep one")


def nested(row: Mapping[str, str], cls: type) -> dict[str, Any]:
    """Return the document that a row's filled cells spell, shaped for the dataclass `cls`.

    The names of the cells are a header without a fault.
    """
    document: dict[str, Any] = {}
    for name, cell in row.items():
        if cell != "":
            _put(document, name, cell)
    shaped: dict[str, Any] = _shaped(document, cls)
    return shaped


def column_of(path: str, document: object) -> str:
    """Return the path of a value of a `nested` document as the header has it.

    A list has no gaps, so its rows are numbered otherwise where one before has no cell.
    """
    place, written = document, ""
    for step in _WRITTEN_STEP.findall(path):
        if not step.startswith("["):
            place = place.get(step) if isinstance(place, dict) else None
            written += f".{step}" if written else step
            continue
        number = int(step[1:-1])
        if isinstance(place, _Rows) and number < len(place):
            written += f"[{place.numbers[number]}]"
            place = place[number]
        else:
            written, place = written + step, None
    return written


def _path_of(name: str) -> _Path | None:
    """The keys and numbers of a column's name, None where it is no path."""
    path: list[str | int] = []
    for step in name.split("."):
        matched = _STEP.fullmatch(step)
        if matched is None:
            return None
        path.append(matched[1])
        if matched[2] is not None:
            path.append(int(matched[2]))
    numbers = [step for step in path if isinstance(step, int)]
    return tuple(path) if all(each < MOST_IN_A_LIST for each in numbers) else None


def _put(document: dict[str, Any], name: str, cell: str) -> None:
    """Put a cell where its path says; lists are kept by number until they are shaped."""
    path = _path_of(name)
    if path is None:
        raise ValueError(f"{name!r} is not a path")
    place: dict[Any, Any] = document
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = cell


def _shaped(value: Any, hint: Any) -> Any:
    kinds = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) is tuple:
        return _list(value, kinds[0])
    if NoneType in get_args(hint) and kinds:
        return _shaped(value, kinds[0])
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, dict):
        return _object(value, hint)
    return _scalar(value, hint) if isinstance(value, str) else value


def _list(value: Any, kind: Any) -> Any:
    """The rows in the order of their numbers; what is no row is left for the schema to name."""
    if not isinstance(value, dict) or not all(isinstance(key, int) for key in value):
        return value
    rows = _Rows(_shaped(value[number], kind) for number in sorted(value))
    rows.numbers = tuple(sorted(value))
    return rows


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
