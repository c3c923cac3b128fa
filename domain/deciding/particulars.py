"""The people of a case: what is corrected, who comes along, who speaks, who steps aside, holds."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from domain import commands as c
from domain import following
from domain import stages as s
from domain.application import Application
from domain.days import age_on, hong_kong_date
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.deciding.standing import RESTING
from domain.decisions import DecisionProposed, Matter
from domain.errors import (
    ContactNotCorrected,
    DependantNotEligible,
    NoRepresentative,
    NoSuchDependant,
    NothingToCorrect,
    OnHold,
    PersonErased,
    ReasonsMissing,
    RecusedFromCase,
)
from domain.filed import Filed
from domain.interruptions import CaseHeld, HoldLifted, InterruptionReason, OfficerRecused
from domain.particulars import (
    ApplicationCorrected,
    ContactChanged,
    Correction,
    Dependant,
    DependantAdded,
    DependantRemoved,
    NewContact,
    Relation,
    Representative,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from domain.rules.assess import WrongRoute
from domain.rules.choose import limit
from domain.rules.limits import Limit

BY_RANK: Final = (c.ShortlistCase, c.SelectCase, c.PassOverCase)
"""What an exercise does to its cases by rank; it asks nobody's judgement of the case."""

_NEVER_ASSESSED: Final = (
    "family_name",
    "given_names",
    "name_in_chinese",
    "country_of_residence",
    "email",
    "correspondence_language",
    "travel_document",
)
"""What an applicant is called and reached by, on which no assessment rests."""

Care = (
    c.HoldCase
    | c.LiftHold
    | c.RecuseOfficer
    | c.CorrectApplication
    | c.AddDependant
    | c.RemoveDependant
    | c.AppointRepresentative
    | c.RemoveRepresentative
)


def forbid(state: s.CaseState, command: c.CaseCommand, given: Circumstances) -> None:
    """Refuse what a conflict of interest or a hold forbids, whatever the command says."""
    if isinstance(state, s.Draft):
        return
    if given.actor in state.filed.recused and not isinstance(command, BY_RANK):
        raise RecusedFromCase(
            f"{given.actor} declared a conflict of interest and takes no part in this"
        )
    if state.filed.held and type(command) in following.NEXT[type(state)]:
        _forbid_held(state, command)


def _forbid_held(state: s.CaseState, command: c.CaseCommand) -> None:
    if type(command) not in following.WHILE_HELD and not isinstance(command, c.HoldCase):
        raise OnHold("an investigation holds the case; lift the hold first")
    decision = s.decision_of(state)
    if (
        isinstance(command, c.ConfirmDecision)
        and decision
        and decision.matter is not Matter.VOIDING
    ):
        raise OnHold("an investigation holds the case; lift the hold before this is decided")


def care(state: s.CaseState, command: Care, given: Circumstances) -> Facts:  # noqa: PLR0911 - one arm per command
    """Return the fact about the people of the case that the command asks for."""
    if isinstance(state, s.Draft) or type(command) not in following.NEXT[type(state)]:
        raise not_now(state, command)
    match command:
        case c.HoldCase():
            return _hold(state, command)
        case c.LiftHold():
            return _lift(state, command)
        case c.RecuseOfficer():
            reason = InterruptionReason(text=in_words(command.reason))
            return (OfficerRecused(officer=given.actor, personal=reason),)
        case c.CorrectApplication():
            return _correct(state, command)
        case c.AddDependant() | c.RemoveDependant():
            return _dependant(state, command, given)
        case c.AppointRepresentative():
            return (_appointed(command),)
        case c.RemoveRepresentative():
            if not state.filed.represented:
                raise NoRepresentative("the applicant speaks for themselves already")
            return (RepresentativeRemoved(),)


def _hold(state: s.CaseState, command: c.HoldCase) -> Facts:
    if c.HoldCase not in following.next_of(state):
        raise OnHold("the case is held already")
    return (CaseHeld(personal=InterruptionReason(text=in_words(command.reason))),)


def _lift(state: s.CaseState, command: c.LiftHold) -> Facts:
    if c.LiftHold not in following.next_of(state):
        raise not_now(state, command)
    said = command.reason.strip()
    return (HoldLifted(personal=InterruptionReason(text=said) if said else None),)


def in_words(text: str) -> str:
    """Return what was said, without space around it, or refuse where nothing was."""
    if not text.strip():
        raise ReasonsMissing("say why, in words")
    return text.strip()


