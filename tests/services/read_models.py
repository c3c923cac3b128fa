"""Read models to test: a log with a case at every stage, and what became of it in tables."""

from typing import Any

from sqlalchemy import text

from services.projections import runner
from services.projections.verify import Difference, verify
from tests.domain.desk import CHAN, noted, returned, taken
from tests.domain.histories import HISTORIES
from tests.services.casebook import DRAWN, MADE, Casebook, history, opened, reference, write_of

NAMES = tuple(runner.PROJECTIONS)


def fill(book: Casebook, *, cases: int = 1) -> int:
    """Write a case at every stage and an exercise, and return how many events that were."""
    histories = [each for each in HISTORIES.values() if each] * cases
    writes = [
        write_of(f"case-{reference(number)}", history(number, events))
        for number, events in enumerate(histories)
    ]
    writes.append(write_of(f"work-{reference(0)}", (taken(), noted(), returned(CHAN))))
    writes.append(write_of("exercise-2019-q3", (opened("2019-q3"), DRAWN, MADE)))
    book.write_all(writes)
    return book.store.sequence()


def differences(book: Casebook) -> dict[str, tuple[Difference, ...]]:
    found = {name: verify(book.store, book.models, name) for name in NAMES}
    return {name: each for name, each in found.items() if each}


def rows(book: Casebook, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    with book.models.reads.connect() as connection:
        found = connection.execute(text(f"SELECT {columns} FROM {table} ORDER BY 1"))  # noqa: S608 - our own tables
        return [tuple(each) for each in found]
