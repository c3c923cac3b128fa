"""The connection to the read models, and the keys that open what is sealed in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Engine, create_engine

from services.store import BlindIndex, CaseKeys
from services.store.absence import tell_absence
from services.store.connections import REACHING, ConnectionLost, Connections
from services.store.errors import StoreUnreachable
from services.store.sameness import Sameness

POOL: Final = 16
"""As many as a web process has threads: who waits for a connection may wait long among many.

Each thread of it uses one at a time, also where it follows the log; a worker uses two then.
"""

_DIRECT: Final = 8
"""As many at most for what is asked directly, which takes a moment and is asked often."""

# Instants are read as UTC whatever the server's own zone, and nothing holds a connection for ever:
# the longest statements replace a read model's rows, the longest pauses read and fold a batch.
_SETTINGS: Final = (
    "-c timezone=UTC -c statement_timeout=120s -c idle_in_transaction_session_timeout=60s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModels:
    """Where the read models are; connections are opened when first needed.

    `engine` gives transactions. `reads` shares its pool and gives autocommit: right for a query
    of one statement, which then costs one round trip. Both raise `StoreUnreachable` when the
    database does not answer, or not within two minutes. `direct` is for what `first` asks.
    """

    engine: Engine
    reads: Engine
    direct: Connections
    keys: CaseKeys
    blind: BlindIndex

    @classmethod
    def connect(
        cls,
        url: str,
        keys: CaseKeys,
        blind: BlindIndex,
        *,
        pool_size: int = POOL,
        same: Sameness | None = None,
    ) -> Self:
        """Return the read models in the database at the libpq URL `url`."""
        engine = create_engine(
            f"postgresql+psycopg:{url.partition(':')[2]}",
            connect_args={
                "options": _SETTINGS,
                **REACHING,
                "application_name": "qmas-projections",
            },
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=False,
            pool_use_lifo=True,
            hide_parameters=True,  # an error is logged, and what was asked may be personal
        )
        tell_absence(engine)
        same = same or Sameness()
        same.guard(engine)
        reads = engine.execution_options(isolation_level="AUTOCOMMIT")
        direct = Connections(url, min(pool_size, _DIRECT), same=same)
        return cls(engine=engine, reads=reads, direct=direct, keys=keys, blind=blind)

    def first(self, statement: str, given: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row of a statement of the driver's own, None without any.

        It is prepared once in each connection and a transaction of its own, and costs a fifth of
        what it costs through SQLAlchemy: right for what is asked by every request. Raises
        `StoreUnreachable` when the database does not answer.
        """
        try:
            with self.direct.borrow() as connection:
                return connection.kept.execute(statement, given, prepare=True).fetchone()
        except ConnectionLost as fault:
            # Not asked again: it may have been recorded as a look, which would be two then. The
            # others of the pool are most likely as dead as this one.
            self.direct.dispose()
            raise StoreUnreachable(str(fault)) from fault

    def dispose(self) -> None:
        """Give every connection back; the next use opens new ones."""
        self.engine.dispose()
        self.direct.dispose()
