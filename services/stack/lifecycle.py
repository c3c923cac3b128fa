"""Bringing the whole installation up, taking it down, and telling what runs.

`up` starts what is not running and leaves alone what is; `down` stops in the reverse order. Both
hold the home's lock, so that two commands at once do not work against each other.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from services.identity import refuse_open_door
from services.projections import rebuilding
from services.projections.catalogue import projection_named
from services.projections.errors import ProjectionFault
from services.projections.progress import progress_of
from services.settings import Settings
from services.stack.errors import StackFault
from services.stack.places import Places, locked, settle
from services.stack.ports import claimed, refuse_shared_port, refuse_taken_port
from services.stack.postgres import running_postgres, start_postgres, stop_postgres
from services.stack.processes import (
    MARK,
    Running,
    end_children,
    end_marked,
    is_alive,
    kept_mark,
    new_mark,
    recall,
    recorded,
    remember,
    spawn,
    stop,
    tail,
    wait_until,
)
from services.stack.programs import Program, every_program, programs
from services.stack.redis import redis_socket, running_redis, start_redis, stop_redis
from services.stack.told import note, noted, told_file
from services.store import migrate
from services.store.errors import StoreFault
from services.tasks import WORKERS
from services.wiring import open_office

ALL = ("mail", *WORKERS, "beat", "web", "keeper")
_READY_SECONDS = 60.0
_ANSWER_SECONDS = 20.0  # a worker finds a broker that was restarted again within that

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One server or process as `status` shows it; `running` is None when it is not running.

    It runs at `address`, whatever is set now; `differing` are the settings that it was started
    with others of; `restarts` is how often it ended by itself and was started again.
    """

    name: str
    running: Running | None
    address: str
    ours: bool = True
    differing: tuple[str, ...] = ()
    restarts: int = 0

    @property
    def state(self) -> str:
        """`running`, `stopped`, or `elsewhere` for a server that is not ours to run."""
        if not self.ours:
            return "elsewhere"
        return "running" if self.running else "stopped"

    @property
    def since(self) -> datetime | None:
        """When it was started."""
        return self.running.since if self.running else None


def up(settings: Settings, *, processes: Sequence[str] = ALL, say: Say = lambda _: None) -> None:
    """Return when the servers, the schema and the named processes are there and answer.

    Raises StackFault, with the end of the log of whichever failed; what had started keeps running.
    So it does, and starts nothing, where processes run with other settings than these. No web
    server is started that lets local people in from another machine: SettingsFault.
    """
    if "web" in processes:
        refuse_open_door(settings)
    places = settle(settings.home)
    with locked(places, "stack"), ExitStack() as held:
        if strange := differing(status(settings)):
            raise StackFault(f"{strange}: run `qmas down`, then `qmas up`")
        wanted = [program for program in programs(settings) if program.name in processes]
        refuse_shared_port(wanted)
        missing = [program for program in wanted if recall(_file(places, program)) is None]
        claims = {}
        for program in missing:
            _clear(places, program)
            claims[program.name] = held.enter_context(claimed(program))
        start_servers(settings, say=say)
        _bring_to_head(settings, say)
        _renew_read_models(settings, say)
        _begin_erasures(settings, say)
        _start(settings, places, missing, say, claims)
        for program in wanted:
            _refuse_dead(places, program)
            if program not in missing:
                _refuse_silent(places, program, say)


def start_servers(settings: Settings, *, say: Say = lambda _: None) -> None:
    """Return when the embedded PostgreSQL and Redis answer, as far as they are embedded."""
    if settings.embedded_postgres:
        with _timed("postgres", say):
            start_postgres(settings.home, say=say)
    if settings.embedded_redis:
        with _timed("redis", say):
            start_redis(settings.home)


def down(settings: Settings, *, say: Say = lambda _: None) -> None:
    """Return when nothing of this home runs any more, with whichever settings it was started."""
    places = settle(settings.home)
    with locked(places, "stack"):
        found = [part.name for part in reversed(status(settings)) if part.running]
        if found:
            say(f"stopping {', '.join(found)}")
        else:
            say(f"nothing runs in {places.home}; if it does elsewhere, set QMAS_HOME")
        for program in reversed(every_program(settings)):
            _stop_program(places, program, say)
        if stop_redis(settings.home):
            say("redis stopped")
        if stop_postgres(settings.home):
            say("postgres stopped")


