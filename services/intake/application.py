"""An application file read: bytes in, an `Application` or every fault at once out."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, cast

from marshmallow import ValidationError

from domain.application import Application, Route
from domain.days import written_out
from services.intake.document import parse_document
from services.intake.faults import ApplicationFaults, Fault, below, faults_in
from services.intake.fields import day_or_none
from services.intake.schema import DataclassSchema, schema_for


def read_application(data: bytes, on: date) -> Application:
    """The application in a file as of a reference date, or ApplicationFaults naming every fault."""
    document, faults = parse_document(data)
    if document is None:
        raise ApplicationFaults(faults)
    return application_from(document, on, found=faults)


def application_from(document: object, on: date, *, found: tuple[Fault, ...] = ()) -> Application:
    """The application in parsed JSON, or ApplicationFaults; ``found`` are faults found before."""
    try:
        application = _schema().load(cast("Mapping[str, Any]", document))
    except ValidationError as refused:
        application, found = None, (*found, *faults_in(refused.messages))
    found = (*found, *impossible_days(document, on))
    if application is None or found:
        raise ApplicationFaults(found)
    return cast("Application", application)


@cache
def _schema() -> DataclassSchema:
    """One instance for all: making it costs three times what a reading does, and it holds none."""
    return schema_for(Application)()


def route_of(document: object) -> Route | None:
    """The route that parsed JSON names, None where it names none."""
    value = _inside(document, "route")
    return next((route for route in Route if route.value == value), None)


def impossible_days(document: object, on: date) -> Iterator[Fault]:
    """Ends before their starts and births after a reference date, in JSON that may be faulty.

    It looks at the document and not at the application, so that a fault elsewhere hides nothing.
    """
    born = _inside(document, "applicant")
    children = _rows(_inside(document, "family"), "family.children", "children")
    for path, person in (("applicant", born), *children):
        day = day_or_none(_inside(person, "date_of_birth"))
        if day is not None and day > on:
            future = f"is in the future: {written_out(on)} is the reference date"
            yield Fault(path=below(path, "date_of_birth"), message=future)
    for path, post in _rows(document, "employment", "employment"):
        start, end = (day_or_none(_inside(post, key)) for key in ("started_on", "ended_on"))
        if start is not None and end is not None and end < start:
            yield Fault(path=below(path, "ended_on"), message="is before started_on")


def _inside(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _rows(value: object, path: str, key: str) -> Iterator[tuple[str, object]]:
    rows = _inside(value, key)
    if isinstance(rows, list):
        yield from ((below(path, number), each) for number, each in enumerate(rows))
