"""What can go wrong with the servers this project runs for itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.errors import Reportable


class StackFault(Reportable):
    """A server or a folder is not as it must be; the message says what, where and what to do."""


class NothingRuns(StackFault):
    """A question was asked of a data folder in which nothing runs that could answer."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            f"nothing runs in {home}: run `qmas up`, or set QMAS_HOME to the folder where it does"
        )


class DatabaseGone(StackFault):
    """A question was asked of a data folder whose database is gone, while the rest of it runs."""

    def __init__(self, home: Path, others: Sequence[str]) -> None:
        super().__init__(
            f"the database of {home} does not run, only {', '.join(others)}: run `qmas up`, for "
            "nothing else starts it again"
        )


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What goes wrong with a file in the block names this one: opening tells a name, writing none.

    A draft is nothing to whoever has to make room.
    """
    try:
        yield
    except OSError as fault:
        fault.filename = str(path)
        raise
