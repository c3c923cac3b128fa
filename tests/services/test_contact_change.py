"""A lost mailbox: two officers have the applicant reached, and let in, at another address."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from domain import commands as c
from domain.decisions import Matter
from domain.errors import NotAllowedNow, SecondOfficerNeeded
from domain.processes import OUTSIDE, Party
from services import enquiries, work
from services.api.app import create_api
from services.cases import submit
from services.notifications import kept, readdressing, returns, undelivered
from services.notifications.code_mail import LEASE
from services.notifications.entries import WITHHELD, State
from services.notifications.letters import Letter
from services.notifications.planning import plan
from services.projections.runner import catch_up_all
from services.refiling import withdraw_and_refile
from services.store import CaseKeys, MasterKeyChanged
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.api.calling import OFFICER as CHAN
from tests.services.api.calling import SUPERVISOR as WONG
from tests.services.api.calling import Caller, is_problem
from tests.services.asking import OFFICER, SECOND, asked, filed_by, on_paper
from tests.services.coming_in import JOHN_BORN, codes, come_in, letters_with_codes
from tests.services.erasing import erase
from tests.services.exercising import carry_out
from tests.services.poisoned import with_a_broken_seal
from tests.services.seeing import looking
from tests.services.test_data_access import came_in
from tests.services.visiting import Page, Visitor, act, signed_in

OLD, NEW = filed_by("john").applicant.email, "john@new.example"
EMMA = filed_by("emma").applicant.email
PROPOSE = c.ProposeContactChange(email=NEW, evidence="Passport seen at the counter")
CONFIRM = c.ConfirmDecision(matter=Matter.CONTACT_CHANGE)


def _acknowledged(office: Office) -> str:
    reference = submit(office, on_paper("john"), asked()).reference
    carry_out(office, reference, c.AcknowledgeApplication(), asked())
    return reference


def _change(office: Office, reference: str) -> None:
    carry_out(office, reference, PROPOSE, asked(OFFICER))
    carry_out(office, reference, CONFIRM, asked(SECOND))
    plan(office)


def _open(office: Office) -> dict[tuple[str, str], Letter]:
    """Return what would be sent, by effect and party; each recipient's first frees the next."""
    found = {}
    while claims := office.ledger.claim(limit=10, lease=timedelta(minutes=1)):
        for claim in claims:
            letter = office.ledger.open_letter(claim)
            assert letter is not None
            found[claim.identity.effect, claim.identity.party] = letter
            office.ledger.sent(claim)
    return found


def test_one_officer_alone_changes_no_address(office: Office) -> None:
    reference = _acknowledged(office)
    carry_out(office, reference, PROPOSE, asked(OFFICER))
    with pytest.raises(SecondOfficerNeeded):
        carry_out(office, reference, CONFIRM, asked(OFFICER))
    enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")
    (letter,) = letters_with_codes(office)
    assert letter.recipient == OLD


def test_codes_go_to_the_new_address_once_it_is_confirmed(office: Office) -> None:
    reference = _acknowledged(office)
    _change(office, reference)
    enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")
    (letter,) = letters_with_codes(office)
    assert letter.recipient == NEW


def test_a_code_that_was_sent_to_the_old_address_opens_nothing_any_more(office: Office) -> None:
    reference = _acknowledged(office)
    catch_up_all(office.store, office.models)
    challenge = enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")
    (code,) = codes(office)
    _change(office, reference)
    assert enquiries.enter(office, challenge, code, client="203.0.113.7") is None


def test_a_code_on_its_way_to_the_old_address_does_not_go_out(office: Office) -> None:
    reference = _acknowledged(office)
    enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")
    claim = office.codes.claim(office.clock(), LEASE)
    assert claim is not None
    _change(office, reference)  # its sender had read the old address by now
    assert not office.codes.allow(claim, office.clock())