def ended(settings: Settings, places: Places) -> Iterator[tuple[Program, Running]]:
    """Yield each process that was started, and is gone though nobody stopped it."""
    for program in programs(settings):
        gone = recorded(_file(places, program))
        if gone is not None and not is_alive(gone):
            yield program, gone


def start_again(settings: Settings, places: Places, program: Program, gone: Running) -> bool:
    """A process that is gone runs anew; false when somebody stopped or started it meanwhile.

    Raises StackFault where somebody else has its port by now.
    """
    with locked(places, "stack"):
        if recorded(_file(places, program)) != gone:
            return False
        _end_remains(places, program)
        with claimed(program) as claim:
            _spawn(settings, places, program, claim, restarts=gone.restarts + 1)
        return True


def status(settings: Settings) -> tuple[Part, ...]:
    """Return what runs of this home, in the order in which it is started.

    So is what these settings start no more, as long as it runs.
    """
    places = settle(settings.home)
    postgres, redis = running_postgres(places), running_redis(places)
    servers = (
        _server("postgres", postgres, places.postgres_sockets, embedded=settings.embedded_postgres),
        _server("redis", redis, redis_socket(places), embedded=settings.embedded_redis),
    )
    asked = {program.name for program in programs(settings)}
    return servers + tuple(
        _part(settings, places, program)
        for program in every_program(settings)
        if program.name in asked or recall(_file(places, program))
    )


def _part(settings: Settings, places: Places, program: Program) -> Part:
    record = recorded(_file(places, program))
    found = Part(
        name=program.name,
        running=record if record and is_alive(record) else None,
        address=program.address,
        restarts=record.restarts if record else 0,
    )
    told = noted(places, program.name) if found.running else None
    if told is None:
        return found
    return replace(found, address=told.address, differing=told.differing(places, settings))


def differing(parts: Sequence[Part]) -> str:
    """Return which of them run with other settings and which those are; empty when none does."""
    names = [part.name for part in parts if part.differing]
    others = sorted({name for part in parts for name in part.differing})
    if not names:
        return ""
    return f"{', '.join(names)} started with other settings than these: {', '.join(others)}"


def _server(name: str, running: Running | None, at: Path, *, embedded: bool) -> Part:
    ours = embedded or running is not None
    return Part(name=name, running=running, address=str(at) if ours else "", ours=ours)


@contextmanager
def _timed(name: str, say: Say) -> Iterator[None]:
    """Say, at the end of the block, how many seconds it took."""
    began = time.monotonic()
    yield
    say(f"{name} ready in {time.monotonic() - began:.1f} s")


def _bring_to_head(settings: Settings, say: Say) -> None:
    """Migrate where the owner is known to us; elsewhere insist that somebody has."""
    try:
        if settings.owner_database_url:
            before = migrate.state(settings.owner_database_url)
            with _timed("schema", say):
                migrate.upgrade(settings.owner_database_url)
            if before.current != before.head:
                say(f"schema migrated from {before.current or 'nothing'} to {before.head}")
            return
        found = migrate.state(settings.database_url)
    except StoreFault as fault:
        raise StackFault(f"the schema could not be brought up to date: {fault}") from fault
    if found.standing is not migrate.Standing.AT_HEAD:
        raise StackFault(
            f"the database's schema is {found.standing.replace('_', ' ')} "
            f"({found.current or 'none'}, needed {found.head}); "
            f"set QMAS_OWNER_DATABASE_URL to the schema's owner and run this again"
        )


def _renew_read_models(settings: Settings, say: Say) -> None:
    """Fold again, before anybody reads them, those that another version of a fold filled.

    One that stands still before an event, as it did before, keeps nobody from the others.
    """
    office = open_office(settings)
    try:
        site = rebuilding.Site(store=office.store, models=office.models, settings=settings)
        for name in rebuilding.renew(site):
            say(f"{name} folded again")
            if stop := progress_of(office.models, projection_named(name)).stop:
                say(
                    f"{name} stands still before position {stop.position}: see `qmas projections "
                    "status` for the event and what to do"
                )
    except (ProjectionFault, StoreFault) as fault:
        raise StackFault(f"the read models could not be renewed: {fault}") from fault
    finally:
        office.close()


