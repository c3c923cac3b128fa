"""A case that officers and days do anything to, beside a plain account of what must hold of it.

The account is kept from the facts alone, in words of its own: what it asserts is asked of no table
and no function of the domain.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, get_args

from domain import commands as c
from domain import decisions as d
from domain import events as e
from domain import overrides as o
from domain import particulars as p
from domain import stages as s
from domain.application import Application
from domain.case import decide, evolve
from domain.clocks import of_case, read_clock
from domain.days import add_years, hong_kong_date
from domain.deciding.circumstances import Circumstances
from domain.decisions import Matter
from domain.errors import Refusal
from domain.following import next_of
from domain.interruptions import CaseHeld, CaseLapsed, HoldLifted, OfficerRecused
from domain.legal_holds import LegalHoldEvent, LegalHoldLifted, LegalHoldPlaced
from domain.moves import CaseMovedToRuleset
from domain.papers import RequestDocuments
from domain.reconsidering import CaseReopened, ReconsiderationRequested, RefusalUpheld
from domain.residence import (
    ExtensionRefused,
    ExtensionSought,
    RightOfAbodeReached,
    StayExtended,
    VisaVoided,
)
from domain.rules.terms import AfterNoPlace
from domain.standing import (
    AssessmentSetAside,
    AssessmentUpheld,
    SetAssessmentAside,
    UpholdAssessment,
)
from tests.domain.deciding import REFERENCE, real_rulebook
from tests.domain.examples import COMMANDS
from tests.domain.histories import EMMA, JOHN, at_mailbox_of
from tests.domain.test_clocks import recorded_at

BEGINNING: Final = datetime(2019, 1, 7, 4, tzinfo=UTC)
LAST_DAY: Final = datetime(2027, 12, 31, 4, tzinfo=UTC)
"""The holidays of later years are not known."""
FEES_SINCE: Final = datetime(2025, 2, 26, 3, tzinfo=UTC)
OFFICERS: Final = ("officer-1", "officer-2", "officer-3", "officer-4")
EXAMPLES: Final[Mapping[type[c.CaseCommand], c.CaseCommand]] = {
    type(each): each for each in COMMANDS
}
MINOR: Final = replace(
    JOHN, applicant=replace(JOHN.applicant, date_of_birth=datetime(2005, 1, 1, tzinfo=UTC).date())
)
UNSKILLED: Final = replace(JOHN, qualifications=JOHN.qualifications[-1:], employment=())
PEOPLE: Final = (JOHN, EMMA, UNSKILLED, MINOR)
FORWARD: Final = (
    c.SubmitApplication,
    c.PayApplicationFee,
    c.AcknowledgeApplication,
    c.ShortlistCase,
    c.SelectCase,
    c.ProposeApprovalInPrinciple,
    c.VerifyOriginals,
    c.ProposeApproval,
    c.PayVisaFee,
    c.IssueVisa,
    c.ActivateVisa,
    c.SeekExtension,
    c.ProposeExtension,
    c.RecordRightOfAbode,
    c.RequestReconsideration,
    c.ProposeReopening,
    c.ProposeRefusal,
    c.AssessPrerequisites,
    c.ScoreApplication,
)
"""The straight way of a case, which all that are tried go for a while: what is possible first."""
ASIDE: Final = (
    c.PassOverCase,
    c.LapseCase,
    c.ProposeUpholding,
    c.CorrectApplication,
    UpholdAssessment,
    SetAssessmentAside,
    c.RemoveDependant,
    c.LiftHold,
)
"""What leads off the straight way, and would otherwise seldom be tried where it is possible."""
OUTCOME_OF: Final[Mapping[type[e.CaseEvent], Matter]] = {
    e.ApprovedInPrinciple: Matter.APPROVAL_IN_PRINCIPLE,
    e.ApplicationApproved: Matter.APPROVAL,
    e.ApplicationRefused: Matter.REFUSAL,
    ExtensionRefused: Matter.REFUSAL,
    StayExtended: Matter.EXTENSION,
    CaseReopened: Matter.REOPENING,
    RefusalUpheld: Matter.UPHOLDING,
    VisaVoided: Matter.VOIDING,
    p.ErasureDecided: Matter.ERASURE,
    p.ContactChanged: Matter.CONTACT_CHANGE,
}
ENDS: Final = (e.ApplicationWithdrawn, CaseLapsed, VisaVoided)
AFTER_ITS_END: Final = (
    *get_args(d.DecisionEvent),
    *get_args(LegalHoldEvent),
    p.ErasureDecided,
    p.ContactChanged,
)
"""What may follow the end of a case: its person is erased, kept by law, or reached elsewhere."""
BY_RANK: Final = (c.ShortlistCase, c.SelectCase, c.PassOverCase)
ON_POINTS: Final = (c.ProposeOverride, c.ConfirmOverride, c.DeclineOverride)
NOT_WHILE_HELD: Final = (
    e.PrerequisitesAssessed,
    e.ApplicationScored,
    CaseMovedToRuleset,
    o.OverrideProposed,
    o.OverrideConfirmed,
    e.CaseShortlisted,
    e.CaseSelected,
    e.OriginalsVerified,
    e.VisaIssued,
    CaseLapsed,
    ExtensionSought,
    RightOfAbodeReached,
    ReconsiderationRequested,
)
SECOND: Final = (c.ConfirmDecision, c.DeclineDecision, c.ConfirmOverride, c.DeclineOverride)


class Lifetime:
    """One case as it is, and what has been true of it."""

    def __init__(self) -> None:
        self.history: tuple[e.CaseEvent, ...] = ()
        self.instants: tuple[datetime, ...] = ()
        self.state: s.CaseState = s.Draft()
        self.now = self.since = BEGINNING
        self.acted: defaultdict[str, set[str]] = defaultdict(set)
        self.recused: set[str] = set()
        self.outcomes: defaultdict[str, list[type[e.CaseEvent]]] = defaultdict(list)
        self.above_the_mark = self.approved = self.held = self.ended = False
        self.kept_by: dict[int, str] = {}
        self.stale = self.out = False
        self.proposed_at: type[s.CaseState] = s.Draft
        self.due: date = BEGINNING.date()
        self.stays_given = 0
        self.pattern: tuple[int, ...] = ()
        self.entered_on: date = BEGINNING.date()

    def ask(self, actor: str, command: c.CaseCommand) -> bool:
        """Whether the command was carried out; what follows from it is in the account."""
        try:
            facts = self.decided(actor, command)
        except Refusal:
            return False
        assert facts
        self.tell(actor, command, *facts)
        return True

    def decided(self, actor: str, command: c.CaseCommand) -> tuple[e.CaseEvent, ...]:
        """Return the facts that the domain gives for the command, or raise its refusal."""
        given = Circumstances(
            at=self.now,
            rulebook=real_rulebook(),
            actor=actor,
            reference=REFERENCE,
            since=self.since if self.history else None,
        )
        return decide(self.state, command, given)

    def tell(self, actor: str, command: c.CaseCommand | None, *facts: e.CaseEvent) -> None:
        """These facts, which follow from a command or are given, are in the account."""
        before = self.state
        assert actor not in self.recused or isinstance(command, BY_RANK), command
        for place, fact in enumerate(facts):
            self._tell(fact, facts[place - 1] if place else None, actor)
            self.state = evolve(self.state, fact)
        self.history += facts
        self.instants += (self.now,) * len(facts)
        if type(self.state) is not type(before):
            self.since = self.now

    def assert_its_clock_adds_up(self) -> None:
        """No day of the clock is negative or counted twice; it runs while the office is awaited."""
        changes = of_case(recorded_at(self.history, self.instants))
        calendar, begun = real_rulebook().calendar, self.instants[0]
        clock = read_clock(changes, calendar, begun=begun, at=self.now)
        days = calendar.working_days_between(hong_kong_date(begun), hong_kong_date(self.now))
        assert 0 <= clock.running <= clock.elapsed <= days
        assert all(each.working_days >= 0 for each in clock.stopped)
        waits = isinstance(self.state, s.Undecided) and not isinstance(
            self.state, s.FeeAwaited | s.InPrinciple
        )
        asked = not isinstance(self.state, s.Draft) and self.state.filed.papers.requested
        if waits or isinstance(self.state, s.UnderReconsideration):
            assert clock.runs == (not self.held and not asked)

    def go_straight(self, person: Application, steps: int) -> None:
        """So many steps of the straight way are done, by two officers, each in time.

        What is in time only after `LAST_DAY` is not done.
        """
        for _ in range(steps):
            if isinstance(self.state, s.Active):
                if self.next_day_of_note() > LAST_DAY:
                    return
                self.now = self.next_day_of_note()
            if s.decision_of(self.state):
                self.ask("officer-2", self.like(c.ConfirmDecision, person, 0))
                continue
            for kind in FORWARD:
                if kind in next_of(self.state) and self.ask(
                    "officer-1", self.like(kind, person, 0)
                ):
                    break

    def like(self, kind: type[c.CaseCommand], person: Application, days: int) -> c.CaseCommand:
        """A command of this kind that says what fits the case as it is, or nearly."""
        state, today = self.state, hong_kong_date(self.now)
        filed = None if isinstance(state, s.Draft) else state.filed
        open_decision = s.decision_of(state)
        rule = next((each.rule for each in s.proposals_of(state)), "resident-relative")
        matter = open_decision.matter if open_decision else Matter.REFUSAL
        exercise = state.exercise if isinstance(state, s.Shortlisted) else f"E{len(self.outcomes)}"
        said: dict[type[c.CaseCommand], dict[str, Any]] = {
            c.SubmitApplication: {"application": person},
            c.CorrectApplication: {
                "application": at_mailbox_of(filed.application, person)
                if filed and filed.application
                else person
            },
            c.ConfirmDecision: {"matter": matter},
            c.DeclineDecision: {"matter": matter},
            c.ConfirmOverride: {"rule": rule},
            c.DeclineOverride: {"rule": rule},
            c.ShortlistCase: {"exercise": exercise},
            c.SelectCase: {"exercise": exercise},
            c.PassOverCase: {"exercise": exercise},
            c.PayVisaFee: {"amount_hkd": getattr(state, "due_hkd", 0)},
            c.PayApplicationFee: {"amount_hkd": getattr(state, "due_hkd", 0)},
            c.SeekExtension: {
                "amount_hkd": 600 * filed.persons if filed and self.now >= FEES_SINCE else 0
            },
            c.ActivateVisa: {"entered_on": today - timedelta(days=days)},
            c.RecordRightOfAbode: {"reached_on": today - timedelta(days=days)},
            RequestDocuments: {"due_on": today + timedelta(days=7 + days)},
            c.AddDependant: {"date_of_birth": today - timedelta(days=365 * (1 + days))},
            c.RemoveDependant: {
                "dependant": filed.dependants[0][0] if filed and filed.dependants else 1
            },
        }
        return replace(EXAMPLES[kind], **said.get(kind, {}))  # type: ignore[type-var]  # every command is a dataclass

    def next_day_of_note(self) -> datetime:
        """The day before the next day on which something is due or can be done, if it is known."""
        state = self.state
        days = [
            getattr(state, name)
            for name in ("pay_by", "activate_by", "stay_until")
            if hasattr(state, name)
        ]
        if not isinstance(state, s.Draft) and (asked := state.filed.papers.requested):
            days.append(asked.due_on)
        ahead = [each for each in days if each > hong_kong_date(self.now)]
        if not ahead:
            return self.now
        return self.now + (min(ahead) - hong_kong_date(self.now))

    def _tell(self, fact: e.CaseEvent, before: e.CaseEvent | None, actor: str) -> None:
        self._tell_people(fact, actor)
        assert not self.ended or isinstance(fact, AFTER_ITS_END), fact
        if (matter := OUTCOME_OF.get(type(fact))) is not None:
            assert isinstance(before, d.DecisionConfirmed), fact
            assert before.matter is matter
            assert before.confirmed_by != before.proposed_by
            assert not self.held or matter is Matter.VOIDING
        assert not (self.held and isinstance(fact, NOT_WHILE_HELD)), fact
        self._tell_law(fact)
        self._tell_selection(fact)
        self._tell_stay(fact)
        self.ended = self.ended or isinstance(fact, ENDS)
        self.held = self.held and not self.ended

    def _tell_law(self, fact: e.CaseEvent) -> None:
        match fact:
            case LegalHoldPlaced(hold=number, placed_by=by):
                assert number not in self.kept_by
                self.kept_by[number] = by
            case LegalHoldLifted(hold=number, lifted_by=by):
                assert self.kept_by.pop(number) != by
            case p.ErasureDecided():
                assert not self.kept_by, fact

    def _tell_people(self, fact: e.CaseEvent, actor: str) -> None:
        match fact:
            case d.DecisionProposed(matter=matter, proposed_by=by):
                assert by == actor
                self.proposed_at = type(self.state)
                self.acted[matter].add(by)
            case d.DecisionDeclined(matter=matter, declined_by=by):
                assert by == actor
                assert by not in self.acted[matter]
                self.acted[matter].add(by)
            case d.DecisionConfirmed(matter=matter, proposed_by=proposer, confirmed_by=by):
                assert by == actor
                assert self.acted[matter]
                assert not {by, proposer} & self.recused
                assert type(self.state) is self.proposed_at
                assert by not in self.acted.pop(matter)
            case o.OverrideProposed(rule=rule, proposed_by=by):
                self.acted[f"rule {rule}"].add(by)
            case o.OverrideDeclined(rule=rule, declined_by=by):
                assert by not in self.acted[f"rule {rule}"]
                self.acted[f"rule {rule}"].add(by)
            case o.OverrideConfirmed(rule=rule, proposed_by=proposer, confirmed_by=by):
                assert self.acted[f"rule {rule}"]
                assert not {by, proposer} & self.recused
                assert by not in self.acted.pop(f"rule {rule}")
            case OfficerRecused(officer=officer):
                self.recused.add(officer)
            case CaseHeld() | HoldLifted():
                assert self.held == isinstance(fact, HoldLifted)
                self.held = not self.held

    def _tell_selection(self, fact: e.CaseEvent) -> None:
        self._tell_refusal(fact)
        match fact:
            case e.ApplicationScored(total=total, pass_mark=mark):
                self.above_the_mark = total >= mark
            case CaseMovedToRuleset() | CaseReopened() | p.ApplicationCorrected(assessed_anew=True):
                self.above_the_mark = self.stale = False
            case p.ApplicationCorrected(assessment_stale=True):
                self.stale = True
            case AssessmentSetAside() | AssessmentUpheld():
                self.stale = False
                self.above_the_mark = isinstance(fact, AssessmentUpheld)
            case e.CaseShortlisted(exercise=exercise):
                assert self.above_the_mark
                assert self.outcomes[exercise] == []
            case e.CaseSelected(exercise=exercise) | e.CaseNotSelected(exercise=exercise):
                assert self.above_the_mark
                assert not (self.stale and isinstance(fact, e.CaseSelected))
                self.outcomes[exercise].append(type(fact))
                assert len(self.outcomes[exercise]) == 1

    def _tell_refusal(self, fact: e.CaseEvent) -> None:
        """Who is refused, or is to be, goes no way to a visa until the case begins anew."""
        match fact:
            case CaseReopened() | AssessmentSetAside():
                self.out = False
            case (
                e.CaseShortlisted()
                | e.CaseSelected()
                | e.CaseNotSelected()
                | e.ApprovedInPrinciple()
                | e.ApplicationApproved()
            ):
                assert not self.out
        match fact:
            case e.ApplicationRefused() | e.CaseNotSelected(then=AfterNoPlace.IS_REFUSED):
                self.out = True

    def _tell_stay(self, fact: e.CaseEvent) -> None:
        match fact:
            case e.ApplicationApproved(stay_years=years, pay_by=due):
                assert not self.stale
                self.approved, self.pattern, self.due = True, years, due
            case e.ApplicationRefused():
                assert not self.approved
            case e.VisaFeePaid():
                assert self.approved
                assert hong_kong_date(self.now) <= self.due
            case e.VisaIssued(activate_by=due):
                assert self.approved
                self.due = due
            case e.VisaActivated(entered_on=entered, stay_until=until):
                assert self.approved
                assert entered <= min(hong_kong_date(self.now), self.due)
                self.entered_on, self.stays_given = entered, 1
                assert until < add_years(entered, self.pattern[0])
            case StayExtended(stay_until=until):
                self.stays_given += 1
                assert self.stays_given <= len(self.pattern)
                assert until < add_years(self.entered_on, sum(self.pattern[: self.stays_given]))
            case RightOfAbodeReached(reached_on=reached):
                assert reached >= add_years(self.entered_on, 7)
                assert reached <= hong_kong_date(self.now)