def test_a_code_cannot_be_allowed_while_a_change_is_being_committed(
    office: Office, database: TestDatabase
) -> None:
    reference = _acknowledged(office)
    enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")
    held = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND classid::bigint = %s AND objid::bigint = hashtext(%s)::bigint & 4294967295"
    )
    with (
        ThreadPoolExecutor(1) as aside,
        psycopg.connect(database.admin_url) as holding,
        psycopg.connect(database.admin_url, autocommit=True) as looks,
    ):
        holding.execute("SELECT FROM enquiry_codes FOR UPDATE")
        change = aside.submit(_change, office, reference)
        while not change.done():
            if looks.execute(held, (int.from_bytes(b"code"), reference)).fetchone() == (1,):
                break
        assert not change.done()
        holding.rollback()
        change.result()


def test_what_a_code_opened_closes_when_the_address_is_changed(office: Office) -> None:
    reference = _acknowledged(office)
    catch_up_all(office.store, office.models)
    visitor = Visitor(office)
    assert come_in(visitor, reference).path == "/status"
    _change(office, reference)
    assert visitor.get("/status").path == "/?again=1"
    assert come_in(visitor, reference).path == "/status"


def _refiled(office: Office, reference: str) -> str:
    return withdraw_and_refile(office, reference, on_paper("john"), asked()).reference


def test_the_code_of_a_refiled_case_goes_to_the_address_of_the_one_in_its_place(
    office: Office,
) -> None:
    first = _acknowledged(office)
    second = _refiled(office, first)
    last = _refiled(office, second)
    _change(office, last)
    for reference in (first, second, last):
        enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")
    letters = letters_with_codes(office)
    assert [each.recipient for each in letters] == [NEW] * 3
    assert first in letters[0].text


def test_no_code_of_a_refiled_case_goes_anywhere_once_the_one_in_its_place_is_erased(
    office: Office,
) -> None:
    old = _acknowledged(office)
    new = _refiled(office, old)
    _change(office, new)
    carry_out(office, new, c.WithdrawApplication(), asked())
    erase(office.store, new)
    enquiries.ask(office, old, JOHN_BORN, client="203.0.113.7")
    assert letters_with_codes(office) == []


def test_what_codes_of_a_refiled_case_opened_or_would_ends_with_the_address(
    office: Office,
) -> None:
    old = _acknowledged(office)
    new = _refiled(office, old)
    catch_up_all(office.store, office.models)
    visitor = Visitor(office)
    assert come_in(visitor, old).path == "/status"
    sent = enquiries.ask(office, old, JOHN_BORN, client="203.0.113.7")
    (code,) = codes(office)
    enquiries.ask(office, old, JOHN_BORN, client="203.0.113.8")
    claim = office.codes.claim(office.clock(), LEASE)
    assert claim is not None
    _change(office, new)
    assert visitor.get("/status").path == "/?again=1"
    assert enquiries.enter(office, sent, code, client="203.0.113.7") is None
    assert not office.codes.allow(claim, office.clock())


def test_letters_of_a_refiled_case_go_to_the_address_of_the_one_in_its_place(
    office: Office,
) -> None:
    old = _acknowledged(office)
    plan(office)
    new = _refiled(office, old)
    _change(office, new)
    work.carry_out(office, old, came_in(office), asked(OFFICER, at=None))
    plan(office)
    told = _open(office)
    recipients = {key[0]: each.recipient for key, each in told.items() if key[1] == Party.APPLICANT}
    assert recipients.keys() >= {"acknowledgement", "data-access-received"}
    assert set(recipients.values()) == {NEW}


def test_the_address_is_changed_where_the_application_goes_on(office: Office) -> None:
    old = _acknowledged(office)
    _refiled(office, old)
    with pytest.raises(NotAllowedNow) as refused:
        carry_out(office, old, PROPOSE, asked(OFFICER))
    assert "ProposeContactChange" not in refused.value.allowed


