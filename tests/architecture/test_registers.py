"""Whatever is listed by hand is listed whole: events, commands, refusals, migrations."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields
from types import ModuleType
from typing import get_args

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import domain
import services
import workers
from domain.access import ACTION_OF, WORK_ACTION_OF
from domain.commands import CaseCommand
from domain.errors import Refusal
from domain.events import CaseEvent, Event
from domain.exercise_commands import ExerciseCommand
from domain.exercise_events import ExerciseEvent
from domain.wire import WIRE
from domain.work_commands import ExportData, TakeNext, WorkCommand
from domain.work_events import WorkEvent
from tests.architecture.tree import ROOT


def modules() -> Iterator[ModuleType]:
    """Yield every module of the project, but the one that runs a program of its own."""
    for package in (domain, services, workers):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def subclasses(kind: type[Refusal]) -> set[type[Refusal]]:
    return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))


def refusals() -> set[type[Refusal]]:
    assert list(modules())
    return {each for each in subclasses(Refusal) if not each.__module__.startswith("tests")}


def test_every_event_has_a_wire_name_of_its_own() -> None:
    assert set(WIRE) == {
        each for kind in (CaseEvent, ExerciseEvent, WorkEvent) for each in get_args(kind)
    }
    assert set(get_args(Event)) == set(WIRE)
    names = [wire.name for wire in WIRE.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)
    assert all(wire.version >= 1 for wire in WIRE.values())


@pytest.mark.parametrize("event", WIRE, ids=lambda each: each.__name__)
def test_what_concerns_the_person_can_be_erased(event: type[Event]) -> None:
    personal = [field for field in fields(event) if field.name == "personal"]
    assert all(type(None) in get_args(field.type) for field in personal)


def test_every_command_on_a_case_asks_for_leave() -> None:
    assert set(ACTION_OF) == set(get_args(CaseCommand))


def test_every_command_on_the_work_on_a_case_asks_for_leave() -> None:
    assert set(WORK_ACTION_OF) == {*get_args(WorkCommand), TakeNext, ExportData}


def test_commands_are_told_apart_by_name() -> None:
    kinds = (CaseCommand, ExerciseCommand, WorkCommand)
    names = [each.__name__ for kind in kinds for each in get_args(kind)]
    assert len(set(names)) == len(names)


def test_every_refusal_has_a_title_and_a_code_of_its_own() -> None:
    found = refusals()
    assert len(found) > 10
    for each in found:
        assert each.__doc__, each
        assert each.title()
        assert "\n" not in each.title()
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", each.code()), each
    assert len({each.code() for each in found}) == len(found)


def test_a_refusal_without_a_docstring_would_be_noticed() -> None:
    untold = type("Untold", (Refusal,), {})
    assert not untold.__doc__


def test_migrations_are_one_line_in_the_order_of_their_numbers() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    history = list(ScriptDirectory.from_config(config).walk_revisions())[::-1]
    revisions = [each.revision for each in history]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert [each.down_revision for each in history] == [
        None,
        *(each.revision for each in history[:-1]),
    ]
    for each in history:
        assert each.path is not None
        assert re.search(rf"/{each.revision}_[a-z_]+\.py$", each.path)
