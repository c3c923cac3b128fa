"""`qmas explain`: why a case is where it is, what is possible next, and who may do it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import click

from domain import commands as c
from domain import events as e
from domain.access import ACTION_OF, PERMITTED
from domain.application import Correspondence, Route
from domain.clocks import Clock
from domain.days import written_out
from domain.following import next_of
from domain.looks import What
from domain.moves import CaseMovedToRuleset, still_standing
from domain.overrides import matter_of
from domain.projections.status import AWAITED, Party
from domain.record import Recorded
from domain.rederivation import Extent, Rederived, rederived
from domain.rules.types import Assessment
from domain.slugs import slug
from domain.stages import Draft, proposals_of
from domain.told import decisions_told, hold_told
from domain.wire import WIRE
from domain.working_days import HolidaysNotLoaded
from services.cases import CaseAt
from services.cli.asking import MOMENT, PURPOSE, in_hong_kong, looking, office
from services.cli.assess import LANGUAGE, lines, printable
from services.clocks import clock_of
from services.documents.telling import paper_told
from services.due import DueDay, due_in
from services.facts import fact_told, lapsed
from services.looking import case_seen, work_history_beside
from services.overrides import override_told, to_count
from services.reasons import say

NOT_IDENTICAL: Final = 1

_SECOND: Final = (c.ConfirmDecision, c.DeclineDecision)
_OVERRIDE_SECOND: Final = (c.ConfirmOverride, c.DeclineOverride)

Again = tuple[tuple[Recorded[e.CaseEvent], Rederived], ...]

_EXTENTS: Final = {
    Extent.WHOLE: "identical",
    Extent.SKELETON: "what is left after the erasure agrees with the ruleset",
}


@click.command()
@click.argument("reference")
@click.option("--as-of", type=MOMENT, help="As it stood then; a day means its end.")
@click.option("--believed-at", type=MOMENT, help="As the office knew it then; a day means its end.")
@LANGUAGE
@PURPOSE
@click.pass_context
def explain(  # noqa: PLR0913 - one argument an option
    context: click.Context,
    reference: str,
    *,
    as_of: datetime | None,
    believed_at: datetime | None,
    language: Correspondence,
    purpose: str | None,
) -> None:
    """Say why a case is where it is: what led there, its assessment, and what may follow.

    Every assessment is made again from what was filed and recorded. The exit status is 1 when one
    of them is not identical.
    """
    with office() as opened:
        look = looking(What.HISTORY, purpose)
        found = case_seen(opened, look, reference, as_of=as_of, believed_at=believed_at)
        clock = clock_of(opened, found, as_of=as_of, believed_at=believed_at)
        work = work_history_beside(opened, found, as_of=as_of, believed_at=believed_at)
        due = due_in(opened, found, work, at=as_of or believed_at)
        again = tuple(rederived(found.events, opened.rulebook))
    told = _told(found, clock, due, again, language)
    click.echo("\n".join(map(printable, told)).encode())
    if not all(each.identical for _, each in again):
        context.exit(NOT_IDENTICAL)


def _told(
    found: CaseAt,
    clock: Clock | HolidaysNotLoaded,
    due: Sequence[DueDay],
    again: Again,
    language: Correspondence,
) -> Iterator[str]:
    since = in_hong_kong(found.since)
    yield f"{found.reference} is {found.stage}, since {since}"
    yield "What led here"
    gone = lapsed(found.events)
    # Cases by criteria have no rank either.
    by_achievement = (
        not isinstance(found.state, Draft) and found.state.filed.route is Route.ACHIEVEMENT
    )
    unranked = "by achievement" if by_achievement else "not ranked"
    for each in found.events:
        name = WIRE[type(each.event)].name
        yield f"  {in_hong_kong(each.effective_at)}  {name:<24} {each.actor} ({each.role})"
        yield from (f"              {text}" for text in _said(each.event, language, unranked))
        for what in gone.get(each.version, ()):
            yield f"              lapsed: the {what} awaited a second officer"
    yield from _clock_told(clock)
    assessed = _assessment(found)
    if assessed is not None:
        yield from lines("Assessment", assessed, language)
    yield from _decided(found)
    yield "Awaited"
    yield from (f"  {each}" for each in _awaited(found))
    if due:
        yield "Due"
        yield from (f"  {_due_told(each)}" for each in due)
    if again:
        yield "Made again"
        for recorded, made in again:
            yield from _made_again(recorded, made)
    yield "What may follow"
    for command in next_of(found.state):
        roles = ", ".join(sorted(PERMITTED[ACTION_OF[command]]))
        yield f"  {slug(command.__name__)}: {roles}{_another(found, command)}"


def _decided(found: CaseAt) -> Iterator[str]:
    """Return what officers decided of a case that has to be scored anew."""
    if overrides := to_count(found):
        yield "Decided by officers, for the next score under the same rules"
        yield from (f"  {override_told(each)}" for each in overrides)


def _awaited(found: CaseAt) -> Iterator[str]:
    """Return what the case waits for, and of whom."""
    held = hold_told(found.events)
    if held is not None:
        yield f"the end of the hold by {held.held_by}, of any officer"
    if not isinstance(found.state, Draft) and found.state.filed.stale:
        yield "a word on the stale assessment, of a supervisor: does it stand?"
    for decision in decisions_told(found.events):
        if decision.end is None:
            acted = _acted(found, decision.matter)
            yield f"the decision on {decision.matter}, of another officer than {acted}"
    for proposal in proposals_of(found.state):
        acted = _acted(found, matter_of(proposal.rule))
        yield f"{override_told(proposal)}, another than {acted}"
    yield from _documents_awaited(found)
    awaited = AWAITED[found.stage]
    if awaited.party is Party.NOBODY:
        yield "nothing more of the stage itself"
    else:
        yield f"{awaited.step}, of the {awaited.party}"


def _another(found: CaseAt, command: type[c.CaseCommand]) -> str:
    """Return who of them cannot, where a command asks for somebody else than has acted."""
    if isinstance(found.state, Draft):
        return ""
    barred: set[str] = set(found.state.filed.recused)
    if command in _SECOND and (decision := found.state.filed.decision):
        barred |= found.state.filed.actors(decision.matter)
    if command in _OVERRIDE_SECOND:
        for each in proposals_of(found.state):
            barred |= found.state.filed.actors(matter_of(each.rule))
    return f"; another than {', '.join(sorted(barred))}" if barred else ""


def _acted(found: CaseAt, matter: str) -> str:
    filed = None if isinstance(found.state, Draft) else found.state.filed
    return ", ".join(sorted(filed.actors(matter))) if filed else ""


def _clock_told(clock: Clock | HolidaysNotLoaded) -> Iterator[str]:
    if isinstance(clock, HolidaysNotLoaded):
        yield "Clock"
        yield f"  cannot be read: {clock}"
        return
    yield f"Clock, in working days until {in_hong_kong(clock.read_at)}"
    yield f"  {clock.running:>4}  with the office"
    for each in clock.stopped:
        yield f"  {each.working_days:>4}  stopped: {each.cause} ({each.by})"
    if clock.runs:
        yield "  it runs"
    for stop in clock.stops:
        yield f"  it stands since {in_hong_kong(stop.since)}: {stop.cause} ({stop.by})"


def _due_told(due: DueDay) -> str:
    told = f"{due.deadline} by {written_out(due.on)}, of the {due.of}"
    if due.working_days is not None:
        told += f"; {due.working_days} working days {'gone by' if due.over else 'left'}"
    return f"{told}; over" if due.over else told


def _documents_awaited(found: CaseAt) -> Iterator[str]:
    """Return what the applicant was asked for and has not sent, by when, and who asked."""
    if isinstance(found.state, Draft) or (asked := found.state.filed.papers.requested) is None:
        return
    kinds, due = ", ".join(found.state.filed.papers.missing), written_out(asked.due_on)
    yield f"documents by {due}: {kinds}, as {asked.requested_by} asked the applicant"
    if asked.personal:
        yield f"  {asked.personal.text}"


def _made_again(recorded: Recorded[e.CaseEvent], made: Rederived) -> Iterator[str]:
    name = WIRE[type(recorded.event)].name
    found = _EXTENTS[made.extent] if made.identical else "NOT identical"
    yield f"  version {recorded.version:<3} {name:<24} {made.ruleset}  {found}"
    yield from (f"              {each}" for each in made.differences)


def _said(event: e.CaseEvent, language: Correspondence, unranked: str) -> Iterator[str]:
    """Return what an event itself says of why."""
    match event:
        case e.PrerequisitesAssessed(results=results):
            unmet = [each.id for each in results if not each.met]
            yield f"not met: {', '.join(unmet)}" if unmet else "every prerequisite is met"
        case e.ApplicationScored(criteria=(_, *_) as asked):
            met = f"{event.total} of {len(asked)} criteria met"
            yield f"{met} under {event.ruleset}; {event.pass_mark} are needed"
        case e.ApplicationScored():
            yield f"{event.total} points under {event.ruleset}; the pass mark is {event.pass_mark}"
            yield from map(override_told, event.overrides)
        case CaseMovedToRuleset(ruleset=ruleset, before=before, code=code):
            said = event.personal.text if event.personal else "the reason was erased"
            came = "" if before is None else f" from {before}"
            yield f"moved{came} to {ruleset} ({code}): {said}"
        case e.CaseShortlisted() | e.CaseSelected() | e.CaseNotSelected():
            rank = unranked if event.rank is None else f"rank {event.rank}"
            yield f"exercise {event.exercise}, {rank}"
        case e.ApplicationRefused():
            texts = (
                [say(each, language) for each in event.personal.reasons] if event.personal else []
            )
            texts += event.personal.texts if event.personal else ("the reasons were erased",)
            yield f"{event.reason_class}: {'; '.join(texts)}"
        case e.ApprovedInPrinciple(originals_by=by) if by is not None:
            yield f"the originals to be shown by {by}"
        case e.ApplicationApproved():
            yield f"HK${event.visa_fee_hkd} to be paid by {event.pay_by}"
        case e.VisaIssued():
            yield f"to be activated by {event.activate_by}"
        case _:
            yield from filter(None, (override_told(event), paper_told(event)))
            yield from fact_told(event)


def _assessment(found: CaseAt) -> Assessment | None:
    """Return the latest assessment that stands; None without one, or once its person was erased."""
    for each in reversed(still_standing(found.events)):
        if isinstance(each.event, e.ApplicationScored | e.PrerequisitesAssessed):
            return each.event.personal
    return None


COMMANDS = (explain,)
