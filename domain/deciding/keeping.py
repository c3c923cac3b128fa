"""Keeping what is held on a person: legal holds, and what they forbid."""

from domain import legal_holds as h
from domain import stages as s
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.errors import (
    KeptByLaw,
    NoSuchLegalHold,
    PersonErased,
    ReasonsMissing,
    SecondOfficerNeeded,
)
from domain.filed import Filed


def decide(state: s.CaseState, command: h.LegalHoldCommand, given: Circumstances) -> Facts:
    """Return the fact that a legal hold stands, or is over."""
    if isinstance(state, s.Draft):
        raise not_now(state, command)
    match command:
        case h.PlaceLegalHold():
            return (_place(state.filed, command, given.actor),)
        case h.LiftLegalHold():
            return (_lift(state.filed, command, given.actor),)


def demand_free(filed: Filed) -> None:
    """Pass where nothing has to be kept of the person, else raise `KeptByLaw`."""
    if filed.legal_holds:
        for_whom = ", ".join(f"{each.authority} (hold {each.number})" for each in filed.legal_holds)
        raise KeptByLaw(f"what is held has to be kept: {for_whom}; it is lifted before")


def _place(filed: Filed, command: h.PlaceLegalHold, actor: str) -> h.LegalHoldPlaced:
    if filed.application is None:
        raise PersonErased("what was held on this person was erased; there is nothing to keep")
    return h.LegalHoldPlaced(
        hold=filed.legal_holds_placed + 1,
        authority=command.authority,
        placed_by=actor,
        personal=_words(command.reason),
    )


def _lift(filed: Filed, command: h.LiftLegalHold, actor: str) -> h.LegalHoldLifted:
    found = next((each for each in filed.legal_holds if each.number == command.hold), None)
    if found is None:
        known = ", ".join(str(each.number) for each in filed.legal_holds) or "none"
        raise NoSuchLegalHold(f"no legal hold {command.hold} stands; there is {known}")
    if found.placed_by == actor:
        raise SecondOfficerNeeded(f"{actor} placed legal hold {found.number}: another lifts it")
    return h.LegalHoldLifted(hold=found.number, lifted_by=actor, personal=_words(command.reason))


def _words(text: str) -> h.HoldWords:
    if not text.strip():
        raise ReasonsMissing("say which matter it is about, in words")
    return h.HoldWords(text=text.strip())
