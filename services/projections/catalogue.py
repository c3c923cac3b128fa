"""The projections: each pure fold with its table, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Table

from domain.events import Event
from domain.projections import case_list, deadlines, exercises, paths, status, work
from domain.record import Recorded
from services.projections import names, tables
from services.projections.aside import beside
from services.projections.errors import UnknownProjection
from services.store import BlindIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A fold and the table of its rows, which have one key column: the table's primary key.

    `personal` is the type of the rows' sealed member, None where there is none; `opens` are the
    events that touch it. `tokens` gives what a row is found by in the blind index, which is the
    table `found_by`.
    """

    name: str
    version: int
    table: Table
    row: type[Any]
    personal: type[Any] | None
    opens: frozenset[type[Event]]
    key: Callable[[Recorded[Any]], str | None]
    fold: Callable[[Any, Recorded[Any]], Any]
    tokens: Callable[[BlindIndex, Any], frozenset[bytes]] | None = None
    found_by: Table | None = None

    @property
    def key_column(self) -> str:
        """The name of the key, in the row and in the table."""
        return str(next(iter(self.table.primary_key.columns)).name)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table that holds something of it."""
        return (self.table,) if self.found_by is None else (self.table, self.found_by)

    def beside(self, generation: int) -> "Projection":
        """Return the projection into the tables of a generation that is not the live one."""
        table, *found_by = (beside(each, generation) for each in self.tables)
        return replace(self, table=table, found_by=next(iter(found_by), None))

    @property
    def clear_columns(self) -> tuple[str, ...]:
        """The names of the columns that are not sealed."""
        return _clear_columns(self.table)


@cache
def _clear_columns(table: Table) -> tuple[str, ...]:
    return tuple(str(each.name) for each in table.columns if each.name != "sealed")


CASE_LIST: Final = Projection(
    name="case-list",
    version=case_list.VERSION,
    table=tables.case_list,
    row=case_list.CaseRow,
    personal=case_list.Names,
    opens=case_list.OPENS,
    key=case_list.key,
    fold=case_list.fold,
    tokens=names.tokens_of,
    found_by=tables.case_names,
)
CASE_STATUS: Final = Projection(
    name="case-status",
    version=status.VERSION,
    table=tables.case_status,
    row=status.StatusRow,
    personal=status.AboutPerson,
    opens=status.OPENS,
    key=status.key,
    fold=status.fold,
)
EXERCISES: Final = Projection(
    name="exercises",
    version=exercises.VERSION,
    table=tables.exercises,
    row=exercises.ExerciseRow,
    personal=None,
    opens=exercises.OPENS,
    key=exercises.key,
    fold=exercises.fold,
)
WORK: Final = Projection(
    name="work",
    version=work.VERSION,
    table=tables.work,
    row=work.WorkRow,
    personal=None,
    opens=work.OPENS,
    key=work.key,
    fold=work.fold,
)
PATHS: Final = Projection(
    name="paths",
    version=paths.VERSION,
    table=tables.paths,
    row=paths.PathRow,
    personal=None,
    opens=paths.OPENS,
    key=paths.key,
    fold=paths.fold,
)

DEADLINES: Final = Projection(
    name="deadlines",
    version=deadlines.VERSION,
    table=tables.deadlines,
    row=deadlines.DeadlineRow,
    personal=None,
    opens=deadlines.OPENS,
    key=deadlines.key,
    fold=deadlines.fold,
)

PROJECTIONS: Final[Mapping[str, Projection]] = MappingProxyType(
    {each.name: each for each in (CASE_LIST, CASE_STATUS, EXERCISES, WORK, PATHS, DEADLINES)}
)


def projection_named(name: str) -> Projection:
    """Return the projection of that name, or raise `UnknownProjection`."""
    if name not in PROJECTIONS:
        raise UnknownProjection(name, tuple(PROJECTIONS))
    return PROJECTIONS[name]
