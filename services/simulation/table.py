"""Compared cases as rows of text, and a file that is either whole or not there.

Law: a row holds nothing personal: a reference, days, stages, rulesets and points.
"""

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

from domain.errors import Reportable
from services.simulation.comparing import Compared

COLUMNS: Final = (
    "reference",
    "route",
    "submitted_on",
    "stage",
    "ruleset",
    "total",
    "computed_total",
    "pass_mark",
    "eligible",
    "to_ruleset",
    "to_total",
    "to_computed_total",
    "to_pass_mark",
    "to_eligible",
    "change",
)
Value = str | int | bool | None
Write = Callable[[Compared], None]


class Unwritten(Reportable):
    """A file could not be written; nothing is left of it, and an older one is as it was."""


def row_of(case: Compared) -> dict[str, Value]:
    """Return a case as one row, by the names in `COLUMNS`; None is what nobody can know."""
    before, after = case.present, case.target
    values: tuple[Value, ...] = (
        case.reference,
        case.route.value,
        case.submitted_on.isoformat(),
        case.stage.value,
        before.ruleset,
        before.total,
        before.computed_total,
        before.pass_mark,
        before.eligible,
        after.ruleset,
        after.total,
        after.computed_total,
        after.pass_mark,
        after.eligible,
        case.change,
    )
    return dict(zip(COLUMNS, values, strict=True))


def csv_to(file: TextIO) -> Write:
    """Return what writes cases as lines of CSV, after a first line of names."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    return lambda case: writer.writerow(map(_cell, row_of(case).values()))


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Yield a file that takes its name only when the block ends well; raises `Unwritten`.

    A link stays, and what it leads to is the file. What is no file, such as a device or a pipe, is
    written to as it is: it keeps its name, and nothing can be taken back.
    """
    if path.exists() and not path.is_file():
        with _straight_to(path) as file:
            yield file
        return
    path = Path(os.path.realpath(path))
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as fault:
        raise Unwritten(f"{path} cannot be written: {fault.strerror}") from fault
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            yield file
        # The temporary file is for its owner only; the name is as any new file of this user's.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except OSError as fault:
        raise Unwritten(f"{path} cannot be written: {fault.strerror}") from fault
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


@contextmanager
def _straight_to(path: Path) -> Iterator[TextIO]:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as fault:
        raise Unwritten(f"{path} cannot be written: {fault.strerror}") from fault


def _cell(value: Value) -> str | int:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value
