"""Ending a case undecided or refused: the refusal with its reasons, and the withdrawal."""

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.deciding.circumstances import Facts, not_now
from domain.errors import AwaitsSecondOfficer, ReasonsMissing
from domain.rules.reasons import Message, Reason
from domain.rules.tested import because


def refuse(state: s.CaseState, command: c.RefuseApplication) -> Facts:
    """Return the fact of the refusal, of the class that the stage calls for."""
    match state:
        case s.PrerequisitesUnmet(unmet=unmet, reasons=found):
            return _refused(e.RefusalClass.PREREQUISITES, unmet, found, command.reasons)
        case s.BelowMark(proposals=(first, *_)):
            raise AwaitsSecondOfficer(
                f"an override of {first.rule} is proposed and awaits a second officer; have it "
                "confirmed or declined before the application is refused"
            )
        case s.BelowMark():
            found = (_below(state),)
            return _refused(e.RefusalClass.POINTS, (e.MARK_RULE,), found, command.reasons)
        case s.Shortlisted() | s.Selected() | s.InPrinciple() | s.Verified():
            return _refused(e.RefusalClass.SELECTION, (), (), command.reasons)
        case _:
            raise not_now(state, command)


def withdraw(state: s.CaseState, command: c.WithdrawApplication) -> Facts:
    """Return the fact that the applicant withdrew before a decision."""
    if isinstance(state, s.Undecided):
        said = command.reason.strip()
        return (e.ApplicationWithdrawn(personal=e.WithdrawalReason(text=said) if said else None),)
    raise not_now(state, command)


def _below(state: s.BelowMark) -> Reason:
    points, mark = state.points, state.pass_mark
    if state.by_criteria:
        return because(Message.BELOW_CRITERIA, met=points, needed=mark, short=mark - points)
    return because(Message.BELOW_PASS_MARK, points=points, pass_mark=mark, short=mark - points)


def _refused(
    reason_class: e.RefusalClass,
    rules: tuple[str, ...],
    found: tuple[Reason, ...],
    texts: tuple[str, ...],
) -> Facts:
    said = tuple(text.strip() for text in texts if text.strip())
    if not found and not said:
        raise ReasonsMissing("give at least one reason that the applicant can act on")
    reasons = e.RefusalReasons(texts=said, reasons=found)
    return (e.ApplicationRefused(reason_class=reason_class, rules=rules, personal=reasons),)
