"""What is wrong with one letter, or with one worker, keeps no other from going out."""

from collections.abc import Iterator
from dataclasses import replace
from secrets import token_bytes

import pytest

from services import enquiries
from services.notifications import code_mail
from services.notifications.delivery import deliver
from services.notifications.entries import State
from services.notifications.planning import plan
from services.settings import Settings
from services.store import EventOfLater, MasterKeyChanged
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
    states,
)
from tests.services import poisoned
from tests.services.coming_in import JOHN_BORN
from tests.services.resealing import reseal_first
from tests.services.seeing import looking
from tests.services.visiting import later


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def _planned(office: Office, count: int) -> None:
    for number in range(count):
        acknowledge(office, applicant(number))
    assert plan(office) == count


def test_letters_that_were_written_for_a_sender_that_is_none_go_out_from_the_one_of_now(
    office: Office, mail: MailServer
) -> None:
    before = replace(office, settings=replace(office.settings, mail_sender="QMAS <old@qmas.test>"))
    acknowledge(office, applicant(1))
    assert plan(before) == deliver(office) == 1
    assert mail.messages[0]["From"].addresses[0].addr_spec == "no-reply@qmas.test"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"recipient": "two\r\nlines@example.com"}, "it makes no message"),
        ({"recipient": "a@[b"}, "it makes no message"),
        ({"subject": "two\nlines"}, "it makes no message"),
        ({"sender_name": "Q\r\nBcc: x@example.com"}, "it makes no message"),
        ({"language": "a tongue of its own"}, "the sealed letter cannot be read"),
    ],
)
def test_a_letter_that_makes_no_message_is_given_up_alone(
    office: Office, mail: MailServer, database: TestDatabase, said: dict[str, str], reason: str
) -> None:
    _planned(office, 3)
    reseal_first(office, database.owner_url, **said)
    assert deliver(office) == 2
    rows = tuple(reversed(office.ledger.rows(looking())))
    assert states(office.ledger.rows(looking())) == ["failed", "sent", "sent"]
    assert rows[0].last_error == reason
    assert len(mail.messages) == 2


def test_a_letter_that_makes_no_message_says_nothing_of_the_server(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    _planned(office, 1)
    reseal_first(office, database.owner_url, subject="two\nlines")
    mail.stop()
    office.ledger.mail.begin(code_mail.LEASE)
    expire_leases(database.owner_url)
    deliver(office)
    assert states(office.ledger.rows(looking())) == ["failed"]
    assert office.ledger.mail.now().failures == 1


def test_a_letter_whose_key_others_know_waits_for_them_and_keeps_no_other_waiting(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    told = office.settings
    new = replace(told, master_key=token_bytes(32), master_key_former=told.master_key)
    with an_office(new) as other:
        theirs = acknowledge(other, applicant(1))
        ours = acknowledge(office, applicant(2))
        assert plan(other) == 2
        with pytest.raises(MasterKeyChanged):
            deliver(office)
        assert mail.recipients == ["applicant-2@example.com"]
        (left,) = office.ledger.rows(looking(), reference=theirs)
        assert (left.state, left.attempts) == (State.PLANNED, 0)
        assert left.last_error == "its key is known to other workers"
        assert states(office.ledger.rows(looking(), reference=ours)) == ["sent"]
        assert deliver(office) == 0  # it is not asked again and again
        expire_leases(database.owner_url)
        assert deliver(other) == 1
    (row,) = office.ledger.rows(looking(), reference=theirs)
    assert (row.state, row.attempts, row.last_error) == (State.SENT, 1, None)


def test_a_code_that_makes_no_message_is_dropped_and_later_ones_go_out(
    office: Office, mail: MailServer
) -> None:
    before = replace(office, settings=replace(office.settings, mail_sender="QMAS <old@qmas.test>"))
    for number, sent in enumerate((0, 1)):
        reference = acknowledge(office, applicant(number))
        enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")
        assert code_mail.send(office if number else before) == sent
    assert mail.recipients == ["applicant-1@example.com"]


def test_a_code_whose_case_a_later_version_can_read_waits_for_it(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    case, other = acknowledge(office, applicant(1)), acknowledge(office, applicant(2))
    poisoned.of_a_later_kind(database.admin_url, f"case-{case}", 1)
    for each in (case, other):
        enquiries.ask(office, each, JOHN_BORN, client="203.0.113.7")
    with pytest.raises(EventOfLater):
        code_mail.send(office)
    assert mail.recipients == ["applicant-2@example.com"]
    assert code_mail.send(office) == 0  # it is not asked again and again
    poisoned.of_a_kind_that_is_known(database.admin_url, f"case-{case}", 1)
    assert code_mail.send(later(office, code_mail.FIRST_WAIT)) == 1
    assert mail.recipients[1:] == ["applicant-1@example.com"]


def test_a_code_whose_key_others_know_waits_for_them_and_keeps_no_other_waiting(
    office: Office, mail: MailServer
) -> None:
    told = office.settings
    new = replace(told, master_key=token_bytes(32), master_key_former=told.master_key)
    with an_office(new) as other:
        for each in (acknowledge(other, applicant(1)), acknowledge(office, applicant(2))):
            enquiries.ask(office, each, JOHN_BORN, client="203.0.113.7")
        with pytest.raises(MasterKeyChanged):
            code_mail.send(office)
        assert mail.recipients == ["applicant-2@example.com"]
        soon = later(other, code_mail.FIRST_WAIT)
        claim = other.codes.claim(soon.clock(), code_mail.LEASE)
        assert claim is not None
        assert claim.attempts == 1
        other.codes.leave(claim, soon.clock())
        assert code_mail.send(soon) == 1
    assert mail.recipients[1:] == ["applicant-1@example.com"]
