"""`python -m benchmarks.lists`: the case list and the queue, page by page, over a million cases.

The rows are made in the read models' own tables, not folded from a log: it is the questions that
are timed. The newest cases are undecided. Officers have the newest of those, which is the worst
that can be for whoever asks what nobody has; those that wait longest are held, so that the queue
has to look past them.
"""

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from itertools import cycle, product
from pathlib import Path

import psycopg
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table

from benchmarks.offices import office_of
from benchmarks.server import Database, fresh_database, throwaway_server
from domain.access import Action, Person, Role
from domain.application import Route
from domain.looks import Door, What, look_of
from domain.stages import Stage
from domain.work_queue import FOR_OFFICERS
from services.identity import logins
from services.pages.app import create_pages
from services.projections import queries, queue
from services.projections.models import ReadModels
from services.projections.paging import CaseFilter, Mark, Sort, case_list_page
from services.store import BlindIndex, CaseKeys
from services.wiring import Office

LOOK = look_of(
    Person(name="officer.7", role=Role.OFFICER),
    Action.READ_CASES,
    What.LIST,
    Door.PAGE,
    "benchmark",
)
_CASES = """
INSERT INTO case_list (
    reference, stage, stage_since, route, channel, submitted_at, points, exercise, ruleset,
    documents_awaited, held, holder, version, position
)
SELECT 'QM-' || substr(md5(n::text), 1, 5) || '-' || lpad(to_hex(n), 5, '0'),
    CASE WHEN n > %(cases)s - %(open)s THEN (ARRAY[
        'submitted', 'acknowledged', 'prerequisites-met', 'below-mark', 'in-pool', 'selected'
    ])[1 + n %% 6] ELSE (ARRAY['refused', 'withdrawn', 'visa-activated'])[1 + n %% 3] END,
    timestamptz '2016-01-01' + n * interval '5 minutes',
    CASE WHEN n %% 20 = 0 THEN 'achievement' ELSE 'general' END, 'online',
    timestamptz '2015-12-01' + n * interval '5 minutes', 60 + n %% 150,
    CASE WHEN n %% 3 = 0 THEN '2019-1' END, 'gpt-2018', n %% 11 = 0,
    n BETWEEN %(cases)s - %(open)s AND %(cases)s - %(open)s + %(held)s,
    CASE WHEN n > %(cases)s - %(taken)s THEN 'officer.' || n %% 200 END, 4, n
FROM generate_series(1, %(cases)s) AS n
"""
_WORK = """
INSERT INTO work (
    reference, holder, since, returned, notes, duplicates, changed_at, version, position
)
SELECT reference, holder, CASE WHEN holder IS NOT NULL THEN stage_since END, false, 0,
    (position %% 190 = 0)::integer, stage_since, 1, position
FROM case_list WHERE holder IS NOT NULL OR position %% 190 = 0
"""
_DEADLINES = """
INSERT INTO deadlines (
    reference, stage, deadline, due_on, opened, opened_on, told, further_stay,
    access_due_on, access_opened, access_opened_on, position
)
SELECT reference, stage, kind, due_on, opened, due_on - 100, told, false,
    access_due_on, access_opened, access_due_on - 40, position
FROM (
    SELECT *, CASE WHEN kind IS NOT NULL THEN stage_since::date + 100 + (position % 1000)::integer
        END AS due_on,
        CASE WHEN kind IS NOT NULL THEN 4 END AS opened,
        CASE WHEN kind IS NOT NULL AND position % 4000 = 0 THEN -1 END AS told,
        CASE WHEN position % 5000 = 1 THEN stage_since::date + 40 END AS access_due_on,
        CASE WHEN position % 5000 = 1 THEN 1 END AS access_opened
    FROM (
        SELECT *, CASE WHEN stage = 'visa-activated' THEN 'extension'
            WHEN stage = 'refused' THEN 'reconsideration'
            WHEN documents_awaited THEN 'documents' END AS kind
        FROM case_list
    ) AS of_stage
) AS with_days
"""


_PAGES = (
    "/staff",
    "/staff?stage=acknowledged",
    "/staff?stage=refused&sort=stage_since",
    "/staff?route=achievement",
    "/staff?exercise=2019-1&stage=acknowledged",
    "/staff?exercise=2019-1&route=achievement",
    "/staff?mark=held",
    "/staff?held=nobodys&stage=in-pool",
    "/staff?sort=due_on",
    "/staff/work",
)


def fill(database: Database, cases: int) -> None:
    """So many cases: of every 1,000 there are 80 undecided, 50 of them with an officer, 5 held."""
    given = {
        "cases": cases,
        "open": cases * 8 // 100,
        "taken": cases * 5 // 100,
        "held": cases * 5 // 1000,
    }
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(_CASES, given)
        connection.execute(_WORK, given)
        connection.execute(_DEADLINES)
        connection.execute("VACUUM ANALYZE")


