"""The few tables of who is at the door, asked one statement at a time."""

from typing import Any, Final, Self

from services.store.connections import ConnectionLost, Connections
from services.store.errors import StoreUnreachable

_CONNECTIONS: Final = 4

Row = tuple[Any, ...]


class Rows:
    """The tables in one database; `StoreUnreachable` when that does not answer in time."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @classmethod
    def connect(cls, url: str) -> Self:
        """Return the tables at a libpq URL; connections are opened when first needed."""
        return cls(Connections(url, _CONNECTIONS))

    def dispose(self) -> None:
        """Give every connection back."""
        self._connections.dispose()

    def ask(self, statement: str, given: tuple[Any, ...]) -> list[Row]:
        """Return the rows of a statement, said again if its connection broke.

        So a statement that was carried out before may not do more the second time.
        """
        try:
            return self._once(statement, given)
        except ConnectionLost:
            self._connections.dispose()
        try:
            return self._once(statement, given)
        except ConnectionLost as fault:
            raise StoreUnreachable(str(fault)) from fault

    def _once(self, statement: str, given: tuple[Any, ...]) -> list[Row]:
        with self._connections.borrow() as connection:
            cursor = connection.cursor(binary=True)
            cursor.execute(statement, given)
            return cursor.fetchall() if cursor.description else []