def test_both_addresses_are_told_and_the_old_one_of_nothing_else(office: Office) -> None:
    reference = _acknowledged(office)
    plan(office)
    _open(office)
    _change(office, reference)
    told = _open(office)
    outside = {key: each.recipient for key, each in told.items() if key[1] in OUTSIDE}
    assert outside == {
        ("address-changed", Party.APPLICANT): NEW,
        ("address-not-used-now", Party.FORMER_ADDRESS): OLD,
    }
    former = told["address-not-used-now", Party.FORMER_ADDRESS]
    for untold in (NEW, "Passport", OFFICER.name, SECOND.name, "http"):
        assert untold not in former.text + former.subject + former.page
    assert reference in former.subject


def test_what_waited_for_the_old_address_goes_to_the_new_one(office: Office) -> None:
    reference = _acknowledged(office)
    plan(office)
    _change(office, reference)
    told = _open(office)
    assert told["acknowledgement", Party.APPLICANT].recipient == NEW


@pytest.mark.parametrize("handed_over", [True, False])
def test_what_is_being_sent_goes_to_the_new_address_if_it_is_put_off(
    office: Office, *, handed_over: bool
) -> None:
    reference = _acknowledged(office)
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    _change(office, reference)
    if handed_over:
        office.ledger.sent(claim)
    else:
        office.ledger.postpone(claim, timedelta(), "message 451 4.3.0")
    told = kept.told_of(office.ledger, reference, claim.position, office.clock())
    (letter,) = (each.letter for each in told if each.effect == "acknowledgement")
    assert letter is not None
    assert letter.recipient == (OLD if handed_over else NEW)


def test_a_letter_that_does_not_open_keeps_no_other_from_the_new_address(
    office: Office, database: TestDatabase
) -> None:
    first = _acknowledged(office)
    plan(office)
    (shut,) = office.ledger.rows(looking())
    last = _refiled(office, first)
    plan(office)
    with psycopg.connect(database.app_url) as connection:
        connection.execute("UPDATE notifications SET sealed = 'AAAA' WHERE id = %s", (shut.id,))
    _change(office, last)
    assert readdressing.retry(office, "admin", ids=[shut.id]) == 0
    office.ledger.fail(office.ledger.claim(limit=1, lease=timedelta(minutes=1))[0], "shut")
    told = _open(office)
    assert told["filed-anew", Party.APPLICANT].recipient == NEW


def test_a_change_waits_for_the_master_key_of_what_it_readdresses(office: Office) -> None:
    reference = _acknowledged(office)
    plan(office)
    with office.ledger.engine.begin() as connection, pytest.raises(MasterKeyChanged):
        readdressing.readdress(connection, CaseKeys(bytes(range(32))), reference, NEW)


def test_what_could_not_be_delivered_is_sent_again_and_nothing_is_to_be_printed(
    office: Office,
) -> None:
    reference = _acknowledged(office)
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    office.ledger.fail(claim, "recipient 550 5.1.1")
    assert len(undelivered.waiting(office.ledger, looking())) == 1
    _change(office, reference)
    assert undelivered.waiting(office.ledger, looking()) == ()
    assert _open(office)["acknowledgement", Party.APPLICANT].recipient == NEW


@pytest.mark.parametrize("came_back", [True, False])
def test_what_is_tried_again_after_the_change_goes_to_the_new_one(
    office: Office, database: TestDatabase, *, came_back: bool
) -> None:
    reference = _acknowledged(office)
    plan(office)
    _open(office)
    _change(office, reference)
    (letter,) = (
        each.id
        for each in office.ledger.rows(looking(), states=[State.SENT])
        if each.effect == "acknowledgement"
    )
    if came_back:
        returns.mark(office.ledger, letter, returns.problem("550 5.1.1"), "admin")
    else:
        with psycopg.connect(database.app_url) as connection:
            connection.execute(
                "UPDATE notifications SET state = 'withheld', last_error = %s WHERE id = %s",
                (WITHHELD, letter),
            )
    assert readdressing.retry(office, "admin", ids=[letter]) == 1
    assert _open(office)["acknowledgement", Party.APPLICANT].recipient == NEW


