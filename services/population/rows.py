"""Arrivals as the rows that an import files."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from services.intake.spelling import document_of
from services.population.arrivals import Arrival


def lines(arrivals: Iterable[Arrival]) -> Iterator[str]:
    """Return each arrival as one line of JSON."""
    for each in arrivals:
        yield json.dumps(_row(each), ensure_ascii=False, separators=(",", ":"))


def _row(arrived: Arrival) -> dict[str, Any]:
    return {
        "application": document_of(arrived.application),
        "channel": arrived.channel,
        "received_at": arrived.received_at.isoformat(),
    }
