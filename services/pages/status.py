"""The applicant's page: where an application stands, what is awaited, of whom and by when.

It never tells a rank, an officer or a note, and a score only to whoever was refused, who may ask
for the decision to be looked at again. Whoever wants to see it gives reference and date of birth,
and then the code that was sent to the mailbox of the application.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain import events as e
from domain.access import Action
from domain.application import Correspondence
from domain.looks import What
from domain.projections.status import StatusRow
from domain.references import parse_reference
from domain.rules.choose import UnknownRuleset, named, recorded
from domain.stages import Draft, Stage
from services import enquiries
from services.cases import CaseAt
from services.catalogue import Catalogue, load_catalogue
from services.looking import case_beside, tongue_of, work_history_beside
from services.notifications.codes import HOLDS, OPEN
from services.pages import sessions, shown, timeline
from services.pages.forms import read_day
from services.pages.guard import Route, client, look, visitor
from services.pages.papers import upload_form
from services.pages.problems import unavailable
from services.pages.sessions import Held
from services.pages.shown import ENGLISH
from services.pages.told import told_so_far
from services.pages.tongues import render_public, spoken
from services.projections import queries
from services.projections.errors import NotShown
from services.rulebook.shapes import asked_by
from services.statistics import expected
from services.wiring import Office

_MINUTES: Final = int(OPEN.total_seconds() // 60)
_DECISIONS: Final[Mapping[Stage, str]] = {
    Stage.IN_PRINCIPLE: "principle",
    Stage.VERIFIED: "principle",
    Stage.APPROVED: "approved",
    Stage.VISA_PAID: "approved",
    Stage.ISSUED: "approved",
    Stage.ACTIVE: "approved",
    Stage.EXTENDING: "approved",
    Stage.SETTLED: "approved",
    Stage.WITHDRAWN: "withdrawn",
    Stage.UNDER_RECONSIDERATION: "reconsidered",
    Stage.LAPSED: "lapsed",
    Stage.VOIDED: "voided",
}
_FIELDS: Final = ("reference", "day", "month", "year")


def enquiry(_office: Office) -> ResponseReturnValue:
    """Show the form that asks for a reference and a date of birth."""
    return _form(spoken(), {}, {})


def enquire(office: Office) -> ResponseReturnValue:
    """Say that a code is on its way if both are right: to anybody the same, after the same work."""
    words = spoken()
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    reference = parse_reference(typed["reference"])
    born = read_day(typed["year"], typed["month"], typed["day"])
    faults: dict[str, str] = {}
    if reference is None:
        faults["reference"] = words(
            "enquiry.bad_reference" if typed["reference"] else "enquiry.no_reference"
        )
    if born is None:
        some = typed["day"] or typed["month"] or typed["year"]
        faults["day"] = words("enquiry.bad_birth" if some else "enquiry.no_birth")
    if reference is None or born is None:
        return _form(words, typed, faults), 422
    challenge = enquiries.ask(
        office, reference, born, client=client(office), browser=sessions.browser()
    )
    sessions.await_code(challenge)
    return redirect(url_for("code"), 303)


def code(office: Office) -> ResponseReturnValue:
    """Show the form that asks for the code, and say where it is if one was sent."""
    words = spoken()
    if sessions.challenge() is None:
        return _beyond(office)
    return _code_form(words, "", {})


def enter(office: Office) -> ResponseReturnValue:
    """Open the status page to who has the code, and tell anybody else one and the same thing."""
    words = spoken()
    challenge = sessions.challenge()
    if challenge is None:
        # A double click sends the form again, when the first of the two has opened the page.
        return _beyond(office, by=request.form.get("held", ""))
    typed = "".join(request.form.get("code", "").split())
    if not enquiries.is_code(typed):
        fault = words("code.bad_code" if typed else "code.no_code")
        return _code_form(words, typed, {"code": fault}), 422
    try:
        found = enquiries.enter(
            office, challenge, typed, client=client(office), browser=sessions.browser()
        )
    except NotShown as behind:
        # Only who has the right code comes here, which holds on and is sent again from this page.
        return unavailable(_code_form(words, typed, {}, later=True), behind)
    if found is None:
        return _code_form(words, "", {"code": words("code.refused")}), 422
    sessions.open_status(challenge)
    if sessions.language() is None and (language := tongue_of(office, found)):
        sessions.keep_language(language)  # what the status page leads to follows it
    return redirect(url_for("status"), 303)


def status(office: Office) -> ResponseReturnValue:
    """Show the application that this browser enquired after."""
    return page(office, {}, 200)


def page(office: Office, faults: Mapping[str, str], code: int) -> ResponseReturnValue:
    """Show the application with what is wrong in the form that was sent, if anything is."""
    seen = queries.status_seen(office.models, look(What.STATUS), visitor().name)
    row = seen.row
    if row is None or row.personal is None:
        return finish(office)
    case = case_beside(office, row)
    scored = _score_told(case, row)
    words = load_catalogue(row.personal.language)
    page = render_template(
        "status.html",
        t=words,
        factor_label=partial(shown.label_of, words),
        row=row,
        rules_from=_in_force_from(office, row.ruleset),
        scored=scored,
        decided=_decided(office, scored, words) if scored else (),
        conditions=_conditions(case, row),
        wait=expected(office, row),
        decision=_DECISIONS.get(row.stage, "none"),
        fresh=seen.freshness,
        told=told_so_far(
            case.events,
            work_history_beside(office, case),
            row.reference,
            row.personal.language,
        ),
        papers=None if isinstance(case.state, Draft) else case.state.filed.papers,
        upload_form=upload_form(office, case.state, visitor(), words),
        faults=faults,
        typed=request.form,
    )
    return page, code


def words_for(office: Office) -> Catalogue:
    """Return the words of whoever looks at their own status, in the language they asked for."""
    return load_catalogue(tongue_of(office, visitor().name) or ENGLISH)


def finish(office: Office) -> ResponseReturnValue:
    """Close the status page in this browser."""
    sessions.close_status(office)
    return redirect(url_for("enquiry", left=1), 303)


def _in_force_from(office: Office, ruleset: str | None) -> date | None:
    """Return since when the ruleset has been in force; None before there is one."""
    return None if ruleset is None else named(office.rulebook, ruleset).life.first


def _score_told(case: CaseAt, row: StatusRow) -> e.ApplicationScored | None:
    """Return the points of an application that was refused; None before that or without any."""
    if row.stage is not Stage.REFUSED:
        return None
    found = timeline.assessed(case.events).score
    return None if found is None else found.event


def _decided(office: Office, scored: e.ApplicationScored, words: Catalogue) -> tuple[str, ...]:
    """Return which rules were decided otherwise than by their tests, and never by whom."""
    try:
        asks = asked_by(
            recorded(office.rulebook, scored.ruleset, scored.digest),
            Correspondence(words.language),
        )
    except UnknownRuleset:
        asks = {}
    otherwise = (each for each in scored.overrides if each.decided != each.computed)
    told = ((asks.get(each.rule, each.rule), each) for each in otherwise)
    return tuple(
        words(
            "status.decided_points",
            asks=f"{asked[:1].upper()}{asked[1:]}",
            decided=each.decided,
            computed=each.computed,
        )
        for asked, each in told
    )


def _conditions(case: CaseAt, row: StatusRow) -> e.VisaConditions | None:
    """Return the conditions of the visa, once it is issued."""
    if row.activate_by is None and row.stay_until is None:
        return None
    issued = [each.event for each in case.events if isinstance(each.event, e.VisaIssued)]
    return issued[-1].conditions if issued else None


def _beyond(office: Office, by: str | None = None) -> ResponseReturnValue:
    """Lead to the status that is open here where no code is awaited, or to the first form.

    A form that was sent, with its mark `by`, leads to no other status than its own code opened.
    """
    own = by is None or sessions.opened_by(by)
    if own and sessions.enquired(office) is not None:
        return redirect(url_for("status"), 303)
    return redirect(url_for("enquiry", again=1), 303)


def _code_form(words: Catalogue, typed: str, faults: dict[str, str], *, later: bool = False) -> str:
    """Return the form that asks for the code, or for the right one once more a little `later`."""
    minutes = int(HOLDS.total_seconds() // 60)
    return render_public(
        "code.html", words, typed=typed, faults=faults, minutes=minutes, later=later
    )


def _form(words: Catalogue, typed: dict[str, str], faults: dict[str, str]) -> str:
    return render_public(
        "enquiry.html",
        words,
        typed={name: typed.get(name, "") for name in _FIELDS},
        faults=faults,
        minutes=_MINUTES,
        notice=next((name for name in ("again", "left") if name in request.args), None),
    )


ROUTES: Final = (
    Route(path="/", endpoint="enquiry", view=enquiry, action=Action.PUBLIC),
    Route(path="/", endpoint="enquire", view=enquire, action=Action.PUBLIC, methods=("POST",)),
    Route(path="/code", endpoint="code", view=code, action=Action.PUBLIC, held=Held.CHALLENGE),
    Route(
        path="/code",
        endpoint="enter",
        view=enter,
        action=Action.PUBLIC,
        methods=("POST",),
        held=Held.CHALLENGE,
    ),
    Route(
        path="/status",
        endpoint="status",
        view=status,
        action=Action.READ_OWN_STATUS,
        held=Held.STATUS,
    ),
    Route(
        path="/status/close",
        endpoint="finish",
        view=finish,
        action=Action.PUBLIC,
        methods=("POST",),
        held=Held.STATUS,
    ),
)
