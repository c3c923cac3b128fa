"""Who sees an application's status, and how guessing comes to nothing."""

from dataclasses import replace
from datetime import date

import pytest

from services.cases import submit
from services.enquiries import status_for
from services.guesses import MOST, Guesses
from services.projections import runner
from services.wiring import Office
from tests.services.asking import asked, filed_by, on_paper

BORN = filed_by("john").applicant.date_of_birth
WRONG = date(1990, 1, 1)


def _filed(office: Office) -> str:
    reference = submit(office, on_paper("john"), asked()).reference
    runner.catch_up(office.store, office.models, "case-status")
    return reference


def test_whoever_knows_both_sees_it_and_nobody_else(office: Office) -> None:
    reference = _filed(office)
    row = status_for(office, reference, BORN)
    assert row is not None
    assert row.reference == reference
    assert status_for(office, reference, WRONG) is None
    assert status_for(office, "QM-22222-22222", BORN) is None


def test_after_too_many_tries_even_the_right_day_is_not_let_in(office: Office) -> None:
    reference = _filed(office)
    for _ in range(MOST):
        assert status_for(office, reference, WRONG) is None
    assert status_for(office, reference, BORN) is None


def test_a_right_answer_forgets_the_wrong_ones_before_it(office: Office) -> None:
    reference = _filed(office)
    for _ in range(3):
        for _ in range(MOST - 1):
            assert status_for(office, reference, WRONG) is None
        assert status_for(office, reference, BORN) is not None


def test_one_application_under_attack_locks_no_other(office: Office) -> None:
    reference = _filed(office)
    for _ in range(MOST + 1):
        status_for(office, "QM-4K7RT-9XWPR", WRONG)
    assert status_for(office, reference, BORN) is not None


@pytest.mark.parametrize("url", ["redis+socket:///nowhere/redis.sock", "amqp://nobody"])
def test_without_redis_each_process_counts_for_itself(office: Office, url: str) -> None:
    reference = _filed(office)
    alone = replace(office, guesses=Guesses.connect(url))
    for _ in range(MOST):
        assert status_for(alone, reference, WRONG) is None
    assert status_for(alone, reference, BORN) is None
