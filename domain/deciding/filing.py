"""Filing: the application arrives, is paid for where the regime asks it, and is acknowledged."""

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.application import Application, Channel, Family
from domain.days import written_out
from domain.deciding.circumstances import Circumstances, Facts, exactly, filing_of, not_now
from domain.errors import AnotherPerson, NoFeeDue, PaperNotTaken, PersonErased
from domain.filed import Filed
from domain.rules.choose import application_fee, choose, paper_taken
from domain.rules.transitions import Filing


def submit(state: s.CaseState, command: c.SubmitApplication, given: Circumstances) -> Facts:
    """Return the fact that an application was filed, under a rule that is loaded."""
    match state:
        case s.Draft():
            filed = Filed(
                reference=given.reference,
                route=command.application.route,
                submitted_at=given.at,
                application=command.application,
            )
            filing = filing_of(filed, given)
            choose(given.rulebook, filing, known_on=given.today)
            _on_paper(command, filing, given)
            fee = application_fee(given.rulebook, filing)
            persons = 1 + accompanying(command.application.family)
            return (
                e.ApplicationSubmitted(
                    reference=filed.reference,
                    route=filed.route,
                    channel=command.channel,
                    submitted_at=filed.submitted_at,
                    application_fee_hkd=None if fee is None else persons * fee,
                    personal=filed.application,
                    persons=persons,
                    refiles=given.refiling,
                ),
            )
        case _:
            raise not_now(state, command)


def demand_same_person(before: Application | None, after: Application) -> None:
    """Pass where an application takes the place of one by the same person, else refuse.

    That is by date of birth, and by the travel document or, where it was renewed, by the name.
    """
    if before is None:
        raise PersonErased("what the applicant filed was erased, so nothing takes its place")
    old, new = before.applicant, after.applicant
    named = (old.family_name, old.given_names) == (new.family_name, new.given_names)
    known = named or old.travel_document == new.travel_document
    if old.date_of_birth != new.date_of_birth or not known:
        raise AnotherPerson(
            "the application in its place is by somebody else: neither the travel document nor "
            "the name is the same, or the date of birth is not; correct this case first where it "
            "was misread, or file a case of its own"
        )


def _on_paper(command: c.SubmitApplication, filing: Filing, given: Circumstances) -> None:
    """Pass where the application came online, or paper is taken on that day [S61]."""
    on = filing.submitted_on
    if command.channel is Channel.PAPER and not paper_taken(given.rulebook, on):
        raise PaperNotTaken(
            f"no application is taken on paper that reaches the office on {written_out(on)}; it "
            "is filed online"
        )


def accompanying(family: Family) -> int:
    """Return how many of the family come along by the application as filed.

    The application fee is due per person at submission [S30], hence on these and never counted
    again; the fee for the visa is on the dependants on record at the approval.
    """
    spouse = family.spouse is not None and family.spouse.accompanying
    return spouse + sum(each.accompanying for each in family.children)


def pay_application_fee(state: s.CaseState, command: c.PayApplicationFee) -> Facts:
    """Return the fact that the fee due on filing was paid, to the dollar."""
    match state:
        case s.FeeAwaited(due_hkd=due):
            exactly(due, command.amount_hkd)
            return (e.ApplicationFeePaid(amount_hkd=due),)
        case s.Submitted():
            raise NoFeeDue("no application fee is due on this case, or it was paid before")
        case _:
            raise not_now(state, command)


def acknowledge(state: s.CaseState, command: c.AcknowledgeApplication) -> Facts:
    """Return the fact that the applicant was told of the arrival."""
    match state:
        case s.Submitted():
            return (e.ApplicationAcknowledged(),)
        case _:
            raise not_now(state, command)
