"""An exercise signed off by two, in tests of the shell."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from domain import commands as c
from domain import events as e
from domain import exercise_commands as q
from domain import exercise_events as x
from domain.access import Person, Role
from domain.case import decide
from domain.deciding.circumstances import Circumstances
from domain.rules.terms import Archetype
from services import cases, exercises
from services.cases import Request
from services.exercise_requests import ExerciseOutcome, proposal_of
from services.store import Commit, NewEvent, StreamWrite
from services.wiring import Office
from tests.services.asking import MAY_2019, SUPERVISOR, asked

SECOND = Person(name="supervisor.lee", role=Role.SUPERVISOR)
PANEL = Person(name="panel.cheung", role=Role.PANEL)


def select(
    office: Office,
    exercise: str,
    *,
    at: datetime | None = MAY_2019,
    command_id: UUID | None = None,
) -> ExerciseOutcome:
    """Propose the selection by one person, and confirm it by another."""
    exercises.propose_selection(office, exercise, asked(SUPERVISOR, at=at))
    return confirm(office, exercise, asked(SECOND, at=at, command_id=command_id))


def carry_out(
    office: Office, reference: str, command: c.CaseCommand, request: Request
) -> cases.Outcome:
    """Carry out a command on a case; one that an exercise gives, as by an exercise of its name.

    That one has no pool and no other case: for tests of what comes after it.
    """
    if not isinstance(command, c.BY_EXERCISE):
        return cases.carry_out(office, reference, command, request)
    first = isinstance(command, c.ShortlistCase)
    _sign_off(office, command.exercise, _DRAWN if first else _PROPOSED, SUPERVISOR, request)
    if not first:
        _sign_off(office, command.exercise, _MADE, SECOND, request)
    case = cases.case_at(office, reference)
    given = Circumstances(
        at=request.effective_at or office.clock(),
        rulebook=office.rulebook,
        actor=request.person.name,
    )
    facts = decide(case.state, command, given)
    _append(office, f"case-{reference}", case.version, facts, request.person, given.at)
    after = cases.case_at(office, reference)
    return cases.Outcome(
        reference=reference, version=after.version, stage=after.stage, repeated=False
    )


def _sign_off(
    office: Office,
    exercise: str,
    fact: x.ExerciseEvent,
    person: Person,
    request: Request,
) -> None:
    """The exercise has come so far as this fact, which this person recorded."""
    stream = f"exercise-{exercise}"
    history = office.store.read_stream(stream)
    if any(each.event == fact for each in history):
        return
    facts = (fact,) if history else (replace(_OPENED, exercise=exercise), fact)
    at = request.effective_at or office.clock()
    _append(office, stream, len(history), facts, person, at)


def _append(  # noqa: PLR0913, PLR0917 - what a commit says
    office: Office,
    stream: str,
    expected: int,
    facts: tuple[e.Event, ...],
    person: Person,
    at: datetime,
) -> None:
    number = uuid4()
    events = tuple(NewEvent(event=fact, effective_at=at) for fact in facts)
    office.store.append(
        Commit(
            command_id=number,
            fingerprint=number.bytes,
            writes=(StreamWrite(stream=stream, expected=expected, events=events),),
            actor=person.name,
            role=person.role,
            command="Test",
            causation_id=str(number),
            correlation_id=str(number),
        )
    )


_OPENED: Final = x.ExerciseOpened(
    exercise="",
    title="An exercise",
    archetype=Archetype.RANK_TO_QUOTA,
    places=1,
    shortlist_size=1,
    pool_position=0,
    pool_size=1,
    pool_digest="sha256:0",
)
_DRAWN: Final = x.ShortlistDrawn(achievement=0, general=1, departed=(), digest="sha256:1")
_PROPOSED: Final = x.SelectionProposed(
    achievement=0,
    general=1,
    passed_over=0,
    cut_off=None,
    tie_break=None,
    departed=(),
    digest="sha256:2",
    proposed_by=SUPERVISOR.name,
)
_MADE: Final = x.SelectionMade(
    achievement=0,
    general=1,
    passed_over=0,
    cut_off=None,
    tie_break=None,
    departed=(),
    digest="sha256:2",
    proposed_by=SUPERVISOR.name,
    made_by=SECOND.name,
)


def confirm(office: Office, exercise: str, request: Request) -> ExerciseOutcome:
    """Confirm the selection that is proposed."""
    command = q.MakeSelection(digest=proposal_of(office, exercise).digest)
    return exercises.make_selection(office, exercise, command, request)
