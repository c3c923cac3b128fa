"""Nobody learns from how long an answer takes whether an application exists, or is locked.

Requests of all kinds go to the whole application in turns, and their times are compared by rank:
what else the machine does falls on all alike.
"""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, cycle, product
from uuid import UUID, uuid4

import psycopg
import pytest
from werkzeug.test import Client

from services import enquiries
from services.api.app import create_api
from services.notifications.code_mail import LEASE
from services.notifications.codes import HOLDS, TRIES, Asked
from services.pages.app import create_pages
from services.web import dispatch
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import acknowledge, applicant, new_reference
from tests.services.coming_in import JOHN_BORN, typed_for
from tests.services.erasing import erase
from tests.services.fairness import FEW, Act, deviations, in_turns, told_apart

ROUNDS = 40
MOST_ROUNDS = 160
ADDED = 0.002
"""Seconds that the comparison has to find, or it proves nothing."""
CASES = 3
"""Of each kind, so that none is asked after more often than may be."""
ENOUGH = (ROUNDS + 1) * FEW // TRIES + 1
"""Of each kind, so that no code that holds runs out of tries."""
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


def _hold_to_the_same_time(acts: Mapping[str, Act], alike: str) -> None:
    """Fail when two acts differ; skip when this machine could not tell that they do."""
    for act in acts.values():
        act()
    taken = in_turns(acts, ROUNDS)
    assert told_apart(taken) == {}
    check = {alike: acts[alike], "slower": partial(_slower, acts[alike])}
    rounds = ROUNDS
    while not (found := told_apart(in_turns(check, rounds))):
        rounds *= 2
        if rounds > MOST_ROUNDS:
            pytest.skip("this machine is too busy now to tell two thousandths of a second")
    assert found[alike, "slower"] < 0


@pytest.mark.parametrize("door", ["page", "api"])
def test_every_kind_of_question_takes_the_same_time(office: Office, door: str) -> None:
    askers = {
        kind: _Asker(office, typed, locked=kind == "locked")
        for kind, typed in _enquiries(office).items()
    }
    _hold_to_the_same_time({kind: getattr(each, door) for kind, each in askers.items()}, "unknown")


def _challenges(office: Office, each: int = 1) -> dict[str, list[UUID]]:
    """Return so many challenges of each kind."""
    kinds = ("allowed", "waiting", "dropped", "used", "locked")
    found: dict[str, list[UUID]] = {kind: [] for kind in kinds}
    for kind, _ in product(kinds, range(each)):
        asked = Asked(reference=new_reference(), born=JOHN_BORN, asker=b"", browser=None)
        challenge = office.codes.ask(asked, office.clock())
        found[kind].append(challenge)
        claim = office.codes.claim(office.clock(), LEASE)
        assert claim is not None
        assert claim.unsent is not None
        if kind == "dropped":
            office.codes.drop(claim)
        elif kind != "waiting":
            assert office.codes.allow(claim, office.clock())
            office.codes.sent(claim)
        if kind == "used":
            assert office.codes.enter(
                challenge, claim.unsent.code, browser=None, now=office.clock()
            )
        for _try in range(TRIES if kind == "locked" else 0):
            office.codes.enter(challenge, "", browser=None, now=office.clock())
    return found | {"unknown": [uuid4() for _ in found["allowed"]]}


def _hold_wrong_codes_to_the_same_time(
    office: Office, kinds: Mapping[str, list[UUID]], alike: str
) -> None:
    client = Client(dispatch(create_api(office), create_pages(office)))
    addresses = count()

    def enters(challenges: Iterator[UUID]) -> None:
        path = f"/api/v1/status-enquiries/{next(challenges)}"
        number = next(addresses)
        answer = client.post(
            path,
            json={"code": "not it"},
            environ_base={"REMOTE_ADDR": f"10.1.{number // 250}.{number % 250}"},
        )
        assert answer.status_code == 403

    _hold_to_the_same_time({kind: partial(enters, cycle(kinds[kind])) for kind in kinds}, alike)


def test_a_wrong_code_takes_the_same_time_whatever_became_of_the_question(office: Office) -> None:
    kinds = _challenges(office, ENOUGH)
    # Nobody who asked has one that nobody was given.
    del kinds["unknown"]
    _hold_wrong_codes_to_the_same_time(office, kinds, "dropped")


def test_a_code_that_comes_too_late_takes_the_same_time_whether_it_is_kept_or_not(
    office: Office,
) -> None:
    kinds, at = _challenges(office, CASES), office.clock() + 2 * HOLDS
    assert office.codes.tidy(at, at) > 0
    late = replace(office, clock=lambda: at)
    _hold_wrong_codes_to_the_same_time(late, kinds, "unknown")


def test_a_code_that_comes_too_late_is_counted_nowhere(
    office: Office, database: TestDatabase
) -> None:
    kinds, at = _challenges(office), office.clock() + 2 * HOLDS
    with psycopg.connect(database.app_url, autocommit=True) as connection:

        def tries() -> list[tuple[int]]:
            return connection.execute("SELECT tries FROM enquiry_codes ORDER BY id").fetchall()

        before = tries()
        for challenge, *_ in kinds.values():
            assert office.codes.enter(challenge, "", browser=None, now=at) is None
        assert tries() == before


def test_a_wrong_code_is_one_write_whatever_became_of_the_question(
    office: Office, database: TestDatabase
) -> None:
    # Here no write waits for a disk, so the times alone would not tell that one has none.
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        for kind, (challenge, *_) in _challenges(office).items():
            before = _written(connection)
            assert office.codes.enter(challenge, "", browser=None, now=office.clock()) is None
            assert (kind, _written(connection) > before) == (kind, True)


def test_a_right_code_that_was_not_sent_is_one_write_as_a_wrong_one(
    office: Office, database: TestDatabase
) -> None:
    asked = Asked(reference=new_reference(), born=JOHN_BORN, asker=b"", browser=None)
    challenge = office.codes.ask(asked, office.clock())
    claim = office.codes.claim(office.clock(), LEASE)
    assert claim is not None
    assert claim.unsent is not None
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        for code in ("", claim.unsent.code):
            before = _written(connection)
            assert office.codes.enter(challenge, code, browser=None, now=office.clock()) is None
            assert (code, _written(connection) > before) == (code, True)


def _written(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Return a number that grows with each write of anybody."""
    query = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
    (number,) = connection.execute(query).fetchone() or (0,)
    return int(str(number))


def test_the_comparison_is_seldom_wrong_and_finds_what_there_is() -> None:
    drawn = random.Random(1)  # noqa: S311 - it guards nothing

    def some(more: float) -> list[float]:
        return [drawn.lognormvariate(0, 0.5) + more for _ in range(ROUNDS)]

    off = [deviations(some(0), some(0)) for _ in range(2_000)]
    assert sum(abs(each) > 1.96 for each in off) == pytest.approx(100, abs=30)
    assert told_apart({"one": some(0), "two": some(0)}) == {}
    assert told_apart({"one": some(0), "two": some(1)}).keys() == {("one", "two")}
