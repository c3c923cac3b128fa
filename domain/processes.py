"""What must be done beyond the log when something has happened: event to effects, as one table.

Law: an effect's name is permanent, because the ledger that keeps effects from being carried out
twice knows them by it. A new effect is one line here and one template; it applies to events that
are recorded from then on and never to the past. Nobody is told of what they did themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain import events as e
from domain import papers as f
from domain import particulars as p
from domain import residence as h
from domain import stages as s
from domain import work_events as w
from domain.data_access import DataAccessAnswered, DataAccessDelayed, DataAccessRequested
from domain.deadlines import DeadlineApproaching, DeadlinePassed, StillInQueue
from domain.decisions import DecisionDeclined, DecisionProposed
from domain.exercise_events import ResultPublished
from domain.happenings import (
    Condition,
    Happening,
    a_copy_was_made,
    always,
    awaits_its_answer,
    begins_to_wait,
    ended_by_it,
    fee_is_due,
    filed_anew,
    is_news,
    is_rare,
    is_still_due,
    is_to_be_refused,
    no_copy_was_made,
    nothing_was_asked_for,
    office_is_awaited,
    rolls_over,
)
from domain.interruptions import CaseLapsed, OfficerRecused
from domain.moves import CaseMovedToRuleset
from domain.overrides import OverrideDeclined, OverrideProposed
from domain.reconsidering import CaseReopened, ReconsiderationRequested, RefusalUpheld
from domain.standing import AssessmentSetAside


class Party(StrEnum):
    """Who an effect is for, as a role in the case."""

    APPLICANT = "applicant"
    REPRESENTATIVE = "representative"
    """Who speaks for the applicant after the event: told the same beside them, never instead."""
    FORMER_REPRESENTATIVE = "former-representative"
    """Who spoke for the applicant until the event."""
    FORMER_ADDRESS = "former-address"
    """Whoever reads the mailbox that was the applicant's until the event."""
    OFFICER = "officer"
    """Who has the case after the event."""
    FORMER_OFFICER = "former-officer"
    """Who had the case until a supervisor gave it to somebody else."""
    PROPOSER = "proposer"
    """Who proposed what was declined."""
    SUPERVISOR = "supervisor"
    """Every supervisor of the office."""


