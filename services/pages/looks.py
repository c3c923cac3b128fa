"""The auditor's page of looks: who looked at a case, and at which cases somebody looked.

Words of why somebody looked never stand in an address, where logs would keep them: they are sent in
a form and the address holds only their blind tokens, as for a name that is searched for.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import Action
from domain.looks import What
from domain.references import parse_reference
from services.identity.people import spellings
from services.imports import start_of
from services.intake.fields import day_or_none
from services.pages.forms import packed, read_instant, read_moment, read_packed, read_whole
from services.pages.guard import Route, look
from services.projections import looks
from services.wiring import Office

_FIELDS: Final = ("case", "who", "since", "until", "before")
_SAID: Final = "said"


def read_list(office: Office) -> ResponseReturnValue:
    """Show the looks that the address asks for, the latest first; this is one as well."""
    typed = {name: request.args.get(name, "").strip() for name in _FIELDS}
    wanted, faults = _wanted(typed)
    page = None
    said = read_packed(request.args, _SAID)
    if not faults:
        before = wanted.pop("before", None)
        if "who" in wanted:
            wanted["who"] = spellings(office.settings, wanted["who"])
        asked = looks.LookFilter(**wanted, stated=said)
        page = looks.looks(office.models, look(What.READS), asked, before=before)
    shown = render_template(
        "reads.html",
        page=page,
        typed=typed,
        faults=faults,
        words=len(said),
        kept={
            name: text
            for name, text in {**typed, _SAID: packed(said)}.items()
            if text and name != "before"
        },
    )
    return (shown, 422) if faults else shown


def search(office: Office) -> ResponseReturnValue:
    """Go to the looks that a form asks for, those with all words typed where there are any."""
    asked = {name: request.form.get(name, "").strip() for name in (*_FIELDS, _SAID)}
    if words := looks.words_of(office.blind, request.form.get("stated", "")):
        asked[_SAID] = packed(words)
    given: dict[str, Any] = {name: text for name, text in asked.items() if text}
    return redirect(url_for("read_list", **given), 303)


def _wanted(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    wanted: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, text in typed.items():
        if not text:
            continue
        try:
            wanted[name] = _READ[name](text)
        except ValueError as fault:
            faults[name] = str(fault)
    return wanted, faults


def _reference(text: str) -> str:
    reference = parse_reference(text)
    if reference is None:
        raise ValueError("This is no case reference; it reads like QM-4K7RT-9XWPR")
    return reference


def _name(text: str) -> str:
    if "\0" in text:
        raise ValueError("This holds a character that no name has")
    return text


def _first(text: str) -> datetime | None:
    """Return the instant from which on; a day alone is its first one."""
    day = day_or_none(text)
    return read_instant(text) if day is None else start_of(day)


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "case": _reference,
    "who": _name,
    "since": _first,
    "until": read_moment,
    "before": read_whole,
}

ROUTES: Final = (
    Route(path="/audit/reads", endpoint="read_list", view=read_list, action=Action.READ_READS),
    Route(
        path="/audit/reads",
        endpoint="read_search",
        view=search,
        action=Action.READ_READS,
        methods=("POST",),
    ),
)
