"""Filing: the application arrives, is paid for where the regime asks it, and is acknowledged."""

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.days import hong_kong_date
from domain.deciding.circumstances import Circumstances, Facts, exactly, not_now
from domain.errors import NoFeeDue
from domain.rules.choose import application_fee, choose


def submit(state: s.CaseState, command: c.SubmitApplication, given: Circumstances) -> Facts:
    """Return the fact that an application was filed, under a rule that is loaded."""
    match state:
        case s.Draft():
            route = command.application.route
            choose(given.rulebook, route, hong_kong_date(given.at))
            return (
                e.ApplicationSubmitted(
                    reference=given.reference,
                    route=route,
                    channel=command.channel,
                    submitted_at=given.at,
                    application_fee_hkd=application_fee(given.rulebook, given.at),
                    personal=command.application,
                ),
            )
        case _:
            raise not_now(state, command)


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
