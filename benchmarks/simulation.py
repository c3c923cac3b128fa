"""Open cases under another ruleset, and assessing by itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.offices import office_of
from benchmarks.server import Database
from domain import commands as c
from domain.access import Action, Person, Role
from domain.application import Route
from domain.case import decide, evolve
from domain.days import hong_kong_date
from domain.deciding.circumstances import Circumstances
from domain.looks import Door, What, look_of
from domain.references import RANDOM_BYTES, make_reference
from domain.rules.assess import assess
from domain.rules.choose import named
from domain.rules.types import Rulebook
from domain.stages import CaseState, Draft, PrerequisitesUnmet
from services.demo.year import INTAKE, REGIME
from services.population import Arrival, population
from services.simulation.simulate import Question, simulate
from services.store import Commit, NewEvent, Store, StreamWrite
from services.wiring import Office

SEED = 2019
TARGET = "gpt-2023"
PROCESSES = 2
CASES_A_COMMIT = 250
LOOK = look_of(
    Person(name="benchmark", role=Role.AUDITOR),
    Action.SIMULATE_RULES,
    What.EXERCISE,
    Door.CLI,
    "benchmark",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCases:
    """An office whose log holds open cases only, and the references of those to simulate."""

    office: Office
    url: str
    references: tuple[str, ...]


@contextmanager
def open_cases(database: Database, cases: int) -> Iterator[OpenCases]:
    """So many believable applications, filed and taken as far as their assessment leads."""
    with TemporaryDirectory() as home:
        office = office_of(database.app_url, Path(home))
        writes = (
            history(office.rulebook, number, arrival)
            for number, arrival in enumerate(population(cases, SEED, REGIME, INTAKE))
        )
        while some := tuple(islice(writes, CASES_A_COMMIT)):
            append(office.store, some)
        references: list[str] = []
        simulate(
            office,
            LOOK,
            Question(to=TARGET),
            each=lambda _, case: references.append(case.reference),
        )
        yield OpenCases(office=office, url=database.app_url, references=tuple(references))
        office.close()


def simulated(given: OpenCases) -> float:
    """Open cases a second, from the question to the tally, processes started for it included."""
    begun = time.monotonic()
    _, found = simulate(given.office, LOOK, Question(to=TARGET, processes=PROCESSES))
    taken = time.monotonic() - begun
    if found.tally.cases != len(given.references):
        raise AssertionError(f"{found.tally.cases} of {len(given.references)} cases were scored")
    return found.tally.cases / taken


def assessed(given: OpenCases, seconds: float) -> float:
    """Assessments a second of the same applications by one process, in memory."""
    ruleset = named(given.office.rulebook, TARGET)
    filed = [
        (each.application, hong_kong_date(each.received_at))
        for each in population(1_000, SEED, REGIME, INTAKE)
        if each.application.route is Route.GENERAL
    ]
    begun, done = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        for application, day in filed:
            assess(ruleset, application, day)
        done += len(filed)
    return done / (time.monotonic() - begun)


def history(rulebook: Rulebook, number: int, arrival: Arrival) -> StreamWrite:
    """The history of a case from its submission to its score, by the rules themselves."""
    reference = make_reference(sha256(str(number).encode()).digest()[:RANDOM_BYTES])
    given = Circumstances(
        at=arrival.received_at, actor="benchmark", rulebook=rulebook, reference=reference
    )
    state: CaseState = Draft()
    events: list[NewEvent] = []
    commands: tuple[c.CaseCommand, ...] = (
        c.SubmitApplication(application=arrival.application, channel=arrival.channel),
        c.AcknowledgeApplication(),
        c.AssessPrerequisites(),
        c.ScoreApplication(),
    )
    for command in commands:
        if not isinstance(state, PrerequisitesUnmet):
            for fact in decide(state, command, given):
                state = evolve(state, fact)
                events.append(NewEvent(event=fact, effective_at=given.at))
        given = replace(given, at=given.at + timedelta(days=2))
    return StreamWrite(stream=f"case-{reference}", expected=0, events=tuple(events))


def append(store: Store, writes: tuple[StreamWrite, ...]) -> None:
    """All of them are stored, in one commit."""
    command_id = uuid4()
    store.append(
        Commit(
            command_id=command_id,
            fingerprint=command_id.bytes,
            writes=writes,
            actor="benchmark",
            role="service",
            command="Benchmark",
            causation_id=command_id,
            correlation_id="benchmark",
        )
    )