def _came_back(office: Office) -> list[int]:
    """Return the acknowledgements, which were sent and came back."""
    plan(office)
    _open(office)
    sent = office.ledger.rows(looking(), states=[State.SENT])
    letters = [each.id for each in sent if each.effect == "acknowledgement"]
    for each in letters:
        returns.mark(office.ledger, each, returns.problem("550 5.1.1"), "admin")
    return letters


def test_a_case_that_cannot_be_read_keeps_no_other_letter_from_being_tried_again(
    office: Office, database: TestDatabase
) -> None:
    broken = _acknowledged(office)
    emma = submit(office, on_paper("emma"), asked()).reference
    carry_out(office, emma, c.AcknowledgeApplication(), asked())
    letters = _came_back(office)
    with_a_broken_seal(database.admin_url, f"case-{broken}", 1)
    assert readdressing.retry(office, "admin", ids=letters) == 1
    assert office.ledger.rows(looking(), states=[State.FAILED])[0].reference == broken
    assert _open(office)["acknowledgement", Party.APPLICANT].recipient == EMMA
    assert readdressing.retry(office, "admin", ids=letters) == 0


def test_nothing_is_tried_again_at_an_address_that_may_be_a_former_one(office: Office) -> None:
    old = _acknowledged(office)
    letters = _came_back(office)
    new = _refiled(office, old)
    _change(office, new)
    _open(office)
    carry_out(office, new, c.WithdrawApplication(), asked())
    erase(office.store, new)
    for letter in letters:
        returns.mark(office.ledger, letter, returns.problem("550 5.1.1"), "admin")
    assert readdressing.retry(office, "admin", ids=letters) == 0


def test_the_lost_mailbox_itself_leaves_nothing_to_print(office: Office) -> None:
    reference = _acknowledged(office)
    _change(office, reference)
    for claim in office.ledger.claim(limit=10, lease=timedelta(minutes=1)):
        if claim.identity.party == Party.FORMER_ADDRESS:
            office.ledger.fail(claim, "recipient 550 5.1.1")
    assert [each.effect for each in office.ledger.rows(looking(), states=[State.FAILED])] == [
        "address-not-used-now"
    ]
    assert undelivered.waiting(office.ledger, looking()) == ()


def test_two_officers_change_it_on_the_pages(office: Office) -> None:
    reference = _acknowledged(office)
    catch_up_all(office.store, office.models)
    first, second = signed_in(office, CHAN), signed_in(office, WONG)
    bad = act(first, reference, "propose-contact-change", email="nobody", evidence="Seen")
    assert bad.status == 422
    page = act(first, reference, "propose-contact-change", email=NEW, evidence="Passport seen")
    assert _awaited(page) == ("Change of e-mail address", NEW)
    page = act(second, reference, "confirm-decision", matter="contact-change")
    assert page.status == 200
    history = signed_in(office, "auditor.ho", "audit").get(f"/audit/cases/{reference}")
    assert "The e-mail address was changed" in history.text
    assert "Evidence Passport seen" in history.text


def _awaited(page: Page) -> tuple[str, str]:
    return page.facts["Decision"], page.facts["New e-mail address"]


def test_two_officers_change_it_over_the_api(office: Office) -> None:
    caller = Caller(app=create_api(office), office=office)
    reference = caller.submit()
    path = f"/cases/{reference}"
    body = {"email": NEW, "evidence": "Passport seen"}
    assert caller.command(f"{path}/propose-contact-change", body, version=1).status_code == 200
    decision = caller.get(path).json["decision"]
    assert (decision["matter"], decision["email"]) == ("contact-change", NEW)
    assert decision["reasons"] == ["Passport seen"]
    confirm = {"matter": "contact-change"}
    own = caller.command(f"{path}/confirm-decision", confirm, version=2)
    is_problem(own, 403, "second-officer-needed")
    done = caller.command(f"{path}/confirm-decision", confirm, version=2, by=WONG)
    assert done.status_code == 200
    assert caller.get(path).json["application"]["applicant"]["email"] == NEW
