"""Applicants who come in: what they type, the code that they are sent, and the page it opens."""

import re
from datetime import date
from typing import Any

from services.notifications.code_mail import LEASE, letter_for
from services.notifications.letters import Letter
from services.wiring import Office
from tests.services.api.calling import V1, Caller
from tests.services.asking import filed_by
from tests.services.visiting import Page, Visitor

JOHN_BORN = filed_by("john").applicant.date_of_birth


def letters_with_codes(office: Office) -> list[Letter]:
    """Return what a worker would send now, which counts as sent."""
    letters = []
    while claim := office.codes.claim(office.clock(), LEASE):
        letter = letter_for(office, claim)
        if letter is None:
            office.codes.drop(claim)
        else:
            office.codes.sent(claim)
            letters.append(letter)
    return letters


def code_in(letter: Letter) -> str:
    """Return the code that a letter tells."""
    (code,) = re.findall(r"^    (\d{6})$", letter.text, re.MULTILINE)
    return str(code)


def codes(office: Office) -> list[str]:
    """Return the codes that a worker would send now, which count as sent."""
    return [code_in(each) for each in letters_with_codes(office)]


def typed_for(reference: str, born: date = JOHN_BORN) -> dict[str, str]:
    """Return what an applicant fills into the first form."""
    day, month, year = str(born.day), str(born.month), str(born.year)
    return {"reference": reference, "day": day, "month": month, "year": year}


def ask_for_code(visitor: Visitor, reference: str, born: date = JOHN_BORN, **typed: str) -> Page:
    """Return what follows the first form."""
    return visitor.send(visitor.get("/"), "/", **{**typed_for(reference, born), **typed})


def come_in(visitor: Visitor, reference: str, born: date = JOHN_BORN, **typed: str) -> Page:
    """Return the page that an applicant gets to with the code, or where there is none."""
    page = ask_for_code(visitor, reference, born, **typed)
    sent = codes(visitor.office)
    return visitor.send(page, "/code", code=sent[-1]) if sent else page


def status_told(caller: Caller, reference: str, born: date = JOHN_BORN, query: str = "") -> Any:
    """Return the status of an application, as an applicant's program gets it."""
    enquiry = {"reference": reference, "date_of_birth": born.isoformat()}
    asked = caller.call("POST", f"{V1}/status-enquiries", json=enquiry, by=None)
    assert asked.status_code == 202, asked.text
    path = f"{V1}/status-enquiries/{asked.json['challenge']}{query}"
    (code,) = codes(caller.office)
    answer = caller.call("POST", path, json={"code": code}, by=None)
    assert answer.status_code == 200, answer.text
    return answer
