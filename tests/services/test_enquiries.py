"""Who comes in by a code, and how guessing comes to nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from services import enquiries
from services.cases import submit
from services.guesses import Guesses
from services.notifications.code_mail import LEASE, letter_for
from services.notifications.codes import A_DAY, AN_HOUR, HOLDS, TRIES
from services.projections.runner import catch_up
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import asked, filed_by, on_paper
from tests.services.coming_in import JOHN_BORN, code_in, codes, letters_with_codes
from tests.services.erasing import erase
from tests.services.visiting import later

WRONG = date(1990, 1, 1)
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def _filed(office: Office, name: str = "john") -> str:
    reference = submit(office, on_paper(name), asked()).reference
    catch_up(office.store, office.models, "case-status")
    return reference


def _ask(office: Office, reference: str, born: date = JOHN_BORN, *, client: str = HOME) -> UUID:
    return enquiries.ask(office, reference, born, client=client, browser=None)


def _enters(office: Office, challenge: UUID, code: str, *, client: str = HOME) -> bool:
    return enquiries.enter(office, challenge, code, client=client) is not None


def _another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_whoever_knows_both_is_sent_a_code_and_nobody_else(office: Office) -> None:
    reference = _filed(office)
    _ask(office, reference, WRONG)
    _ask(office, "QM-22222-22222")
    assert codes(office) == []
    challenge = _ask(office, reference)
    (letter,) = letters_with_codes(office)
    assert letter.recipient == filed_by("john").applicant.email
    assert enquiries.enter(office, challenge, code_in(letter), client=HOME) == reference


def test_a_code_is_told_in_the_language_of_the_applicant(office: Office) -> None:
    reference = _filed(office, "emma")
    _ask(office, reference, filed_by("emma").applicant.date_of_birth)
    (letter,) = letters_with_codes(office)
    assert letter.language == "zh-Hant"
    assert "只可使用一次" in letter.text


def test_a_code_can_be_used_once(office: Office) -> None:
    challenge = _ask(office, _filed(office))
    (code,) = codes(office)
    assert _enters(office, challenge, code)
    assert not _enters(office, challenge, code)


def test_a_code_belongs_to_its_challenge_and_to_its_browser(office: Office) -> None:
    reference = _filed(office)
    mine = enquiries.ask(office, reference, JOHN_BORN, client=HOME, browser="mine")
    (code,) = codes(office)
    other = _ask(office, reference, client=ELSEWHERE)
    (second,) = codes(office)
    assert not _enters(office, other, code) or code == second
    assert not _enters(office, uuid4(), code)
    assert not _enters(office, mine, code)
    assert enquiries.enter(office, mine, code, client=HOME, browser="theirs") is None
    assert enquiries.enter(office, mine, code, client=ELSEWHERE, browser="mine") is not None


def test_a_code_leads_again_to_what_is_open_in_its_browser_and_nowhere_else(
    office: Office,
) -> None:
    mine = enquiries.ask(office, _filed(office), JOHN_BORN, client=HOME, browser="mine")
    (code,) = codes(office)

    def enters(at: Office, code: str, browser: str | None = "mine") -> bool:
        return enquiries.enter(at, mine, code, client=HOME, browser=browser) is not None

    assert not enters(office, _another(code))
    assert all(enters(office, code) for _ in range(TRIES + 1))
    assert not enters(office, code, "theirs")
    assert not enters(office, code, None)
    assert not enters(later(office, HOLDS), code)
    enquiries.close(office, mine, "mine")
    assert not enters(office, code)


def test_a_used_code_is_guessed_at_no_more_often_than_another(office: Office) -> None:
    mine = enquiries.ask(office, _filed(office), JOHN_BORN, client=HOME, browser="mine")
    (code,) = codes(office)
    assert enquiries.enter(office, mine, code, client=HOME, browser="mine") is not None
    for _ in range(TRIES):
        assert enquiries.enter(office, mine, _another(code), client=HOME, browser="mine") is None
    assert enquiries.enter(office, mine, code, client=HOME, browser="mine") is None


@pytest.mark.parametrize("wrong", [0, TRIES - 1])
@pytest.mark.parametrize(("browser", "opened"), [("mine", 2), (None, 1)])
def test_of_two_at_one_instant_one_uses_the_code_and_its_browser_gets_there_by_both(
    office: Office, browser: str | None, opened: int, wrong: int
) -> None:
    reference = _filed(office)
    mine = enquiries.ask(office, reference, JOHN_BORN, client=HOME, browser=browser)
    (code,) = codes(office)
    here = None if browser is None else office.blind.token("browser", browser)
    for _ in range(wrong):
        assert office.codes.enter(mine, _another(code), browser=here, now=office.clock()) is None
    both = Barrier(2, timeout=30)

    def enter(_: int) -> str | None:
        # Both were found right before either is used up.
        return office.codes.enter(
            mine, code, browser=here, now=office.clock(), ready=lambda _: both.wait()
        )

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(enter, range(2)))
    assert found.count(reference) == opened
    assert found.count(None) == 2 - opened


def test_the_last_try_may_be_right_and_one_more_is_none(office: Office) -> None:
    reference = _filed(office)
    for wrong, opens in ((TRIES - 1, True), (TRIES, False)):
        challenge = _ask(office, reference)
        (code,) = codes(office)
        assert not any(_enters(office, challenge, _another(code)) for _ in range(wrong))
        assert _enters(office, challenge, code) is opens


@pytest.mark.parametrize(("passed", "found"), [(-1, 1), (0, 0)])
def test_a_code_holds_for_ten_minutes(office: Office, passed: int, found: int) -> None:
    at = office.clock()
    then = replace(office, clock=lambda: at)
    challenge = _ask(then, _filed(office))
    (code,) = codes(then)
    end = replace(office, clock=lambda: at + HOLDS + timedelta(microseconds=passed))
    assert _enters(end, challenge, code) == bool(found)


def test_a_code_opens_nothing_before_it_is_sent(office: Office) -> None:
    challenge = _ask(office, _filed(office))
    claim = office.codes.claim(office.clock(), LEASE)
    assert claim is not None
    assert claim.unsent is not None
    assert not _enters(office, challenge, claim.unsent.code)
    assert letter_for(office, claim) is not None
    assert _enters(office, challenge, claim.unsent.code)


def test_the_code_of_another_day_of_birth_opens_nothing(office: Office) -> None:
    challenge = _ask(office, _filed(office), WRONG)
    claim = office.codes.claim(office.clock(), LEASE)
    assert claim is not None
    assert claim.unsent is not None
    assert letter_for(office, claim) is None
    office.codes.drop(claim)
    assert not _enters(office, challenge, claim.unsent.code)


def test_a_new_code_ends_the_earlier_one_of_the_same_asker_alone(office: Office) -> None:
    reference = _filed(office)
    first = _ask(office, reference)
    (one,) = codes(office)
    theirs = _ask(office, reference, client=ELSEWHERE)
    (two,) = codes(office)
    mine = _ask(office, reference)
    (three,) = codes(office)
    assert not _enters(office, first, one)
    assert _enters(office, theirs, two)
    assert _enters(office, mine, three)


def test_a_question_that_sends_nothing_ends_no_code(office: Office) -> None:
    reference = _filed(office)
    challenge = _ask(office, reference)
    (code,) = codes(office)
    _ask(office, reference, WRONG)
    assert codes(office) == []
    assert _enters(office, challenge, code)


def test_few_codes_go_out_in_an_hour_and_in_a_day(office: Office) -> None:
    reference = _filed(office)
    sent = []
    for number in range(24):
        now = later(office, timedelta(minutes=20 * number))
        _ask(now, reference, client=f"192.0.2.{number}")
        sent.append(len(codes(now)))
        if number == AN_HOUR - 1:
            _ask(now, reference, client="192.0.2.200")
            assert codes(now) == []
    assert sum(sent) == A_DAY
    assert all(sent[:A_DAY])


def test_too_many_questions_of_one_client_about_one_application_are_sent_nothing(
    office: Office,
) -> None:
    reference = _filed(office)
    for _ in range(enquiries.OF_ONE.most):
        _ask(office, reference, WRONG)
    _ask(office, reference)
    assert codes(office) == []
    _ask(office, reference, client=ELSEWHERE)
    assert len(codes(office)) == 1


def test_one_client_asks_after_so_many_applications_and_no_more(office: Office) -> None:
    reference = _filed(office)
    for number in range(enquiries.OF_CLIENT.most):
        _ask(office, f"QM-{number:05}-22222")
    _ask(office, reference)
    assert codes(office) == []


def test_nobody_is_shut_out_by_strangers_who_know_a_reference(office: Office) -> None:
    reference = _filed(office)
    for number in range(100):
        _ask(office, reference, WRONG, client=f"192.0.2.{number}")
    assert codes(office) == []
    _ask(office, reference)
    assert len(codes(office)) == 1


def test_who_asks_too_often_leaves_nothing_behind_for_long(
    office: Office, database: TestDatabase
) -> None:
    for number in range(enquiries.OF_CLIENT.most):
        _ask(office, f"QM-{number:05}-22222")

    def kept() -> tuple[int, Any]:
        with psycopg.connect(database.app_url) as connection:
            rows = connection.execute("SELECT count(*) FROM enquiry_codes").fetchone()
        assert office.guesses.shared is not None
        # Others count in the same Redis; and SCAN may tell of a key twice.
        own = office.blind.token("client", HOME).hex()
        return len({*office.guesses.shared.scan_iter(f"qmas:tried:ask*{own}")}), rows

    before = kept()
    given = {_ask(office, f"QM-{number:05}-33333") for number in range(20)}
    assert len(given) == 20
    assert kept()[0] == before[0] + 1, "a count of their own, and none for each application"
    now = office.clock() + timedelta(seconds=1)
    office.codes.tidy(now, now)
    assert kept()[1] == before[1]


def test_too_many_codes_entered_by_one_client_are_all_wrong(office: Office) -> None:
    challenge = _ask(office, _filed(office))
    (code,) = codes(office)
    for _ in range(enquiries.ENTERED.most):
        assert not _enters(office, uuid4(), code)
    assert not _enters(office, challenge, code)
    assert _enters(office, challenge, code, client=ELSEWHERE)


def test_without_redis_each_process_admits_its_share(office: Office) -> None:
    reference = _filed(office)
    alone = replace(office, guesses=Guesses.connect("amqp://nobody", sharing=2))
    for _ in range(enquiries.OF_ONE.most // 2):
        _ask(alone, reference, WRONG)
    _ask(alone, reference)
    assert codes(alone) == []


def test_nothing_personal_and_no_code_is_kept_in_clear(
    office: Office, database: TestDatabase
) -> None:
    reference = _filed(office)
    _ask(office, reference)
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        before = str(connection.execute("SELECT * FROM enquiry_codes").fetchall())
        (code,) = codes(office)
        after = connection.execute("SELECT * FROM enquiry_codes").fetchall()
        unsent = connection.execute("SELECT unsent FROM enquiry_codes").fetchall()
    for text in (code, JOHN_BORN.isoformat(), HOME):
        assert text not in before
        assert text not in str(after)
    assert unsent == [(None,)]


def test_an_erasure_takes_every_question_with_it(office: Office, database: TestDatabase) -> None:
    reference, other = _filed(office), _filed(office, "emma")
    challenge = _ask(office, reference)
    (code,) = codes(office)
    for each in (reference, other):
        _ask(office, each)
    erase(office.store, reference)
    with psycopg.connect(database.app_url) as connection:
        left = connection.execute("SELECT reference FROM enquiry_codes").fetchall()
    assert left == [(other,)]
    assert not _enters(office, challenge, code)
    _ask(office, reference)
    assert codes(office) == []


def test_what_is_old_is_tidied_away(office: Office) -> None:
    reference = _filed(office)
    _ask(office, reference, WRONG)
    codes(office)
    _ask(office, reference)
    codes(office)
    now, day = office.clock(), timedelta(days=1, seconds=1)
    assert office.codes.tidy(now, now) == 0
    assert office.codes.tidy(now + day, now + HOLDS) == 1
    assert office.codes.tidy(now - day, now + day) == 0  # the schedule keeps it for longer
    assert office.codes.tidy(now + day, now + day) == 1
