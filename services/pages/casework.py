"""One case before an officer: where it stands, how it came there, and what may be done now.

A form carries the version it was made from and the id of its command: what changed meanwhile is
shown, never overwritten, and a form sent twice is carried out once.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain import commands as c
from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.access import ACTION_OF, Action, demand, permitted, sees
from domain.application import Route as TestRoute
from domain.clocks import Clock
from domain.errors import Forbidden, NoSuchCase, Refusal
from domain.following import next_of, possible
from domain.looks import Door, What
from domain.moves import CaseMovedToRuleset, still_standing
from domain.slugs import slug
from domain.told import grade_told
from services import cases
from services.cases import CaseAt
from services.catalogue import Catalogue, label_of, load_catalogue
from services.clocks import clock_of
from services.documents.receiving import documents_of
from services.due import due_in
from services.looking import case_seen
from services.overrides import to_count
from services.pages import forms, timeline
from services.pages.around import around
from services.pages.desk import desk_of
from services.pages.guard import Route, look, may_open, visitor
from services.pages.offering import Offer, Refused, refused_form
from services.pages.overriding import barred, with_rules
from services.pages.papers import upload_form, with_documents
from services.pages.problems import status_of, told_of
from services.pages.shown import Entry, day, money, outline
from services.requests import Request
from services.store.errors import CommandReused, Conflict, KeyDestroyed, Unwritable
from services.wiring import Office

WHEN: Final = "effective_at"
_LIFT: Final = slug(c.LiftHold.__name__)
_STEP_ASIDE: Final = slug(c.RecuseOfficer.__name__)


def case(office: Office, reference: str) -> ResponseReturnValue:
    """Show a case as it is now."""
    found = case_seen(office, look(What.CASE), reference)
    if found.reference != reference:
        return redirect(url_for("case", reference=found.reference), 303)
    return page(office, found, None)


def command(office: Office, reference: str, slug: str) -> ResponseReturnValue:
    """Carry out the command of a form and show the case after it, or say why not."""
    if slug not in forms.COMMANDS:
        abort(404)
    demand(visitor(), ACTION_OF[forms.COMMANDS[slug]])
    return answered(office, reference, slug, lambda: _carry_out(office, reference, slug))


def answered(
    office: Office, reference: str, slug: str, act: Callable[[], cases.Outcome]
) -> ResponseReturnValue:
    """Do what a form of the case asks for and show the case after it, or say why not."""
    words = load_catalogue()
    try:
        outcome = act()
    except forms.FormFaults as fault:
        return _refused(office, reference, slug, faults=fault.faults), 422
    except Conflict as conflict:
        since, said = conflict.expected, stale(conflict, shown=may_open("audit_case"))
        return _refused(office, reference, slug, faults={"": said}, since=since), 409
    except (Forbidden, NoSuchCase):
        raise
    except (Refusal, CommandReused, KeyDestroyed, Unwritable) as refusal:
        said = told_of(refusal)
        return _refused(office, reference, slug, faults={"": said}), status_of(refusal)
    done = words(f"command.{slug}.title")
    flash(f"{done}: done. The case is now at version {outcome.version}.")
    if slug == _STEP_ASIDE and not sees(visitor(), outcome.stage, {visitor().name}):
        return redirect(url_for("case_list"), 303)
    return redirect(url_for("case", reference=outcome.reference), 303)


def _carry_out(office: Office, reference: str, slug: str) -> cases.Outcome:
    form = request.form
    asked = forms.read_command(forms.COMMANDS[slug], form)
    return cases.carry_out(
        office,
        reference,
        asked,
        Request(
            person=visitor(),
            command_id=forms.read_id(form.get("command_id", "")),
            correlation_id=g.correlation_id,
            door=Door.PAGE,
            effective_at=forms.read_when(form, WHEN),
            expected=forms.read_version(form.get("expected", "")),
        ),
    )


def _refused(
    office: Office,
    reference: str,
    slug: str,
    *,
    faults: Mapping[str, str],
    since: int | None = None,
) -> str:
    said = refused_form(load_catalogue(), slug, request.form, faults, since=since)
    return page(office, case_seen(office, look(What.CASE), reference), said)


def page(office: Office, found: CaseAt, refused: Refused | None) -> str:
    """Return the page of a case, with a form that was refused if one was.

    What happened is on it, and what changed meanwhile, for whoever may open the history.
    """
    words = load_catalogue()
    steps = timeline.steps(words, found.events) if may_open("audit_case") else ()
    since = refused.since if refused else None
    clock = clock_of(office, found)
    desk = desk_of(office, words, found)
    offered = offers(office, words, found)
    upload = upload_form(office, found.state, visitor(), words)
    there = {each.slug for each in (*offered, *(desk.offers if desk else ()))}
    there |= {slug(p.ReceiveDocument.__name__)} if upload else set()
    return render_template(
        "case.html",
        found=found,
        around=around(office, found),
        filed=None if isinstance(found.state, s.Draft) else found.state.filed,
        last=found.events[-1],
        submitted=found.events[0].event,
        due=due_in(office, found, desk.found.events if desk else ()),
        clock=clock if isinstance(clock, Clock) else None,
        clock_unread="" if isinstance(clock, Clock) else str(clock),
        assessed=timeline.assessed(found.events),
        to_count=to_count(found),
        outcomes=_outcomes(found),
        stay_until=getattr(found.state, "stay_until", None),
        filed_entries=_filed_entries(words, found.state),
        nothing_to_do=_nothing_to_do(found.state),
        steps=steps,
        changed=[each for each in steps if since is not None and each.recorded.version > since],
        proposals=s.proposals_of(found.state),
        documents=documents_of(found),
        upload_form=upload,
        offers=offered,
        refused=refused,
        refused_is_there=refused is not None and refused.slug in there,
        may_correct=c.CorrectApplication in next_of(found.state)
        and permitted(visitor(), ACTION_OF[c.CorrectApplication]),
        desk=desk,
        when=WHEN,
    )


def offers(office: Office, words: Catalogue, found: CaseAt) -> tuple[Offer, ...]:
    """Return the forms for what the case allows and whoever is signed in may do."""
    # What holds a case up is dealt with first.
    names = sorted(map(slug, possible(found.state)), key=lambda name: name != _LIFT)
    return tuple(
        _offer(office, words, found.state, name)
        for name in names
        if name in forms.COMMANDS
        and permitted(visitor(), ACTION_OF[forms.COMMANDS[name]])
        and not barred(visitor(), found.state, forms.COMMANDS[name])
    )


def _offer(office: Office, words: Catalogue, state: s.CaseState, name: str) -> Offer:
    command = forms.COMMANDS[name]
    inputs = tuple(
        with_documents(with_rules(each, command, office.rulebook, state, visitor()), state)
        for each in forms.inputs_of(command)
    )
    return Offer(
        slug=name,
        title=words(f"command.{name}.title"),
        does=words(f"command.{name}.does"),
        inputs=inputs,
        labels={each.name: label_of(words, name, each.name) for each in inputs},
        hints={each.name: _hint(office, state, each) for each in inputs},
        command_id=str(uuid4()),
    )


def _hint(office: Office, state: s.CaseState, given: forms.Input) -> str:
    """Return what an officer needs to know for a field of the stage's forms."""
    match state, given.kind, given.name:
        case s.FeeAwaited(due_hkd=due), "whole", _:
            return f"{money(due)} is due"
        case s.Approved(due_hkd=due, pay_by=pay_by), "whole", _:
            return f"{money(due)} is due, by {day(pay_by)}"
        case s.Issued(activate_by=by), "day", _:
            return f"The visa lapses after {day(by)}"
        case _, _, "ruleset" if isinstance(state, s.Movable):
            return _rulesets(office, state.filed.route)
        case _:
            return ""


