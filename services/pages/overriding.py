"""Which rules a form on overrides offers, and to whom: nobody is asked to confirm their own."""

from dataclasses import replace
from typing import Any

from domain import commands as c
from domain import stages as s
from domain.access import Person
from domain.overrides import OverrideProposed
from domain.rules.choose import UnknownRuleset, recorded
from domain.rules.overriding import choices, factor_of
from domain.rules.types import Rulebook, Ruleset
from services.pages import forms

_SECOND = (c.ConfirmOverride, c.DeclineOverride)


def barred(person: Person, state: s.CaseState, command: type[Any]) -> bool:
    """Say whether a command asks for a second officer and every open proposal is the person's."""
    return command in _SECOND and not _others(person, state)


def with_rules(
    field: forms.Input, command: type[Any], rulebook: Rulebook, state: s.CaseState, person: Person
) -> forms.Input:
    """Return a field that asks for a rule with the rules to choose from, any other as it is."""
    if field.name != "rule":
        return field
    if command in _SECOND:
        rules = {each.rule: _proposed(each) for each in _others(person, state)}
    else:
        rules = _rules(rulebook, state)
    return replace(field, kind="choice", choices=rules)


def _others(person: Person, state: s.CaseState) -> list[OverrideProposed]:
    return [each for each in s.proposals_of(state) if each.proposed_by != person.name]


def _proposed(proposal: OverrideProposed) -> str:
    return f"{proposal.rule}: computed {proposal.computed}, proposed {proposal.decided}"


def _rules(rulebook: Rulebook, state: s.CaseState) -> dict[str, str]:
    """Return every rule of the score's own ruleset that has no open proposal."""
    match state:
        case s.BelowMark(score=s.Score() as score) | s.InPool(score=s.Score() as score):
            pass
        case _:
            return {}
    try:
        ruleset = recorded(rulebook, score.ruleset, score.digest)
    except UnknownRuleset:
        # Whoever proposes all the same is told which rules are not loaded.
        return {}
    taken = {each.rule for each in s.proposals_of(state)}
    return {
        rule: _rule(ruleset, rule, values)
        for rule, values in choices(ruleset).items()
        if rule not in taken and len(values) > 1
    }


def _rule(ruleset: Ruleset, rule: str, values: tuple[int, ...]) -> str:
    factor = (factor_of(ruleset, rule) or "criterion").replace("_", " ")
    return f"{factor.capitalize()}: {rule} ({' or '.join(map(str, values))})"