def _begin_erasures(settings: Settings, say: Say) -> None:
    """Erasures are kept, also where none were before; a place that lost them has them again."""
    office = open_office(settings)
    try:
        if begun := office.erasures.mend(anew=True):
            say(f"erasures are kept in {' and in '.join(begun)} from now on")
    finally:
        office.close()


def _start(
    settings: Settings,
    places: Places,
    missing: Sequence[Program],
    say: Say,
    claims: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> None:
    """Start all of them at once, then wait for each in turn."""
    started = [
        (program, _spawn(settings, places, program, claims.get(program.name, ())))
        for program in missing
    ]
    for program, process in started:
        with _timed(program.name, say):
            _await_ready(places, program, process)


def _spawn(
    settings: Settings,
    places: Places,
    program: Program,
    claim: Sequence[int] = (),
    *,
    restarts: int = 0,
) -> Running:
    if program.scratch is not None:
        shutil.rmtree(program.scratch, ignore_errors=True)
        program.scratch.mkdir(mode=0o700)
    note(places, program.name, program.address, settings)
    mark = new_mark(_mark_file(places, program))
    process = spawn(
        program.command,
        log=_log(places, program),
        environ={**settings.child_environ(), **program.environ, MARK: mark},
        folder=program.folder,
        keeps=claim,
    )
    process = replace(process, restarts=restarts)
    remember(_file(places, program), process)
    return process


def _await_ready(places: Places, program: Program, process: Running) -> None:
    in_time = wait_until(lambda: program.is_ready() or not is_alive(process), _READY_SECONDS)
    if in_time:
        _refuse_dead(places, program)
        return
    log = _log(places, program)
    raise StackFault(
        f"{program.name} runs but was not ready within {_READY_SECONDS:.0f} s; "
        f"the end of {log}:\n{tail(log)}"
    )


def _refuse_dead(places: Places, program: Program) -> None:
    if recall(_file(places, program)) is None:
        _end_remains(places, program)  # so that whoever still has its port is another
        refuse_taken_port(program)
        log, gone = _log(places, program), recorded(_file(places, program))
        again = f", started again {gone.restarts} times before" if gone and gone.restarts else ""
        raise StackFault(f"{program.name} died{again}; the end of {log}:\n{tail(log)}")


def _refuse_silent(places: Places, program: Program, say: Say) -> None:
    """What ran already answers too, or whoever started it is told how it comes to do so.

    One that ends again and again runs now and then: it is told as soon as it has ended.
    """
    if wait_until(program.is_ready, 0):
        return
    say(f"{program.name} runs and does not answer; waiting for it")
    process = recall(_file(places, program))
    settled = wait_until(
        lambda: program.is_ready() or process is None or not is_alive(process), _ANSWER_SECONDS
    )
    _refuse_dead(places, program)
    if not settled:
        raise StackFault(
            f"{program.name} runs and did not answer for {_ANSWER_SECONDS:.0f} s: "
            f"{how_to_restart(process)}; its log is {_log(places, program)}"
        )


def how_to_restart(process: Running | None) -> str:
    """Return what to do with a process of ours that hangs; None for one that is gone."""
    if process is None:
        return "run `qmas up`"
    # One that is stopped hears nothing but this signal.
    return f"run `kill -9 {process.pid}`, then `qmas up`"


def _stop_program(places: Places, program: Program, say: Say) -> None:
    process = recall(_file(places, program))
    if process is not None:
        asked = stop(process, grace=program.grace)
        say(f"{program.name} stopped" if asked else f"{program.name} had to be killed")
    _clear(places, program)


def _clear(places: Places, program: Program) -> None:
    """Forget a process that is gone, and end what it left behind if it was killed."""
    _end_remains(places, program)
    _file(places, program).unlink(missing_ok=True)
    _mark_file(places, program).unlink(missing_ok=True)
    told_file(places, program.name).unlink(missing_ok=True)


def _end_remains(places: Places, program: Program) -> None:
    gone, mark = recorded(_file(places, program)), kept_mark(_mark_file(places, program))
    if gone is not None:
        end_children(gone)
        # What was started before marks were drawn has the name of its process file for one.
        mark = mark or str(_file(places, program))
    end_marked(mark)


def _file(places: Places, program: Program) -> Path:
    return places.run / f"{program.name}.json"


def _mark_file(places: Places, program: Program) -> Path:
    return places.run / f"{program.name}.mark"


def _log(places: Places, program: Program) -> Path:
    return places.log / f"{program.name}.log"
