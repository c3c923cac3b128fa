"""An exercise signed off by two, in tests of the shell."""

from datetime import datetime
from uuid import UUID

from domain import exercise_commands as q
from domain.access import Person, Role
from services import exercises
from services.cases import Request
from services.exercise_requests import ExerciseOutcome, proposal_of
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


def confirm(office: Office, exercise: str, request: Request) -> ExerciseOutcome:
    """Confirm the selection that is proposed."""
    command = q.MakeSelection(digest=proposal_of(office, exercise).digest)
    return exercises.make_selection(office, exercise, command, request)
