"""Looks are found among many by an index, and in the order of what they are asked for by."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from domain.looks import What
from services.projections.looks import LookFilter, LookPage, looks
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import AUDITOR
from tests.services.seeing import looking

BEGUN = datetime(2021, 1, 1, tzinfo=UTC)
_INSERT = """
INSERT INTO reads (read_at, who, role, purpose, what, door, correlation_id, cases)
SELECT %(begun)s::timestamptz + minute * interval '1 minute', 'officer.' || n %% 50, 'officer',
    'casework', 'case', 'page', '', ARRAY['QM-' || n]
FROM unnest(%(minutes)s::integer[]) WITH ORDINALITY AS each (minute, n)
"""


def fill(database: TestDatabase, minutes: list[int]) -> None:
    """There is a look at each of these minutes, numbered in this order, each at another case."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(_INSERT, {"begun": BEGUN, "minutes": minutes})
        owner.execute("ANALYZE reads")


def page(office: Office, **wanted: Any) -> LookPage:
    more = {name: wanted.pop(name) for name in ("before", "limit") if name in wanted}
    return looks(office.models, looking(What.READS, AUDITOR), LookFilter(**wanted), **more)


def test_looks_of_a_time_come_in_its_order_page_by_page(
    office: Office, database: TestDatabase
) -> None:
    # A look of a long statement has the time of its beginning, and the number of its end.
    minutes = [1, 3, 2, 5, 4, 4, 9]
    fill(database, minutes)
    found: list[int] = []
    before: int | None = None
    for _ in minutes:
        until = BEGUN + timedelta(minutes=5)
        got = page(office, since=BEGUN, until=until, before=before, limit=2)
        found += [each.number for each in got.rows]
        before = got.older
        if before is None:
            break
    assert found == [4, 6, 5, 2, 3, 1]


def test_a_page_begins_behind_a_number_that_no_look_has(
    office: Office, database: TestDatabase
) -> None:
    fill(database, [1, 2, 3])
    until = BEGUN + timedelta(minutes=9)
    assert [each.number for each in page(office, until=until, before=99).rows] == [3, 2, 1]
    assert page(office, until=until, before=1).rows == ()


@contextmanager
def plans(office: Office, database: TestDatabase) -> Iterator[list[str]]:
    """Yield how each query of the read models is carried out by the database."""
    found: list[str] = []

    def explain(_conn: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        with psycopg.connect(database.owner_url) as owner:
            rows = owner.execute(f"EXPLAIN {statement}", given).fetchall()
            owner.rollback()
        found.append("\n".join(row[0] for row in rows))

    event.listen(office.models.engine, "before_cursor_execute", explain)
    yield found
    event.remove(office.models.engine, "before_cursor_execute", explain)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"case": "QM-17"}, "reads_by_case"),
        ({"case": "QM-none"}, "reads_by_case"),
        ({"who": ("officer.7",)}, "reads_by_who"),
        ({"who": ("officer.7", "Officer.7")}, "reads_by_who"),
        ({"until": BEGUN + timedelta(minutes=9)}, "reads_by_instant"),
        ({"since": BEGUN, "until": BEGUN + timedelta(minutes=9)}, "reads_by_instant"),
        ({"until": BEGUN + timedelta(minutes=40), "before": 30}, "reads_by_instant"),
    ],
)
def test_looks_among_many_are_found_by_their_index(
    office: Office, database: TestDatabase, wanted: dict[str, Any], index: str
) -> None:
    fill(database, list(range(1, 100_001)))
    with plans(office, database) as found:
        rows = page(office, **wanted).rows
    assert bool(rows) is (wanted != {"case": "QM-none"})
    (plan,) = found
    chosen = plan.partition("CTE found")[2].partition("CTE noted")[0]
    assert index in chosen
    assert "Seq Scan on reads" not in chosen