OUTSIDE: Final = frozenset(
    {
        Party.APPLICANT,
        Party.REPRESENTATIVE,
        Party.FORMER_REPRESENTATIVE,
        Party.FORMER_ADDRESS,
    }
)
"""The parties that are not of the office: told in the applicant's language, with what concerns
them. Everybody else is told in English, by a reference and a link alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One e-mail to send because of one event: `name` chooses the text that the parties are sent.

    It is for each of `to`, and only `when` that holds. `at_any_hour` sends it in quiet hours too.
    """

    name: str
    to: tuple[Party, ...] = (Party.APPLICANT, Party.REPRESENTATIVE)
    when: Condition = always
    at_any_hour: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody an effect is for; `account` is who they are in the office, None outside of it.

    It is None too for a supervisor where the office does not know who its supervisors are.
    """

    party: Party
    account: str | None = None

    @property
    def name(self) -> str:
        """What the ledger knows them by within the case."""
        return str(self.party) if self.account is None else f"{self.party}:{self.account}"


_OFFICER: Final = (Party.OFFICER,)
_SUPERVISORS: Final = (Party.SUPERVISOR,)
_ANSWERABLE: Final = (Party.OFFICER, Party.SUPERVISOR)
_APPLICANT: Final = (Party.APPLICANT,)
_REPRESENTATIVE: Final = (Party.REPRESENTATIVE,)
_FORMER: Final = (Party.FORMER_REPRESENTATIVE,)

_CORRECTION: Final = (
    Effect(name="correction-for-officer", to=_OFFICER, when=no_copy_was_made),
    Effect(name="correction-of-copy", to=_ANSWERABLE, when=a_copy_was_made),
)
"""The office of a correction: whoever works by the former value, and who may have to send on."""

EFFECTS: Final[Mapping[type[e.Event], tuple[Effect, ...]]] = MappingProxyType(
    {
        # The application, until it is decided.
        e.ApplicationSubmitted: (Effect(name="application-fee-due", when=fee_is_due),),
        e.ApplicationFeePaid: (Effect(name="application-fee-received"),),
        e.ApplicationAcknowledged: (Effect(name="acknowledgement"),),
        e.ApplicationScored: (Effect(name="waiting-for-selection", when=begins_to_wait),),
        CaseMovedToRuleset: (Effect(name="moved-to-other-rules"),),
        AssessmentSetAside: (Effect(name="assessed-anew"),),
        f.DocumentsRequested: (Effect(name="documents-requested"),),
        f.DocumentReceived: (
            Effect(name="document-for-officer", to=_OFFICER, when=nothing_was_asked_for),
        ),
        f.RequestedDocumentsReceived: (
            Effect(name="documents-received"),
            Effect(name="documents-for-officer", to=_OFFICER),
        ),
        f.DocumentRequestCancelled: (Effect(name="documents-no-longer-needed"),),
        e.CaseShortlisted: (Effect(name="shortlisted"),),
        e.CaseSelected: (Effect(name="selected"),),
        e.CaseNotSelected: (
            Effect(name="not-selected-waits-on", when=rolls_over),
            Effect(name="not-selected", when=is_to_be_refused),
        ),
        # Decisions, and what follows from them.
        e.ApprovedInPrinciple: (Effect(name="approved-in-principle"),),
        e.ApplicationApproved: (Effect(name="approved"),),
        e.VisaFeePaid: (Effect(name="visa-fee-received"),),
        e.VisaIssued: (Effect(name="visa-issued"),),
        e.VisaActivated: (Effect(name="visa-activated"),),
        e.ApplicationRefused: (Effect(name="refused"),),
        e.ApplicationWithdrawn: (
            Effect(name="withdrawn", when=ended_by_it, at_any_hour=True),
            Effect(name="filed-anew", when=filed_anew, at_any_hour=True),
            Effect(name="withdrawal-for-officer", to=_OFFICER),
        ),
        CaseLapsed: (Effect(name="no-further-action"),),
        ReconsiderationRequested: (
            Effect(name="reconsideration-received"),
            Effect(name="reconsideration-for-officer", to=_OFFICER),
        ),
        CaseReopened: (Effect(name="case-reopened"),),
        RefusalUpheld: (Effect(name="refusal-upheld"),),
        h.ExtensionSought: (
            Effect(name="extension-received"),
            Effect(name="extension-for-officer", to=_OFFICER),
        ),
        h.StayExtended: (Effect(name="stay-extended"),),
        h.ExtensionRefused: (Effect(name="extension-refused"),),
        h.RightOfAbodeReached: (Effect(name="right-of-abode"),),
        h.VisaVoided: (Effect(name="visa-voided", at_any_hour=True),),
        # People and particulars: whoever did not ask for the change has to learn of it soon.
        p.ApplicationCorrected: (
            Effect(name="details-corrected", at_any_hour=True),
            *_CORRECTION,
        ),
        p.DependantAdded: (Effect(name="dependants-changed"),),
        p.DependantRemoved: (Effect(name="dependants-changed"),),
        p.RepresentativeAppointed: (
            Effect(name="representative-appointed", to=_APPLICANT, at_any_hour=True),
            Effect(name="representation-begun", to=_REPRESENTATIVE),
            Effect(name="representation-ended", to=_FORMER),
        ),
        p.RepresentativeRemoved: (
            Effect(name="representative-removed", to=_APPLICANT, at_any_hour=True),
            Effect(name="representation-ended", to=_FORMER),
        ),
        p.ContactChanged: (
            Effect(name="address-changed", at_any_hour=True),
            Effect(name="address-not-used-now", to=(Party.FORMER_ADDRESS,), at_any_hour=True),
            *_CORRECTION,
        ),
        w.DuplicateRefused: (Effect(name="duplicate-refused", to=_APPLICANT, at_any_hour=True),),
        DataAccessRequested: (
            Effect(name="data-access-received", at_any_hour=True),
            Effect(name="data-access-for-officer", to=_ANSWERABLE),
        ),
        DataAccessDelayed: (Effect(name="data-access-delayed"),),
        DataAccessAnswered: (Effect(name="data-access-answered"),),
        # What time brings.
        DeadlineApproaching: (
            Effect(name="day-is-near", when=is_still_due),
            Effect(name="data-access-is-near", to=_ANSWERABLE, when=awaits_its_answer),
        ),
        DeadlinePassed: (
            Effect(name="day-is-over", when=is_news),
            Effect(name="day-is-over-for-officer", to=_OFFICER, when=is_still_due),
            Effect(name="data-access-is-over", to=_ANSWERABLE, when=awaits_its_answer),
        ),
        StillInQueue: (Effect(name="still-in-queue", when=office_is_awaited),),
        # The office.
        w.CaseAssigned: (
            Effect(name="case-assigned", to=_OFFICER),
            Effect(name="case-assigned-elsewhere", to=(Party.FORMER_OFFICER,)),
        ),
        w.CaseHandedOver: (Effect(name="case-handed-over", to=_OFFICER),),
        w.CaseReturned: (Effect(name="case-returned", to=_OFFICER),),
        DecisionProposed: (Effect(name="decision-awaits-second", to=_SUPERVISORS, when=is_rare),),
        DecisionDeclined: (Effect(name="proposal-declined", to=(Party.PROPOSER,)),),
        OverrideProposed: (Effect(name="points-await-second", to=_SUPERVISORS),),
        OverrideDeclined: (Effect(name="proposal-declined", to=(Party.PROPOSER,)),),
        OfficerRecused: (Effect(name="officer-stepped-aside", to=_SUPERVISORS),),
    }
)
"""Every effect there is, by the event that calls for it."""

AT_ANY_HOUR: Final = frozenset(
    each.name for found in EFFECTS.values() for each in found if each.at_any_hour
)
"""The names of the effects that are carried out in quiet hours too."""

PUBLIC: Final[frozenset[type[e.Event]]] = frozenset({ResultPublished})
"""What everybody may hear of, though no letter tells anybody."""


def called_for(event: e.Event) -> bool:
    """Say whether anything may have to be done because of `event`."""
    return type(event) in EFFECTS


def may_be_heard(event: e.Event, happening: Happening | None) -> bool:
    """Say whether an applicant may hear of an event, as what happened to a case or in public."""
    if happening is None:
        return type(event) in PUBLIC
    return any(Party.APPLICANT in each.to for each in effects(happening))


def effects(happening: Happening) -> tuple[Effect, ...]:
    """Return what must be done because of what happened."""
    possible = EFFECTS.get(type(happening.event), ())
    return tuple(each for each in possible if each.when(happening))


def recipients(
    effect: Effect, happening: Happening, supervisors: Iterable[str]
) -> tuple[Recipient, ...]:
    """Return whom an effect is for; never who did it, nor who stepped aside from the case.

    Whoever it is for as two parties at once is told as the first of them.
    """
    told = {happening.actor, *_recused(happening.after)}
    found: list[Recipient] = []
    for each in (each for party in effect.to for each in _of(party, happening, supervisors)):
        if each.account is None or each.account not in told:
            found.append(each)
            told.add(each.account or "")
    return tuple(found)


def _of(party: Party, happening: Happening, supervisors: Iterable[str]) -> tuple[Recipient, ...]:
    match party:
        case Party.APPLICANT | Party.FORMER_ADDRESS:
            return (Recipient(party=party),)
        case Party.REPRESENTATIVE:
            return (Recipient(party=party),) if _represented(happening.after) else ()
        case Party.FORMER_REPRESENTATIVE:
            return (Recipient(party=party),) if _represented(happening.before) else ()
        case Party.SUPERVISOR:
            known = sorted(supervisors)
            return tuple(Recipient(party=party, account=each) for each in known) or (
                Recipient(party=party),
            )
        case _:
            account = _account(party, happening)
            return () if account is None else (Recipient(party=party, account=account),)


def _account(party: Party, happening: Happening) -> str | None:
    match party, happening.event:
        case Party.OFFICER, _:
            return happening.holder
        case Party.FORMER_OFFICER, w.CaseAssigned(before=before):
            return before
        case Party.PROPOSER, DecisionDeclined() | OverrideDeclined() as declined:
            return declined.proposed_by
        case _:
            return None


def _represented(state: s.CaseState) -> bool:
    return not isinstance(state, s.Draft) and state.filed.represented


def _recused(state: s.CaseState) -> frozenset[str]:
    return frozenset() if isinstance(state, s.Draft) else state.filed.recused
