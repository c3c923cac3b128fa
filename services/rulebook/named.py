"""Rulesets by the name under which somebody asks for them: an id, or an edition of it."""

import re
from typing import Final

from domain.rules.choose import UnknownRuleset
from domain.rules.types import Rulebook, Ruleset
from services.rulebook.shapes import every, latest

_NAMED: Final = re.compile(r"(?P<id>[^@]*)(?:@(?P<edition>[1-9][0-9]{0,5}))?")


def ruleset_named(book: Rulebook, name: str, *, edition: int | None = None) -> Ruleset:
    """The ruleset of `gpt-2018`, in its latest edition, or in that of `gpt-2018@1`.

    UnknownRuleset names those that are known, or the editions that there are.
    """
    asked = _NAMED.fullmatch(name)
    ours = [each for each in every(book) if asked and each.id == asked["id"]]
    if not ours or asked is None:
        known = ", ".join(each.id for each in latest(book)) or "none"
        raise UnknownRuleset(f"no ruleset is called {name!r}; known: {known}")
    number = int(asked["edition"]) if asked["edition"] else edition
    if edition not in {None, number}:
        raise UnknownRuleset(f"{name} is not edition {edition}; ask for one of the two")
    found = {each.edition: each for each in ours}
    if number is None:
        return found[max(found)]
    if number not in found:
        known = ", ".join(map(str, sorted(found)))
        raise UnknownRuleset(f"{asked['id']} has no edition {number}; there are: {known}")
    return found[number]


def called(book: Rulebook, ruleset: Ruleset) -> str:
    """The shortest name of a ruleset: `gpt-2018` for the latest edition, `gpt-2018@1` else."""
    newest = ruleset_named(book, ruleset.id).edition
    return ruleset.id if ruleset.edition == newest else f"{ruleset.id}@{ruleset.edition}"
