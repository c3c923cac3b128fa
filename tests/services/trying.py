"""What somebody tries out, as the tests ask for it: who asks, and the answer without the look."""

from datetime import datetime

from domain.access import Person
from domain.exercise_commands import OpenExercise
from domain.looks import What
from domain.rules.terms import Terms
from services import exercises, openings
from services import what_if as trials
from services.wiring import Office
from tests.services.seeing import looking


def what_if(office: Office, exercise: str, change: trials.Change, person: Person) -> trials.WhatIf:
    """Return what an exercise would select with a change."""
    return trials.what_if(office, looking(What.EXERCISE, person), exercise, change)[1]


def what_if_present(office: Office, terms: Terms, person: Person) -> trials.WhatIf:
    """Return what an exercise on the pool as it is would select on these terms."""
    return trials.what_if_present(office, looking(What.EXERCISE, person), terms)[1]


def dry_run(office: Office, exercise: str, person: Person) -> exercises.DryRun:
    """Return what the next step of an exercise would do."""
    return exercises.dry_run(office, looking(What.EXERCISE, person), exercise)[1]


def dry_run_opening(
    office: Office, command: OpenExercise, person: Person, at: datetime | None = None
) -> openings.OpeningTrial:
    """Return what opening an exercise would do."""
    return openings.dry_run_opening(office, looking(What.EXERCISE, person), command, at)
