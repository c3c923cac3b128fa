"""The auditor's page of looks: who looked at a case, and at which cases somebody looked."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from domain.access import Action
from domain.looks import What
from domain.references import parse_reference
from services.imports import start_of
from services.intake.fields import day_or_none
from services.pages.forms import read_instant, read_moment, read_whole
from services.pages.guard import Route, look
from services.projections import looks
from services.wiring import Office

_FIELDS: Final = ("case", "who", "stated", "since", "until", "before")


def read_list(office: Office) -> ResponseReturnValue:
    """Show the looks that the address asks for, the latest first; this is one as well."""
    typed = {name: request.args.get(name, "").strip() for name in _FIELDS}
    wanted, faults = _wanted(typed)
    page = None
    if not faults:
        before = wanted.pop("before", None)
        if "stated" in wanted:
            wanted["stated"] = looks.words_of(office.blind, wanted["stated"])
        asked = looks.LookFilter(**wanted)
        page = looks.looks(office.models, look(What.READS), asked, before=before)
    shown = render_template(
        "reads.html",
        page=page,
        typed=typed,
        faults=faults,
        kept={name: text for name, text in typed.items() if text and name != "before"},
    )
    return (shown, 422) if faults else shown


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
    "stated": _name,
    "since": _first,
    "until": read_moment,
    "before": read_whole,
}

ROUTES: Final = (
    Route(path="/audit/reads", endpoint="read_list", view=read_list, action=Action.READ_READS),
)
