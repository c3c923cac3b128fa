"""An exercise signed off by two, in tests of the shell."""

from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never
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
from services.exercise_requests import ExerciseOutcome, proposal_of
from services.requests import Request
from services.store import Commit, NewEvent, StreamWrite, Together
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
    case = cases.case_at(office, reference)
    at = request.effective_at or office.clock()
    given = Circumstances(at=at, rulebook=office.rulebook, actor=request.person.name)
    facts = decide(case.state, command, given)
    stream = f"exercise-{command.exercise}"
    held = len(office.store.read_stream(stream))

    def work(whole: Together) -> None:
        whole.append(_commit(f"case-{reference}", case.version, facts, request.person, at))
        expected = held
        for own, person in _own_facts(command):
            whole.append(_commit(stream, expected, own, person, at))
            expected += len(own)

    office.store.together(work)
    after = cases.case_at(office, reference)
    return cases.Outcome(
        reference=reference, version=after.version, stage=after.stage, repeated=False
    )


def _own_facts(
    command: c.ShortlistCase | c.TakeOutOfRank | c.SelectCase | c.PassOverCase,
) -> tuple[tuple[tuple[x.ExerciseEvent, ...], Person], ...]:
    """What the exercise's own stream says of it, and by whom."""
    match command:
        case c.ShortlistCase(exercise=exercise):
            return (((replace(_OPENED, exercise=exercise), _DRAWN), SUPERVISOR),)
        case c.SelectCase():
            return (((_PROPOSED,), SUPERVISOR), ((_MADE,), SECOND))
        case c.PassOverCase():
            proposed = replace(_PROPOSED, general=0, passed_over=1)
            made = replace(_MADE, general=0, passed_over=1)
            return (((proposed,), SUPERVISOR), ((made,), SECOND))
        case c.TakeOutOfRank():
            return ()
        case _:
            assert_never(command)


def _commit(
    stream: str, expected: int, facts: tuple[e.Event, ...], person: Person, at: datetime
) -> Commit:
    number = uuid4()
    events = tuple(NewEvent(event=fact, effective_at=at) for fact in facts)
    return Commit(
        command_id=number,
        fingerprint=number.bytes,
        writes=(StreamWrite(stream=stream, expected=expected, events=events),),
        actor=person.name,
        role=person.role,
        command="Test",
        causation_id=str(number),
        correlation_id=str(number),
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


def propose_otherwise(office: Office, exercise: str) -> None:
    """Record a proposal of another list than is drawn now, as a former rule may have drawn it."""
    stream = f"exercise-{exercise}"
    other = replace(_PROPOSED, digest="sha256:another")
    held = len(office.store.read_stream(stream))
    office.store.append(_commit(stream, held, (other,), SUPERVISOR, MAY_2019))
