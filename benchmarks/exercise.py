"""A selection exercise over a large pool, from its opening to its published result.

Officers write to some of its cases all the while. The people who confirm and publish are quick;
what is measured is the machine.
"""

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

from benchmarks.offices import office_of
from benchmarks.server import Database
from domain import events as e
from domain import exercise_commands as q
from domain.access import Person, Role
from domain.application import Channel, Route
from domain.gradings import CaseGraded, Grade
from domain.references import RANDOM_BYTES, make_reference
from domain.rules.terms import AfterNoPlace
from services import exercises
from services.exercise_requests import events_of, proposal_of
from services.projections import runner
from services.requests import Request
from services.store import Commit, Conflict, NewEvent, StreamWrite
from services.wiring import Office

FILED = datetime(2023, 3, 1, 1, 0, tzinfo=UTC)
HELD = FILED + timedelta(days=100)
WONG = Person(name="supervisor.wong", role=Role.SUPERVISOR)
LEE = Person(name="supervisor.lee", role=Role.SUPERVISOR)
SECTORS = ("finance", "innovation_technology", "catering", "other")
_A_COMMIT = 250  # cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How long each step took, in seconds, and what officers got done beside."""

    seconds: dict[str, float]
    selected: int
    written: int
    conflicts: int

    @property
    def in_all(self) -> float:
        """From the opening to the published result."""
        return sum(self.seconds.values())


def reference(number: int) -> str:
    """The reference of case `number`."""
    return make_reference(sha256(str(number).encode()).digest()[:RANDOM_BYTES])


def fill(office: Office, cases: int, *, seed: int = 1) -> None:
    """So many cases wait in the pool, and the read models show them; nothing in them is sealed."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for start in range(0, cases, _A_COMMIT):
        numbers = range(start, min(start + _A_COMMIT, cases))
        _append(office, *(_waiting(number, chance) for number in numbers))
    runner.catch_up_all(office.store, office.models)


def hold(office: Office, *, places: int, shortlist: int, writers: int = 2) -> Held:
    """Hold an exercise while officers write to its cases; everything of it is published."""
    seconds: dict[str, float] = {}
    name = "large"
    opening = q.OpenExercise(
        exercise=name,
        title="A large exercise",
        places=places,
        shortlist_size=shortlist,
        after_no_place=AfterNoPlace.IS_REFUSED,
    )
    steps = (
        ("open", lambda: exercises.open_exercise(office, opening, _asked(WONG))),
        ("shortlist", lambda: exercises.draw_shortlist(office, name, _asked(WONG))),
        ("propose", lambda: exercises.propose_selection(office, name, _asked(WONG))),
        ("select", lambda: _select(office, name)),
        ("publish", lambda: exercises.publish_result(office, name, _asked(WONG))),
    )
    with officers(office, writers) as desk:
        for step, act in steps:
            begun = time.monotonic()
            act()
            seconds[step] = time.monotonic() - begun
    made = events_of(office, name)[-2].event
    return Held(
        seconds=seconds,
        selected=getattr(made, "general", 0) + getattr(made, "achievement", 0),
        written=desk.written.total(),
        conflicts=desk.conflicts,
    )


def _select(office: Office, name: str) -> None:
    command = q.MakeSelection(digest=proposal_of(office, name).digest)
    exercises.make_selection(office, name, command, _asked(LEE))


@dataclass(slots=True)
class Desk:
    """What officers wrote, by stream, and how often they met a conflict."""

    streams: list[str] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)
    conflicts: int = 0
    faults: list[BaseException] = field(default_factory=list)


@contextmanager
def officers(office: Office, writers: int, *, pause: float = 0.2) -> Iterator[Desk]:
    """So many officers write to cases of the pool, each a few times a second."""
    desk, stop = Desk(), threading.Event()
    after = office.store.read_log(after=0, limit=20_000, personal=False)
    desk.streams = sorted({each.stream for each in after if each.stream.startswith("case-")})

    def work(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - repeatable, not secret
        while not stop.wait(pause):
            try:
                _grade(office, chance.choice(desk.streams), desk)
            except BaseException as fault:  # noqa: BLE001 - it is told when all is over
                desk.faults.append(fault)
                return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(writers)]
    for each in threads:
        each.start()
    try:
        yield desk
    finally:
        stop.set()
        for each in threads:
            each.join()
    if desk.faults:
        raise desk.faults[0]


def _grade(office: Office, stream: str, desk: Desk) -> None:
    """Write something that moves no case, once it is let."""
    graded = CaseGraded(exercise="another", grade=Grade.AVERAGE, graded_by="officer", personal=None)
    while True:
        version = office.store.stream_version(stream)
        event = NewEvent(event=graded, effective_at=HELD)
        try:
            _append(office, StreamWrite(stream=stream, expected=version, events=(event,)))
        except Conflict:
            desk.conflicts += 1
            continue
        desk.written[stream] += 1
        return


def _waiting(number: int, chance: random.Random) -> StreamWrite:
    """What leads a case to the pool."""
    filed = FILED + timedelta(seconds=chance.randrange(8_000_000))
    route = Route.ACHIEVEMENT if chance.random() < 0.01 else Route.GENERAL
    total = chance.randrange(80, 226)
    facts = (
        e.ApplicationSubmitted(
            reference=reference(number),
            route=route,
            channel=Channel.ONLINE,
            submitted_at=filed,
            application_fee_hkd=None,
            personal=None,
        ),
        e.ApplicationAcknowledged(),
        e.PrerequisitesAssessed(
            ruleset="gpt-2023",
            digest="sha256:00",
            reference_date=filed.date(),
            results=(e.PrerequisiteResult(id="age", met=True),),
            personal=None,
        ),
        e.ApplicationScored(
            ruleset="gpt-2023",
            digest="sha256:00",
            reference_date=filed.date(),
            factors=(e.FactorPoints(factor="age", points=total, max=245),),
            total=total,
            pass_mark=80,
            personal=None,
            stratum=chance.choice(SECTORS),
        ),
    )
    return StreamWrite(
        stream=f"case-{reference(number)}",
        expected=0,
        events=tuple(NewEvent(event=each, effective_at=filed) for each in facts),
    )


def _append(office: Office, *writes: StreamWrite) -> None:
    command_id = uuid4()
    office.store.append(
        Commit(
            command_id=command_id,
            fingerprint=command_id.bytes,
            writes=writes,
            actor="officer",
            role="officer",
            command="Fill",
            causation_id=str(command_id),
            correlation_id="benchmark",
        )
    )


def _asked(person: Person) -> Request:
    command_id = uuid4()
    return Request(person=person, command_id=command_id, correlation_id=str(command_id))


def seconds_of(database: Database, cases: int) -> dict[str, float]:
    """Seconds from the opening to the published result, and those after the confirmation began.

    Three in ten of the pool are selected, of four in ten that the committee sees. It is held by a
    process of its own, because what a benchmark before it keeps in memory is no part of an office.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        return alone.submit(_seconds_of, database.app_url, cases).result()


def _seconds_of(url: str, cases: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        office = office_of(url, Path(home))
        try:
            fill(office, cases)
            held = hold(office, places=3 * cases // 10, shortlist=4 * cases // 10)
        finally:
            office.close()
    if held.selected != 3 * cases // 10:
        raise AssertionError(f"{held.selected} were selected")
    confirmed = held.seconds["select"] + held.seconds["publish"]
    return {"exercise": held.in_all, "confirmed": confirmed}
