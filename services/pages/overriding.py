"""What forms for two officers offer, and to whom: nobody is asked to confirm their own."""

from dataclasses import replace
from typing import Any

from domain import commands as c
from domain import stages as s
from domain.access import Person
from domain.overrides import OverrideProposed, matter_of
from domain.rules.choose import UnknownRuleset, recorded
from domain.rules.overriding import choices, factor_of
from domain.rules.types import Rulebook, Ruleset
from services.pages import forms

_SECOND = (c.ConfirmOverride, c.DeclineOverride)
_DECIDE = (c.ConfirmDecision, c.DeclineDecision)


def barred(person: Person, state: s.CaseState, command: type[Any]) -> bool:
    """Say whether a command asks for a second officer, and the person cannot be the one."""
    if command in _DECIDE and (decision := s.decision_of(state)) is not None:
        return not isinstance(state, s.Draft) and person.name in state.filed.actors(decision.matter)
    return command in _SECOND and not _others(person, state)


def with_rules(
    field: forms.Input, command: type[Any], rulebook: Rulebook, state: s.CaseState, person: Person
) -> forms.Input:
    """Return a field that asks for a rule or a decision with what there is to choose from."""
    if field.name == "matter" and (decision := s.decision_of(state)) is not None:
        matter = {each: said for each, said in field.choices.items() if each == decision.matter}
        return replace(field, choices=matter)
    if field.name != "rule":
        return field
    if command in _SECOND:
        rules = {each.rule: _proposed(each) for each in _others(person, state)}
    else:
        rules = _rules(rulebook, state)
    return replace(field, kind="choice", choices=rules)


def _others(person: Person, state: s.CaseState) -> list[OverrideProposed]:
    if isinstance(state, s.Draft):
        return []
    return [
        each
        for each in s.proposals_of(state)
        if person.name not in state.filed.actors(matter_of(each.rule))
    ]


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
