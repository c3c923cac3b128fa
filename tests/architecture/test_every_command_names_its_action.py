"""Every command of `qmas` names its action, and one that names none shows no case.

Whoever adds a command without saying by which action of the one table it is taken fails here.
"""

from collections.abc import Iterator, Mapping

import click
import pytest

from domain.access import ACTION_OF
from domain.looks import What
from services.api import app as api
from services.cli.asking import looking
from services.cli.command import COMMANDS_OF
from services.cli.leave import ACTIONS, WITHOUT_CASES
from services.cli.main import qmas


def every_command(command: click.Command, *words: str) -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its words: those without others, and those that act by themselves."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from every_command(inner, *words, name)
    if not isinstance(command, click.Group) or (words and command.invoke_without_command):
        yield " ".join(words), command


FOUND = dict(every_command(qmas))


def test_every_command_names_its_action_and_no_other_is_named() -> None:
    within = {words for words in ACTIONS if not words.startswith("command ")}
    assert within == {words for words in FOUND if not words.startswith("command ")}
    assert {f"command {name}" for name in COMMANDS_OF} <= ACTIONS.keys()
    assert FOUND.keys() <= ACTIONS.keys()


def test_a_command_of_a_case_is_taken_by_the_action_of_that_command() -> None:
    for name, command in COMMANDS_OF.items():
        assert ACTIONS[f"command {name}"] is ACTION_OF[command]


SAME: Mapping[str, str] = {
    "audit reads": "/reads",
    "case": "/cases/<reference>",
    "documents fetch": "/cases/<reference>/documents/<number>",
    "documents list": "/cases/<reference>/documents",
    "exercise dry-run": "/exercises/<exercise>/dry-run",
    "exercise replay": "/exercises/<exercise>/replay",
    "exercise show": "/exercises/<exercise>",
    "exercise what-if": "/exercises/<exercise>/what-if",
    "explain": "/cases/<reference>/assessments",
    "history": "/cases/<reference>/history",
    "privacy erase-preview": "/cases/<reference>/erasure",
    "privacy receipt": "/cases/<reference>/erasure/receipt",
    "privacy retention": "/retention",
    "statistics": "/statistics",
    "work list": "/work",
    "work load": "/workload",
}
"""The commands that show what an address of the API shows."""


@pytest.mark.parametrize("words", SAME)
def test_what_a_command_shows_is_asked_by_the_same_action_over_the_api(words: str) -> None:
    (action,) = {
        each.action for each in api.ROUTES if (each.method, each.path) == ("GET", SAME[words])
    }
    assert ACTIONS[words] is action


def look(*words: str) -> None:
    context = None
    for word in ("qmas", *words):
        context = click.Context(click.Command(word), parent=context)
    assert context is not None
    with context:
        looking(What.CASE)


@pytest.mark.parametrize("words", sorted(FOUND))
def test_a_look_is_had_by_a_command_that_names_an_action_of_cases(words: str) -> None:
    if ACTIONS[words] in WITHOUT_CASES:
        with pytest.raises(TypeError, match=f"{words!r} names no action"):
            look(*words.split())
    else:
        look(*words.split())


def test_a_command_that_nobody_named_has_no_look() -> None:
    with pytest.raises(TypeError, match="'case everything' names no action"):
        look("case", "everything")
