"""The table of who may do what, as documented and as the policy and the routes have it now."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from domain.access import ACTION_OF, PERMITTED, SEEN_AT, WORK_ACTION_OF, Action, Role
from domain.slugs import slug
from services.api import app as api
from services.cli.leave import ACTIONS
from services.pages import app as pages

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "who-may-do-what.md"

_BEGINNING: Final = """\
# Who may do what

Made by `python -m tests.contract.pin` from the one table that decides, and from the tables of
routes. Every address names its action; an address without one stops the program where it starts.

- An **applicant** comes in by a code to their mailbox, and reaches their own application alone.
- An **officer** and a **supervisor** do the work of the office; a supervisor also assigns it, moves
  cases to other rules, upholds assessments and runs exercises.
- A **panel** member reads the cases that are before the panel and no others, and grades them. One
  that they stepped aside from is before them no more. They see no history of a case, nobody's name
  in it but their own, no notes or holder of it, no letters and no figures.
- An **auditor** reads everything, the record of looks too, and changes nothing.
- An **administrator** runs the system and sees no case, no list of cases and no letter.
- A **service** is a program with a token. It signs in to no page, and its token can be for some of
  these actions alone: `qmas tokens create --only ACTION`.

[Give roles to people](../how-to/give-roles.md) says who is to have which, and
[decision 38](../decisions/0038-a-role-has-the-least.md) why each has no more.

Who runs `qmas` on the machine itself holds the keys of the database, and so may do all of it: they
are on record as `cli.ACCOUNT`. Whoever gives a command with `--as NAME` may do what NAME may.
"""


def present() -> str:
    """The page as it is to be."""
    return "\n".join(_lines()) + "\n"


def pin() -> None:
    """The page says what is so now."""
    PAGE.write_text(present(), encoding="utf-8")


def addresses() -> Iterator[tuple[str, Action]]:
    """Every address with its method, and the action that it asks leave for."""
    for route in api.ROUTES:
        yield f"{route.method} {api.PREFIX}{route.path}", route.action
    for page in pages.ROUTES:
        for method in page.methods:
            yield f"{method} {page.path}", page.action


def _lines() -> Iterator[str]:
    yield _BEGINNING
    yield "## Actions and roles"
    yield ""
    yield f"| action | {' | '.join(Role)} |"
    yield f"|---|{':-:|' * len(Role)}"
    for action in Action:
        marks = ("●" if role in PERMITTED[action] else "" for role in Role)
        yield f"| `{action}` | {' | '.join(marks)} |"
    yield ""
    yield "## Cases and roles"
    yield ""
    yield "Whoever sees cases at some stages alone is answered about any other as about one that"
    yield "there is not, and finds it in no list, search or count; so they are about one that they"
    yield "stepped aside from."
    yield ""
    for role, stages in SEEN_AT.items():
        yield f"- {role}: cases at {', '.join(f'`{each}`' for each in sorted(stages))}"
    yield ""
    yield "## Commands and their actions"
    yield ""
    yield "| command | action |"
    yield "|---|---|"
    asked = {slug(each.__name__): ACTION_OF[each] for each in ACTION_OF}
    asked |= {slug(each.__name__): WORK_ACTION_OF[each] for each in WORK_ACTION_OF}
    for name in sorted(asked):
        yield f"| {name} | `{asked[name]}` |"
    yield ""
    yield "## Commands of `qmas` and their actions"
    yield ""
    yield "By `public` and `system.operate` nobody is shown a case."
    yield "`qmas command` has the commands of above."
    yield ""
    yield "| command line | action |"
    yield "|---|---|"
    for words, action in ACTIONS.items():
        if not words.startswith("command "):
            yield f"| {words} | `{action}` |"
    yield ""
    yield "## Addresses and their actions"
    yield ""
    yield "A form at an address with `<slug>` asks for the leave of its command besides."
    yield "What is left out is public: the API's description of itself, probes, figures, types of"
    yield "problems and the style sheet."
    yield ""
    yield "| address | action |"
    yield "|---|---|"
    for address, action in sorted(addresses(), key=lambda each: each[0].split(" ")[::-1]):
        yield f"| `{address}` | `{action}` |"
