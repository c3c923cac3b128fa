"""Nobody learns from how long an answer takes whether an application exists, or is locked.

Requests of all kinds go to the whole application in turns, and their times are compared by rank:
what else the machine does falls on all alike.
"""

import random
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count, cycle

import pytest
from werkzeug.test import Client

from services import enquiries
from services.api.app import create_api
from services.pages.app import create_pages
from services.web import dispatch
from services.wiring import Office
from tests.integration.mailing import acknowledge, applicant, new_reference
from tests.services.coming_in import JOHN_BORN, typed_for
from tests.services.erasing import erase
from tests.services.fairness import Act, deviations, in_turns, told_apart

ROUNDS = 40
MOST_ROUNDS = 160
ADDED = 0.002
"""Seconds that the comparison has to find, or it proves nothing."""
CASES = 3
"""Of each kind, so that none is asked after more often than may be."""
LOCKED = "203.0.113.7"


def _enquiries(office: Office) -> Mapping[str, list[dict[str, str]]]:
    """Return what is typed for each kind of question."""
    wrong = JOHN_BORN.replace(year=JOHN_BORN.year - 1)
    right, mismatched, locked, erased, no_mail = (
        [acknowledge(office, applicant(each, email=email)) for each in range(CASES)]
        for email in (None, None, None, None, "nobody")
    )
    for reference in locked:
        for _ in range(enquiries.OF_ONE.most):
            enquiries.ask(office, reference, JOHN_BORN, client=LOCKED)
    for reference in erased:
        erase(office.store, reference)
    return {
        "right": [typed_for(each) for each in right],
        "mismatched": [typed_for(each, wrong) for each in mismatched],
        "locked": [typed_for(each) for each in locked],
        "unknown": [typed_for(new_reference()) for _ in range(CASES)],
        "erased": [typed_for(each) for each in erased],
        "without mail": [typed_for(each) for each in no_mail],
    }


class _Asker:
    """Somebody who asks again and again, from the locked address or always from another one."""

    _numbers = count()

    def __init__(self, office: Office, typed: Sequence[Mapping[str, str]], *, locked: bool) -> None:
        self._client = Client(dispatch(create_api(office), create_pages(office)))
        page = self._client.get("/").get_data(as_text=True)
        self._token = page.partition('name="csrf" value="')[2].partition('"')[0]
        self._typed = cycle(typed)
        self._locked = locked

    def _from(self) -> dict[str, str]:
        number = next(self._numbers)
        return {"REMOTE_ADDR": LOCKED if self._locked else f"10.0.{number // 250}.{number % 250}"}

    def page(self) -> None:
        form = {**next(self._typed), "csrf": self._token}
        answer = self._client.post("/", data=form, environ_base=self._from())
        assert (answer.status_code, answer.headers["Location"]) == (303, "/code")

    def api(self) -> None:
        typed = next(self._typed)
        born = "-".join((typed["year"], f"{typed['month']:0>2}", f"{typed['day']:0>2}"))
        body = {"reference": typed["reference"], "date_of_birth": born}
        path = "/api/v1/status-enquiries"
        answer = self._client.post(path, json=body, environ_base=self._from())
        assert answer.status_code == 202


def _slower(act: Act) -> None:
    act()
    time.sleep(ADDED)


@pytest.mark.parametrize("door", ["page", "api"])
def test_every_kind_of_question_takes_the_same_time(office: Office, door: str) -> None:
    askers = {
        kind: _Asker(office, typed, locked=kind == "locked")
        for kind, typed in _enquiries(office).items()
    }
    acts: dict[str, Act] = {kind: getattr(asker, door) for kind, asker in askers.items()}
    for act in acts.values():
        act()
    taken = in_turns(acts, ROUNDS)
    assert told_apart(taken) == {}
    check = {"unknown": acts["unknown"], "slower": partial(_slower, acts["unknown"])}
    rounds = ROUNDS
    while not (found := told_apart(in_turns(check, rounds))):
        rounds *= 2
        if rounds > MOST_ROUNDS:
            pytest.skip("this machine is too busy now to tell two thousandths of a second")
    assert found["unknown", "slower"] < 0


def test_the_comparison_is_seldom_wrong_and_finds_what_there_is() -> None:
    drawn = random.Random(1)  # noqa: S311 - it guards nothing

    def some(more: float) -> list[float]:
        return [drawn.lognormvariate(0, 0.5) + more for _ in range(ROUNDS)]

    off = [deviations(some(0), some(0)) for _ in range(2_000)]
    assert sum(abs(each) > 1.96 for each in off) == pytest.approx(100, abs=30)
    assert told_apart({"one": some(0), "two": some(0)}) == {}
    assert told_apart({"one": some(0), "two": some(1)}).keys() == {("one", "two")}
