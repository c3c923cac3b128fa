"""What the ledger keeps of what people were sent: letters, sealed by the key of their case."""

from collections.abc import Mapping

from sqlalchemy import func, select

from services.notifications.ledger import Ledger
from services.notifications.tables import notifications

_ROW = notifications.c


def letters_kept(ledger: Ledger, reference: str) -> Mapping[str, int]:
    """Return how many letters of a case are kept sealed, by how far they have come."""
    query = (
        select(_ROW.state, func.count())
        .where(_ROW.reference == reference, _ROW.sealed.is_not(None))
        .group_by(_ROW.state)
        .order_by(_ROW.state)
    )
    with ledger.engine.connect() as connection:
        return {str(state): int(count) for state, count in connection.execute(query)}