def _correct(
    state: s.Undecided | s.Granted | s.Ended | Any, command: c.CorrectApplication
) -> Facts:
    before, after = state.filed.application, command.application
    if before is None:
        raise PersonErased("what the applicant filed was erased, so it cannot be corrected")
    if before.route is not after.route:
        raise WrongRoute("an application stays on the route that it was filed on; file a new one")
    differing = tuple(_differences(before, after))
    if not differing:
        raise NothingToCorrect("the application says exactly this already")
    if before.applicant.email != after.applicant.email:
        raise ContactNotCorrected(
            "the applicant comes in by their e-mail address: propose a change of address, which a "
            "second officer confirms"
        )
    otherwise = _as_assessed(before) != _as_assessed(after)
    assessed = isinstance(state, s.PrerequisitesMet | s.PrerequisitesUnmet | s.BelowMark | s.InPool)
    return (
        ApplicationCorrected(
            fields=differing,
            assessed_anew=otherwise and assessed,
            assessment_stale=otherwise and isinstance(state, RESTING),
            personal=Correction(application=after, reason=in_words(command.reason)),
        ),
    )


def contact_change(state: s.CaseState, command: c.CaseCommand, proposal: DecisionProposed) -> Facts:
    """Return the fact that the applicant is reached at the address that was proposed.

    Where another case took the place of this one, the person is reached where that one says.
    """
    if isinstance(state, s.Draft) or state.filed.refiled_as is not None:
        raise not_now(state, command)
    application, words = state.filed.application, proposal.personal
    if application is None or words is None or words.email is None:
        raise PersonErased("what the applicant filed was erased, so nobody is written to")
    former = application.applicant.email
    if words.email == former:
        raise NothingToCorrect("the application has exactly this address already")
    contact = NewContact(email=words.email, former=former, evidence=" ".join(words.texts))
    return (ContactChanged(personal=contact),)


def _as_assessed(application: Application) -> Application:
    """Return the application with everything blank that no assessment rests on."""
    blank: dict[str, Any] = dict.fromkeys(_NEVER_ASSESSED)
    return replace(application, applicant=replace(application.applicant, **blank))


def _differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value that differs; a list that differs is named as a whole."""
    if is_dataclass(before) and type(before) is type(after):
        for each in fields(before):
            inner = f"{path}.{each.name}" if path else each.name
            yield from _differences(getattr(before, each.name), getattr(after, each.name), inner)
    elif before != after:
        yield path


def _dependant(
    state: Any, command: c.AddDependant | c.RemoveDependant, given: Circumstances
) -> Facts:
    filed: Filed = state.filed
    if isinstance(command, c.RemoveDependant):
        numbers = [number for number, _ in filed.dependants]
        if command.dependant not in numbers:
            known = ", ".join(map(str, numbers)) or "none"
            raise NoSuchDependant(f"there is no dependant {command.dependant}; there is: {known}")
        return (DependantRemoved(dependant=command.dependant),)
    _eligible(filed, command, given)
    person = Dependant(
        family_name=in_words(command.family_name),
        given_names=in_words(command.given_names),
        date_of_birth=command.date_of_birth,
        nationality=command.nationality,
        married=command.married,
    )
    number = filed.numbered + 1
    return (DependantAdded(dependant=number, relation=command.relation, personal=person),)


def _eligible(filed: Filed, command: c.AddDependant, given: Circumstances) -> None:
    if command.date_of_birth > given.today:
        raise DependantNotEligible("the date of birth is in the future")
    spouse = any(relation is Relation.SPOUSE for _, relation in filed.dependants)
    if command.relation is Relation.SPOUSE and spouse:
        raise DependantNotEligible("a spouse is on record already; remove that one first")
    if command.relation is Relation.CHILD:
        if command.married:
            raise DependantNotEligible("a married child does not come along as a dependant")
        under = limit(given.rulebook, Limit.DEPENDANT_UNDER_AGE, hong_kong_date(filed.submitted_at))
        if (age := age_on(command.date_of_birth, given.today)) >= under:
            raise DependantNotEligible(f"a child comes along under {under}; this one is {age}")


def _appointed(command: c.AppointRepresentative) -> RepresentativeAppointed:
    return RepresentativeAppointed(
        personal=Representative(
            name=in_words(command.name),
            organisation=command.organisation.strip(),
            email=command.email,
        )
    )