def _rulesets(office: Office, route: TestRoute) -> str:
    ours = [each.id for each in office.rulebook.rulesets if each.route is route]
    return f"One of {', '.join(ours)}"


def _outcomes(found: CaseAt) -> Mapping[str, Any]:
    """Return the latest event of each kind that the head of the page tells of; None without."""
    kinds: Mapping[str, type[Any]] = {
        "shortlisted": e.CaseShortlisted,
        "moved": CaseMovedToRuleset,
        "approved": e.ApplicationApproved,
        "issued": e.VisaIssued,
        "active": e.VisaActivated,
    }
    recorded = {name: timeline.latest(found.events, kind) for name, kind in kinds.items()}
    # A case that was reopened is assessed anew, and its refusal is no more.
    recorded["refused"] = timeline.latest(still_standing(found.events), e.ApplicationRefused)
    told = {name: each and each.event for name, each in recorded.items()}
    return {**told, "graded": grade_told(found.events)}


def _filed_entries(words: Catalogue, state: s.CaseState) -> tuple[Entry, ...]:
    if isinstance(state, s.Draft) or state.filed.application is None:
        return ()
    return outline(words, state.filed.application)


def _nothing_to_do(state: s.CaseState) -> str:
    """Return why no form is offered."""
    match state:
        case s.InPool(by_criteria=True):
            return "The case waits for a selection exercise by criteria."
        case s.InPool():
            return "The case waits for a selection exercise."
        case s.Withdrawn() | s.Lapsed() | s.Voided():
            return "Nothing more can be done on this case."
        case _:
            return "What comes next on this case is for others to do."


def stale(conflict: Conflict, *, shown: bool) -> str:
    """Return what is said to whoever sends a form that was made from an older version.

    `shown` says that what changed stands on the page.
    """
    return (
        f"The case has changed since you opened it: it is at version {conflict.actual}, and your "
        f"form was made from version {conflict.expected}. Nothing was recorded. "
        f"{'See what changed below' if shown else 'Look at it again'}, then decide again"
    )


ROUTES: Final = (
    Route(path="/staff/cases/<reference>", endpoint="case", view=case, action=Action.READ_CASES),
    Route(
        path="/staff/cases/<reference>/<slug>",
        endpoint="command",
        view=command,
        action=Action.READ_CASES,
        methods=("POST",),
    ),
)
