"""Looks in tests: one to look with, and what is on record of looks."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from domain.access import Action, Person
from domain.looks import Door, Look, What, look_of
from services.looking import case_seen
from services.wiring import Office
from tests.services.asking import AUDITOR, OFFICER


def looking(what: What = What.CASE, person: Person = OFFICER, stated: str = "") -> Look:
    """Return the look of an officer at a terminal, unless somebody else is named."""
    return look_of(person, Action.READ_CASES, what, Door.CLI, "a-look", stated=stated)


def explained(office: Office, *references: str) -> None:
    """Have the auditor say why they look at these cases, which counts for an hour."""
    for each in references:
        case_seen(office, looking(person=AUDITOR, stated="A check"), each)


def recorded(office: Office) -> list[dict[str, Any]]:
    """Return every look on record, in the order in which they were recorded."""
    query = """
        SELECT who, role, purpose, what, door, correlation_id, cases, filters
        FROM reads ORDER BY read_id
    """
    with psycopg.connect(office.settings.database_url, row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()


def told(office: Office) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return who looked at what, through which door and at which cases, in order."""
    return [
        (each["who"], each["what"], each["door"], tuple(each["cases"])) for each in recorded(office)
    ]