def filters() -> Iterator[tuple[str, CaseFilter]]:
    """Every mark, and whose cases, each by itself and with a stage and a test."""
    whose: dict[str, dict[str, object]] = {
        "any": {},
        "overdue": {"mark": Mark.OVERDUE},
        "held": {"mark": Mark.HELD},
        "duplicates": {"mark": Mark.DUPLICATES},
        "mine": {"holder": "officer.7"},
        "nobody's": {"unheld": True},
        "held, nobody's": {"mark": Mark.HELD, "unheld": True},
    }
    beside: dict[str, dict[str, object]] = {
        "": {},
        " of a stage": {"stage": Stage.ACKNOWLEDGED},
        " of a test": {"route": Route.ACHIEVEMENT},
        " of both": {"stage": Stage.ACKNOWLEDGED, "route": Route.ACHIEVEMENT},
    }
    for (name, one), (more, other) in product(whose.items(), beside.items()):
        yield name + more, CaseFilter(**(one | other))  # type: ignore[arg-type]  # as named above


def timed(ask: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each of so many times, the first few not counted."""
    taken = []
    for number in range(rounds + 3):
        begun = time.perf_counter()
        ask()
        if number >= 3:
            taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)


def pages_of(models: ReadModels, wanted: CaseFilter, sort: Sort) -> Callable[[], object]:
    """Ask for the first page, and for the one after a page deep in the list."""
    cursors: list[str | None] = [None]
    for _ in range(20):
        page = case_list_page(models, LOOK, wanted, sort=sort, after=cursors[-1])
        if page.next is None:
            break
        cursors.append(page.next)
    one_after_another = cycle(cursors)
    return lambda: case_list_page(models, LOOK, wanted, sort=sort, after=next(one_after_another))


def served(database: Database, rounds: int) -> Iterator[tuple[str, list[float]]]:
    """Each page whole, as its server makes it for an officer: counts, rows, choices and all."""
    with tempfile.TemporaryDirectory(prefix="qmas-bench-lists-") as folder:
        office = office_of(database.app_url, Path(folder))
        browser = _signed_in(office)
        for address in _PAGES:
            if browser.get(address).status_code != HTTPStatus.OK:
                raise RuntimeError(f"{address} is not shown")
            yield address, timed(partial(browser.get, address), rounds)
        office.close()


def _signed_in(office: Office) -> FlaskClient:
    browser = create_pages(office).test_client()
    door = "/staff/sign-in"
    token = re.search('name="csrf" value="([^"]+)"', browser.get(door).text)
    if token is None:
        raise RuntimeError("the page to sign in has no form")
    officer = next(each for each in logins(office.settings) if each.name == "officer.chan")
    browser.post(door, data={"csrf": token[1], "name": officer.name, "password": officer.password})
    return browser


def main() -> None:
    """Fill a database and print how long each question takes."""
    parser = argparse.ArgumentParser(prog="benchmarks.lists", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    asked = parser.parse_args()
    console = Console(width=110)
    table = Table("Question", "Order", "p50 ms", "p95 ms", title=f"Of {asked.cases:,} cases")
    with throwaway_server() as server, fresh_database(server) as database:
        fill(database, asked.cases)
        keys, blind = CaseKeys(bytes(32)), BlindIndex(bytes(32))
        models = ReadModels.connect(database.app_url, keys, blind)
        for (name, wanted), sort in product(filters(), Sort):
            taken = timed(pages_of(models, wanted, sort), asked.rounds)
            table.add_row(name, sort, *_shown(taken))
        table.add_section()

        def take() -> None:
            with queue.longest_waiting(models, FOR_OFFICERS, tuple(Route), ()):
                pass

        for name, ask in (
            ("how many at each stage", lambda: queries.counts_by_stage(models)),
            ("get-next", take),
            ("how many wait", lambda: queue.waiting(models, FOR_OFFICERS)),
            ("how many are held", lambda: queue.waiting(models, FOR_OFFICERS, on_hold=True)),
            ("what an officer has", lambda: queue.held_by(models, LOOK, "officer.7")),
            ("who has how many", lambda: queue.workloads(models)),
        ):
            table.add_row(name, "", *_shown(timed(ask, asked.rounds)))
        models.engine.dispose()
        table.add_section()
        for address, taken in served(database, asked.rounds):
            table.add_row(address, "as a page", *_shown(taken))
    console.print(table)


def _shown(taken: list[float]) -> tuple[str, str]:
    return f"{taken[len(taken) // 2]:.1f}", f"{taken[len(taken) * 95 // 100]:.1f}"


if __name__ == "__main__":
    main()
