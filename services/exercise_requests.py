"""What a command to an exercise is asked with, and answered by."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.access import Action, demand
from domain.errors import NoSuchExercise
from domain.exercise import load, not_now
from domain.exercise_states import Actors, ExerciseState, Proposed
from domain.exercise_terms import NAME
from services.fingerprints import carried_out, fingerprint
from services.pool import History
from services.requests import Request, effective_instant
from services.store import Appended, Commit, NewEvent, StreamWrite
from services.tracing import named, step
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseOutcome:
    """An exercise after a command; `cases` is how many cases were written with it."""

    exercise: str
    version: int
    cases: int
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command with what tells it apart from every other one."""

    exercise: str
    command: q.ExerciseCommand
    request: Request
    fingerprint: bytes

    def commit(
        self,
        *writes: StreamWrite,
        version: int,
        cases: int,
        reserve: tuple[str, ...] = (),
    ) -> Commit:
        """The commit of this command's own, after which the exercise is at `version`."""
        commit = self.request.commit(
            type(self.command).__name__,
            self.fingerprint,
            *writes,
            result={"exercise": self.exercise, "version": version, "cases": cases},
        )
        return replace(commit, reserve=reserve)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An exercise as a command finds it, and when the command takes effect."""

    history: History
    at: datetime
    actors: Actors

    @property
    def state(self) -> ExerciseState:
        """The state that its history leads to."""
        return load(each.event for each in self.history)

    def own(self, exercise: str, facts: tuple[x.ExerciseEvent, ...]) -> StreamWrite:
        """What is written to the exercise's own stream."""
        return StreamWrite(
            stream=stream_of(exercise),
            expected=len(self.history),
            events=tuple(NewEvent(event=fact, effective_at=self.at) for fact in facts),
        )


def stream_of(exercise: str) -> str:
    """Return the stream of an exercise."""
    return f"exercise-{exercise}"


def events_of(office: Office, exercise: str) -> History:
    """Return the events of an exercise in order, or raise `NoSuchExercise`."""
    _demand_name(exercise)
    history = office.store.read_stream(stream_of(exercise))
    if not history:
        raise NoSuchExercise(f"no exercise is called {exercise!r}")
    return cast("History", history)


def _demand_name(exercise: str) -> None:
    # What no exercise can be called is no name of a stream either.
    if not NAME.fullmatch(exercise):
        raise NoSuchExercise(f"no exercise is called {exercise!r}")


def proposal_of(office: Office, exercise: str) -> x.SelectionProposed:
    """Return the selection that awaits confirmation, or raise the refusal that says what is next.

    Raises `NoSuchExercise` too.
    """
    state = load(each.event for each in events_of(office, exercise))
    if not isinstance(state, Proposed):
        raise not_now(state, "MakeSelection")
    return state.proposed


def ask(
    office: Office, exercise: str, command: q.ExerciseCommand, request: Request
) -> tuple[Asked, ExerciseOutcome | None]:
    """Return the command as it is asked, and its first result if it was carried out before."""
    named(command)
    demand(request.person, Action.RUN_EXERCISE)
    if not isinstance(command, q.OpenExercise):
        _demand_name(exercise)
    said = fingerprint(office, exercise, command, request.effective_at)
    asked = Asked(exercise=exercise, command=command, request=request, fingerprint=said)
    return asked, recalled(office, asked)


def recalled(office: Office, asked: Asked) -> ExerciseOutcome | None:
    """Return the first result of a command that was carried out before."""
    first = carried_out(
        office,
        asked.request.command_id,
        asked.fingerprint,
        about=asked.exercise,
        told="exercise",
    )
    return None if first is None else outcome_of(first)


@step("load")
def before(office: Office, asked: Asked) -> Before:
    """Return the exercise as the command finds it, or raise a `Conflict`."""
    request, stream = asked.request, stream_of(asked.exercise)
    history = cast("History", office.store.read_stream(stream))
    request.demand_version(stream, len(history))
    # Nobody else is asked whether they graded, and an exercise may have graders by the thousand.
    confirms = isinstance(asked.command, q.MakeSelection)
    actors = Actors(
        now=request.person.name,
        earlier=frozenset(each.actor for each in history),
        graders=office.store.graders(asked.exercise) if confirms else frozenset(),
    )
    return Before(history=history, at=effective_instant(office, request, history), actors=actors)


def outcome_of(appended: Appended) -> ExerciseOutcome:
    """Return what a stored commit says of the exercise."""
    result = appended.result
    return ExerciseOutcome(
        exercise=str(result["exercise"]),
        version=int(cast("int", result["version"])),
        cases=int(cast("int", result["cases"])),
        repeated=appended.repeated,
    )
