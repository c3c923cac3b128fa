"""Exercises that are opened one after the other, on whichever days they are dated."""

from datetime import timedelta

from domain import exercise_commands as q
from domain.exercise_events import ExerciseOpened
from services import exercises
from services.exercise_requests import events_of
from services.redrawing import redraw
from services.wiring import Office
from tests.services.asking import MAY_2019, SUPERVISOR, asked
from tests.services.visiting import TO_POOL, file_case


def test_an_exercise_counts_on_from_the_one_opened_last_whenever_that_is_dated(
    office: Office,
) -> None:
    file_case(office, "john", *TO_POOL)
    days = {name: MAY_2019 + timedelta(days=each) for name, each in (("a", 2), ("b", 1), ("c", 3))}
    for name, at in days.items():
        command = q.OpenExercise(exercise=name, title=name, places=1)
        exercises.open_exercise(office, command, asked(SUPERVISOR, at=at))
    opened = events_of(office, "c")[0].event
    assert isinstance(opened, ExerciseOpened)
    assert opened.previous is not None
    assert opened.previous.frozen_at == days["b"]
    assert redraw(office, "c").differences == ()
