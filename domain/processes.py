"""What must be done beyond the log when something has happened: event to effects, as one table.

Law: an effect's name is permanent, because the ledger that keeps effects from being carried out
twice knows them by it. A new effect is one line here and one template; it applies to events that
are recorded from then on and never to the past. Nobody is told of what they did themselves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from domain import events as e
from domain import papers as f
from domain import particulars as p
from domain import residence as h
from domain import stages as s
from domain import work_events as w
from domain.case import evolve
from domain.data_access import DataAccessAnswered, DataAccessDelayed, DataAccessRequested
from domain.deadlines import Deadline, DeadlineApproaching, DeadlinePassed, StillInQueue
from domain.decisions import DecisionDeclined, DecisionProposed, Matter
from domain.interruptions import CaseLapsed, OfficerRecused
from domain.moves import CaseMovedToRuleset
from domain.overrides import OverrideDeclined, OverrideProposed
from domain.projections.status import AWAITED
from domain.projections.status import Party as AwaitedOf
from domain.reconsidering import CaseReopened, ReconsiderationRequested, RefusalUpheld
from domain.record import Recorded
from domain.rules.terms import AfterNoPlace
from domain.standing import AssessmentSetAside
from domain.work import Unheld, WorkState, holder_of
from domain.work import evolve as evolve_work


class Party(StrEnum):
    """Who an effect is for, as a role in the case."""

    APPLICANT = "applicant"
    REPRESENTATIVE = "representative"
    """Who speaks for the applicant after the event: told the same beside them, never instead."""
    FORMER_REPRESENTATIVE = "former-representative"
    """Who spoke for the applicant until the event."""
    OFFICER = "officer"
    """Who has the case after the event."""
    FORMER_OFFICER = "former-officer"
    """Who had the case until a supervisor gave it to somebody else."""
    PROPOSER = "proposer"
    """Who proposed what was declined."""
    SUPERVISOR = "supervisor"
    """Every supervisor of the office."""


OUTSIDE: Final = frozenset({Party.APPLICANT, Party.REPRESENTATIVE, Party.FORMER_REPRESENTATIVE})
"""The parties that are not of the office: told in the applicant's language, with what concerns
them. Everybody else is told in English, by a reference and a link alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event of a case or of the work on it, with the case around it.

    `before` and `after` are the case without it and with it; `holder` has the case after it, None
    where nobody does; `actor` did it.
    """

    event: e.Event
    actor: str
    before: s.CaseState
    after: s.CaseState
    holder: str | None


Condition = Callable[[Happening], bool]
"""Says whether an effect is called for; the first line of its docstring completes "only"."""


def always(happening: Happening) -> bool:
    """Whenever it happens."""
    del happening
    return True


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


def fee_is_due(happening: Happening) -> bool:
    """Where a fee is due on filing."""
    return isinstance(happening.after, s.FeeAwaited)


def begins_to_wait(happening: Happening) -> bool:
    """When the case comes to wait for an exercise, not when it is scored again there."""
    waits = isinstance(happening.after, s.InPool)
    return waits and not isinstance(happening.before, s.InPool)


def rolls_over(happening: Happening) -> bool:
    """Where the case waits for the next exercise."""
    event = happening.event
    return isinstance(event, e.CaseNotSelected) and event.then is AfterNoPlace.ROLLS_OVER


def is_to_be_refused(happening: Happening) -> bool:
    """Where nobody rolls over and a refusal is to be decided."""
    return not rolls_over(happening)


def filed_anew(happening: Happening) -> bool:
    """Where another application was filed in its place."""
    event = happening.event
    return isinstance(event, e.ApplicationWithdrawn) and event.refiled_as is not None


def ended_by_it(happening: Happening) -> bool:
    """Where nothing was filed in its place."""
    return not filed_anew(happening)


def nothing_was_asked_for(happening: Happening) -> bool:
    """Where no request for documents is open."""
    before = happening.before
    return isinstance(before, s.Draft) or before.filed.papers.requested is None


def is_rare(happening: Happening) -> bool:
    """For what is rare: approvals and refusals are so many that letters would bury the rest."""
    event = happening.event
    return isinstance(event, DecisionProposed) and event.matter not in _MANY


def is_still_due(happening: Happening) -> bool:
    """Where it is still due as the case stands."""
    event, case = happening.event, happening.before
    if not isinstance(event, DeadlineApproaching | DeadlinePassed):
        return False
    match event.deadline, case:
        case (
            (Deadline.VISA_FEE, s.Approved(pay_by=last))
            | (Deadline.ACTIVATION, s.Issued(activate_by=last))
            | (Deadline.EXTENSION | Deadline.STAY, s.Active(stay_until=last))
        ):
            return event.due_on == last
        case Deadline.RECONSIDERATION, s.Refused():
            return True
        case Deadline.DOCUMENTS, _ if not isinstance(case, s.Draft):
            asked = case.filed.papers.requested
            return asked is not None and asked.due_on == event.due_on
        case _:
            return False


def is_news(happening: Happening) -> bool:
    """Where it is still due as the case stands, and was not over for months already."""
    event = happening.event
    return isinstance(event, DeadlinePassed) and not event.belated and is_still_due(happening)


def is_about_data(happening: Happening) -> bool:
    """Where it is a request for data that awaits its answer."""
    event = happening.event
    return (
        isinstance(event, DeadlineApproaching | DeadlinePassed)
        and event.deadline is Deadline.DATA_ACCESS
    )


def office_is_awaited(happening: Happening) -> bool:
    """Where the case still waits for the office."""
    awaited = AWAITED[s.stage_of(happening.before)].party
    return awaited is AwaitedOf.OFFICE and nothing_was_asked_for(happening)


_MANY: Final = frozenset({Matter.APPROVAL_IN_PRINCIPLE, Matter.APPROVAL, Matter.REFUSAL})
_OFFICER: Final = (Party.OFFICER,)
_SUPERVISORS: Final = (Party.SUPERVISOR,)
_ANSWERABLE: Final = (Party.OFFICER, Party.SUPERVISOR)
_APPLICANT: Final = (Party.APPLICANT,)
_REPRESENTATIVE: Final = (Party.REPRESENTATIVE,)
_FORMER: Final = (Party.FORMER_REPRESENTATIVE,)

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
        p.ApplicationCorrected: (Effect(name="details-corrected", at_any_hour=True),),
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
            Effect(name="data-access-is-near", to=_ANSWERABLE, when=is_about_data),
        ),
        DeadlinePassed: (
            Effect(name="day-is-over", when=is_news),
            Effect(name="day-is-over-for-officer", to=_OFFICER, when=is_still_due),
            Effect(name="data-access-is-over", to=_ANSWERABLE, when=is_about_data),
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


def called_for(event: e.Event) -> bool:
    """Say whether anything may have to be done because of `event`."""
    return type(event) in EFFECTS


def effects(happening: Happening) -> tuple[Effect, ...]:
    """Return what must be done because of what happened."""
    possible = EFFECTS.get(type(happening.event), ())
    return tuple(each for each in possible if each.when(happening))


def happenings(
    case: Sequence[Recorded[Any]], work: Sequence[Recorded[Any]]
) -> Mapping[int, Happening]:
    """Return every event of a case and of the work on it, by its position, with the case around it.

    Those that have no position yet come after all others, and are left out.
    """
    numbered = [each for each in (*case, *work) if each.position is not None]
    of_case = {each.position for each in case}
    state: s.CaseState = s.Draft()
    done: WorkState = Unheld()
    found: dict[int, Happening] = {}
    for each in sorted(numbered, key=lambda recorded: recorded.position or 0):
        before = state
        if each.position in of_case:
            state = evolve(state, each.event)
        else:
            done = evolve_work(done, each.event)
        found[each.position or 0] = Happening(
            event=each.event,
            actor=each.actor,
            before=before,
            after=state,
            holder=holder_of(done),
        )
    return found


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
        case Party.APPLICANT:
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
