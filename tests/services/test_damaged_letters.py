"""A letter whose seal opens and which is none: it harms no other, and is told of as damaged."""

from datetime import timedelta

import pytest

from domain import commands as c
from domain.decisions import Matter
from services.cases import submit
from services.notifications import kept, readdressing
from services.notifications.letters import NoMessage
from services.notifications.planning import plan
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import OFFICER, SECOND, asked, on_paper
from tests.services.exercising import carry_out
from tests.services.resealing import reseal_first
from tests.services.seeing import looking

_NEW = "john@new.example"
_DAMAGED = pytest.mark.parametrize(
    "damaged",
    [b"{}", b'{"recipient":"\xff"}', b'{"recipient":'],
    ids=["no letter", "no text", "cut off"],
)


def _damage(office: Office, database: TestDatabase, damaged: bytes) -> tuple[str, int]:
    """Return a case and its letter, which is damaged and was given up."""
    reference = submit(office, on_paper("john"), asked()).reference
    carry_out(office, reference, c.AcknowledgeApplication(), asked())
    plan(office)
    number = reseal_first(office, database.owner_url, damaged)
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    with pytest.raises(NoMessage):
        office.ledger.open_letter(claim)
    office.ledger.fail(claim, "the sealed letter cannot be read")
    return reference, number


@_DAMAGED
def test_a_change_of_address_leaves_it_and_planning_goes_on(
    office: Office, database: TestDatabase, damaged: bytes
) -> None:
    reference, number = _damage(office, database, damaged)
    change = c.ProposeContactChange(email=_NEW, evidence="Passport seen at the counter")
    carry_out(office, reference, change, asked(OFFICER))
    confirm = c.ConfirmDecision(matter=Matter.CONTACT_CHANGE)
    carry_out(office, reference, confirm, asked(SECOND))
    assert plan(office) > 0
    (row,) = office.ledger.rows(looking(), number=number)
    assert row.state == "failed"
    assert readdressing.retry(office, "admin", ids=[number]) == 0
    found = office.ledger.claim(limit=10, lease=timedelta(minutes=1))
    opened = [office.ledger.open_letter(each) for each in found]
    assert _NEW in {each.recipient for each in opened if each}


@_DAMAGED
def test_who_would_export_it_is_told_without_a_word_of_it(
    office: Office, database: TestDatabase, damaged: bytes
) -> None:
    reference, number = _damage(office, database, damaged)
    (row,) = office.ledger.rows(looking(), number=number)
    with pytest.raises(NoMessage, match="cannot be read") as exported:
        kept.told_of(office.ledger, reference, row.position, office.clock())
    assert exported.value.__context__ is None
