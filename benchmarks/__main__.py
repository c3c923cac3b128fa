"""`make bench`: every figure beside its peer or limit, in interleaved rounds, as medians."""

import argparse
import os
import platform
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from statistics import median

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks import (
    bulk,
    contenders,
    exercise,
    following,
    latency,
    library_following,
    opening,
    rebuilding,
    simulation,
    status,
)
from benchmarks.server import Database, fresh_database, throwaway_server
from services.stack.postgres import PostgresServer

Figures = dict[str, list[float]]
_FOLLOWING = ("eventsourcing's ProjectionRunner", "library followed")
WRITERS = (1, 8, 16)
FOLLOWERS = (1, 2)


@contextmanager
def foreign_snapshot(server: PostgresServer) -> Iterator[None]:
    """A transaction elsewhere that keeps its snapshot for as long as the block runs."""
    with psycopg.connect(server.admin_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT txid_current()")
        yield


def appends(server: PostgresServer, seconds: float, figures: Figures) -> None:
    """One event a commit, at each number of writers, the contenders one after the other."""
    for number in WRITERS:
        runs: dict[str, Callable[[Database, int, float], float]] = {
            "store": contenders.store_append,
            "PostgreSQL": contenders.postgres_insert,
            "eventsourcing": contenders.library_append,
        }
        for name, run in runs.items():
            with fresh_database(server) as database:
                figures[f"{name} {number}"].append(run(database, number, seconds))
                if name == "store":
                    p50, p99 = contenders.latencies(database)
                    figures[f"p50 {number}"].append(p50)
                    figures[f"p99 {number}"].append(p99)


def bulk_and_reading(server: PostgresServer, events: int, figures: Figures) -> None:
    """A thousand events a commit, COPY of the same rows, and the log read back."""
    with fresh_database(server) as database:
        figures["bulk"].append(bulk.store_bulk(database, events))
        figures["COPY"].append(bulk.copy_bulk(database, events))
        figures["raw"].append(bulk.raw_read(database))
        figures["closed"].append(bulk.log_read(database, personal=False))
        figures["opened"].append(bulk.log_read(database, personal=True))


def simulating(given: simulation.OpenCases, seconds: float, figures: Figures) -> None:
    """Open cases under another ruleset, their applications only read, and assessing by itself."""
    figures["simulated"].append(simulation.simulated(given))
    filed = opening.opened(given.url, contenders.MASTER_KEY, given.references, simulation.PROCESSES)
    figures["filed"].append(filed)
    figures["assessed"].append(simulation.assessed(given, seconds))


def catching_up(filled: Database, worked: Database, events: int, figures: Figures) -> None:
    """A backlog folded exactly once: the case list, and rows that count as the library's do."""
    for workers in FOLLOWERS:
        listed = following.caught_up(filled, workers, following.CASE_LIST)
        figures[f"listed {workers}"].append(listed)
        counted = following.caught_up(worked, workers, following.WORK)
        figures[f"counted {workers}"].append(counted)
    figures["library followed"].append(library_following.caught_up(filled, events))


def shown(figures: Figures) -> Table:
    """The medians, each with its ratios."""
    mid = {name: median(values) for name, values in figures.items()}
    table = Table("Work", "Rate", "Peer or limit", "Ratio", title="Medians; rates per second")
    for number in WRITERS:
        ours = mid[f"store {number}"]
        for peer in ("PostgreSQL", "eventsourcing"):
            theirs = mid[f"{peer} {number}"]
            table.add_row(
                f"append, {number} writers",
                f"{ours:,.0f}",
                f"{peer}: {theirs:,.0f}",
                f"{ours / theirs:.2f}",
            )
        latency = f"{mid[f'p50 {number}']:.1f} / {mid[f'p99 {number}']:.1f} ms"
        table.add_row(f"commit to position p50 / p99, {number} writers", latency, "50 ms", "")
    table.add_section()
    rows = (
        ("bulk append, 1,000 a commit", "bulk", "COPY", "COPY"),
        ("log reading, sealed members closed", "closed", "raw bodies", "raw"),
        ("log reading, sealed members opened", "opened", "raw bodies", "raw"),
        *(
            (f"{what} caught up, workers: {number}", f"{name} {number}", *_FOLLOWING)
            for what, name in (("case list", "listed"), ("rows that count", "counted"))
            for number in FOLLOWERS
        ),
        ("open cases simulated, 2 processes", "simulated", "applications opened", "filed"),
        ("assessments, 1 process", "assessed", "open cases simulated", "simulated"),
    )
    for work, ours_name, peer, theirs_name in rows:
        ours, theirs = mid[ours_name], mid[theirs_name]
        table.add_row(work, f"{ours:,.0f}", f"{peer}: {theirs:,.0f}", f"{ours / theirs:.2f}")
    table.add_section()
    for work, name in (
        ("exercise, pool frozen to result published", "exercise"),
        ("exercise, confirmed to result published", "confirmed"),
    ):
        table.add_row(work, f"{mid[name]:.1f} s", "10 s", f"{mid[name] / 10:.2f}")
    return table


def of_read_models(anew: rebuilding.Rebuilt, told: latency.Latencies) -> Table:
    """How long read models take to be filled anew, and whoever waits to be told of an event."""
    table = Table("Read models and letters", "Figure", "Limit", "Ratio")
    table.add_row(
        f"every read model filled anew and changed over, {anew.events:,} events",
        f"{anew.seconds:.1f} s",
        f"log only read: {anew.read_seconds:.1f} s",
        f"{anew.read_seconds / anew.seconds:.2f}",
    )
    million = anew.seconds * 1_000_000 / anew.events
    table.add_row(
        f"a million events, scaled from {anew.events:,}",
        f"{million:.0f} s",
        "60 s",
        f"{million / 60:.2f}",
    )
    longest = f"{anew.longest_read * 1000:.0f} ms"
    table.add_row("longest wait for a page of the list meanwhile", longest, "", "")
    for work, waits, limit in (
        ("an application filed until read models show it, p50 / p99", told.shown, 150),
        ("an event until its e-mail is handed over, p50 / p99", told.handed_over, 1_000),
    ):
        p50, p99 = latency.p50_and_p99(waits)
        table.add_row(work, f"{p50:.0f} / {p99:.0f} ms", f"{limit:,} ms", f"{p99 / limit:.2f}")
    return table


def looking(server: PostgresServer, seconds: float) -> dict[str, status.Answered]:
    """An applicant's status and a page of the list over HTTP, and the peer."""
    with fresh_database(server) as database:
        return status.measured(database, seconds)


def of_looks(found: dict[str, status.Answered]) -> Table:
    """How many may look at once, each look on record, and how long they wait."""
    table = Table("Looks over HTTP", "Figure", "Peer or limit", "Ratio")
    for row in status.rows(found):
        table.add_row(*row)
    return table


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each append run")
    parser.add_argument("--events", type=int, default=50_000, help="of each bulk run")
    parser.add_argument("--cases", type=int, default=20_000, help="of the simulation")
    parser.add_argument("--pool", type=int, default=100_000, help="of the exercise, held once")
    parser.add_argument("--rebuilt", type=int, default=205_300, help="cases, filled anew once")
    parser.add_argument("--filed", type=int, default=100, help="applications, for the latencies")
    parser.add_argument(
        "--foreign-snapshot", action="store_true", help="beside a transaction left open elsewhere"
    )
    asked = parser.parse_args()
    rounds, seconds, events, cases = asked.rounds, asked.seconds, asked.events, asked.cases
    pool, rebuilt, filed = asked.pool, asked.rebuilt, asked.filed
    if asked.quick:
        rounds, seconds, events, cases, pool = 1, 1.0, 10_000, 2_000, 5_000
        rebuilt, filed = 2_000, 20
    figures: Figures = defaultdict(list)
    console = Console(width=110)
    with throwaway_server() as server:
        beside = foreign_snapshot(server) if asked.foreign_snapshot else nullcontext()
        with (
            beside,
            fresh_database(server) as filled,
            fresh_database(server) as worked,
            simulation.open_cases(filled, cases) as given,
        ):
            following.fill_with_work(worked, 4 * events)
            for number in range(1, rounds + 1):
                console.print(f"round {number} of {rounds}")
                appends(server, seconds, figures)
                bulk_and_reading(server, events, figures)
                simulating(given, seconds, figures)
                catching_up(filled, worked, events // 10, figures)
        with fresh_database(server) as database:
            for name, took in exercise.seconds_of(database, pool).items():
                figures[name].append(took)
        with fresh_database(server) as database:
            anew = rebuilding.rebuilt(database, rebuilt)
        over_http = looking(server, seconds)
    told = latency.latencies(filed)
    console.print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL 18, "
        f"{rounds} interleaved rounds; every event sealed, the sequencer running"
    )
    for each in (shown(figures), of_read_models(anew, told), of_looks(over_http)):
        console.print(each)


if __name__ == "__main__":
    main()
