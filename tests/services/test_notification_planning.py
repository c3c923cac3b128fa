"""Planning: each due effect is in the ledger once, whoever reads the log and however often."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import create_engine

from domain.days import HONG_KONG
from domain.events import ApplicationAcknowledged, ApplicationWithdrawn
from domain.hours import QuietHours
from domain.particulars import (
    ApplicationCorrected,
    Correction,
    Representative,
    RepresentativeAppointed,
)
from domain.work_events import CaseAssigned, CaseTaken
from services.notifications import undelivered
from services.notifications.entries import PlannedFromAnotherLog, State
from services.notifications.letters import Letter
from services.notifications.planning import plan
from services.notifications.tables import metadata
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    acknowledge,
    an_office,
    applicant,
    new_reference,
    record,
    states,
    submitted,
    work,
)
from tests.services.erasing import erase
from tests.services.seeing import looking

_CATALOGUE = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
       pg_get_expr(d.adbin, d.adrelid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relname = ANY (%(tables)s)
UNION ALL
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL, NULL
FROM pg_constraint WHERE conrelid = ANY (%(tables)s::text[]::regclass[])
UNION ALL
SELECT tablename, indexname, indexdef, NULL, NULL, NULL
FROM pg_indexes WHERE tablename = ANY (%(tables)s)
ORDER BY 1, 2, 3
"""


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def test_only_what_calls_for_an_effect_is_planned(office: Office) -> None:
    record(office, new_reference(), 0, submitted("QM-22222-22222", applicant(1)))
    reference = acknowledge(office, applicant(2))
    assert plan(office) == 1
    (row,) = office.ledger.rows(looking())
    assert (row.reference, row.effect, row.party, row.means, row.state, row.position) == (
        reference,
        "acknowledgement",
        "applicant",
        "email",
        State.PLANNED,
        3,
    )
    assert office.ledger.standing().position == office.store.head() == 3


def test_planning_in_any_batches_enters_every_effect_once(office: Office) -> None:
    references = {acknowledge(office, applicant(number)) for number in range(7)}
    assert plan(office, batch=3) == 7
    assert plan(office, batch=1) == 0
    assert {row.reference for row in office.ledger.rows(looking())} == references


def test_a_letter_goes_to_the_address_and_in_the_language_as_corrected(office: Office) -> None:
    reference, mistyped = new_reference(), applicant(1, email="stranger@example.com")
    corrected = Correction(application=applicant(1, language="zh-Hant"), reason="Mistyped")
    record(
        office,
        reference,
        0,
        submitted(reference, mistyped),
        ApplicationCorrected(fields=(), assessed_anew=False, personal=corrected),
        ApplicationAcknowledged(),
    )
    assert plan(office) == 2
    assert {(letter.recipient, letter.language) for letter in letters(office).values()} == {
        ("applicant-1@example.com", "zh-Hant")
    }


def test_a_representative_gets_a_copy_and_the_officer_a_link(office: Office) -> None:
    reference = new_reference()
    may = Representative(name="May Ng", organisation="Ng & Co", email="may@example.com")
    record(
        office,
        reference,
        0,
        submitted(reference, applicant(1)),
        RepresentativeAppointed(personal=may),
    )
    work(office, reference, 0, CaseTaken(officer="officer.chan"))
    record(office, reference, 2, ApplicationAcknowledged(), ApplicationWithdrawn(personal=None))
    plan(office)
    found = letters(office)
    assert found["acknowledgement", "representative"].recipient == "may@example.com"
    assert "You represent John Carter" in found["acknowledgement", "representative"].text
    assert found["withdrawn", "applicant"].recipient == "applicant-1@example.com"
    told = found["withdrawal-for-officer", "officer:officer.chan"]
    assert f"https://qmas.test/staff/cases/{reference}" in told.text
    assert "Carter" not in told.subject + told.text + told.page


def test_an_officer_without_an_address_is_sent_nothing_and_the_ledger_says_why(
    office: Office,
) -> None:
    reference = acknowledge(office, applicant(1))
    work(office, reference, 0, CaseAssigned(officer="nobody.known", before=None))
    plan(office)
    (row,) = [each for each in office.ledger.rows(looking()) if each.effect == "case-assigned"]
    assert (row.party, row.state, row.last_error) == (
        "officer:nobody.known",
        State.WITHHELD,
        "no address",
    )


def test_what_happened_before_an_effect_was_known_is_never_written_about(
    office: Office, database: TestDatabase
) -> None:
    """A new line of the table meets a log whose checkpoint is past all that it could be about."""
    acknowledge(office, applicant(1))
    head = office.store.sequence()
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE notifications_checkpoint SET position = %s", (head,))
    later = acknowledge(office, applicant(2))
    assert plan(office) == 1
    assert [row.reference for row in office.ledger.rows(looking())] == [later]


def test_quiet_hours_keep_back_what_can_wait_and_what_is_of_the_office_goes_at_once(
    told: Settings,
) -> None:
    night = datetime(2026, 3, 2, 23, 0, tzinfo=HONG_KONG)
    quiet = QuietHours(begins=time(22), ends=time(8))
    with an_office(replace(told, quiet_hours=quiet)) as opened:
        office = replace(opened, clock=lambda: night + timedelta(days=36500))
        acknowledge(office, applicant(1))
        reference = new_reference()
        record(office, reference, 0, submitted(reference, applicant(2)))
        work(office, reference, 0, CaseTaken(officer="officer.chan"))
        record(office, reference, 1, ApplicationWithdrawn(personal=None))
        assert plan(office) == 3
        rows = {row.effect: row for row in office.ledger.rows(looking())}
    waits = rows["acknowledgement"].next_attempt_at.astimezone(HONG_KONG)
    assert (waits.year, waits.hour, waits.minute) == (2126, 8, 0)
    for at_once in ("withdrawn", "withdrawal-for-officer"):
        assert rows[at_once].next_attempt_at <= datetime.now(UTC)


def test_planners_at_once_while_cases_come_in_enter_every_effect_once(
    office: Office, told: Settings
) -> None:
    entered: list[int] = []
    written = threading.Event()

    def follow() -> None:
        with an_office(told) as own:
            while not written.is_set():
                entered.append(plan(own, batch=5))
            entered.append(plan(own, batch=5))

    planners = [threading.Thread(target=follow) for _ in range(3)]
    for planner in planners:
        planner.start()
    references = {acknowledge(office, applicant(number)) for number in range(60)}
    written.set()
    for planner in planners:
        planner.join(60)
    rows = office.ledger.rows(looking(), limit=1000)
    assert sum(entered) == len(rows) == 60
    assert {row.reference for row in rows} == references


def test_reading_the_whole_log_again_plans_nothing_again(
    office: Office, database: TestDatabase
) -> None:
    for number in range(5):
        acknowledge(office, applicant(number))
    plan(office)
    before = office.ledger.rows(looking())
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE notifications_checkpoint SET position = 0")
    assert plan(office) == 0
    assert office.ledger.rows(looking()) == before
    assert office.ledger.standing().position == office.store.head()


def test_an_erased_person_is_planned_nothing_and_the_reason_is_kept(office: Office) -> None:
    reference = acknowledge(office, applicant(1))
    erase(office.store, reference)
    plan(office)
    rows = office.ledger.rows(looking())
    assert "acknowledgement" in {row.effect for row in rows}
    assert {(row.state, row.last_error) for row in rows} == {(State.WITHHELD, "person erased")}


def test_an_address_that_cannot_be_written_to_fails_alone_and_says_so(office: Office) -> None:
    acknowledge(office, applicant(1))
    acknowledge(office, applicant(2, email="a@example.com, b@example.com"))
    acknowledge(office, applicant(3))
    assert plan(office) == 3
    rows = office.ledger.rows(looking())
    assert states(rows) == ["planned", "failed", "planned"]
    assert rows[1].last_error == "address unusable"
    assert office.ledger.retry("test") == 0, "it can only be printed"
    (waits,) = undelivered.waiting(office.ledger, looking())
    assert waits.id == rows[1].id


def test_no_address_name_or_text_is_in_the_ledger_in_clear(
    office: Office, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    acknowledge(office, applicant(2, email="two words@example.com"))
    plan(office)
    with psycopg.connect(database.admin_url) as connection:
        found = connection.execute("SELECT string_agg(n::text, ' ') FROM notifications n")
        text = str(found.fetchone())
    assert "QM-" in text
    assert not [word for word in ("example.com", "Carter", "John", "Dear") if word in text]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM notifications",
        "TRUNCATE notifications",
        "UPDATE notifications SET event_id = gen_random_uuid()",
        "UPDATE notifications SET message_id = 'another'",
        "DELETE FROM notifications_checkpoint",
    ],
)
def test_the_application_cannot_unmake_what_guards_against_sending_twice(
    database: TestDatabase, change: str
) -> None:
    with (
        psycopg.connect(database.app_url) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(change)


def test_the_standing_counts_every_state_and_what_is_due(office: Office) -> None:
    references = [acknowledge(office, applicant(number)) for number in range(3)]
    erase(office.store, references[0])
    plan(office)
    standing = office.ledger.standing()
    assert {state: count for state, count in standing.counts.items() if count} == {
        State.PLANNED: 2,
        State.WITHHELD: len(office.ledger.rows(looking(), reference=references[0])),
    }
    assert standing.due == 2
    assert standing.oldest_due is not None


def test_the_rows_of_one_case_or_of_some_states_can_be_asked_for_page_by_page(
    office: Office,
) -> None:
    references = [acknowledge(office, applicant(number)) for number in range(5)]
    plan(office)
    first = office.ledger.rows(looking(), limit=3)
    second = office.ledger.rows(looking(), limit=3, before=first[-1].id)
    assert [row.reference for row in (*first, *second)] == references[::-1]
    assert [row.reference for row in office.ledger.rows(looking(), reference=references[2])] == [
        references[2]
    ]
    assert office.ledger.rows(looking(), states=(State.FAILED, State.SENT)) == ()


def test_the_migrated_tables_are_the_declared_ones(
    database: TestDatabase, empty_database: TestDatabase
) -> None:
    url = empty_database.admin_url.replace("postgresql:", "postgresql+psycopg:", 1)
    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    assert _catalogue(database.admin_url) == _catalogue(empty_database.admin_url)


def letters(office: Office) -> dict[tuple[str, str], Letter]:
    """Return every letter that is due, by its effect and party, and take it for sent."""
    found = {}
    while claims := office.ledger.claim(limit=100, lease=timedelta(minutes=1)):
        for claim in claims:
            letter = office.ledger.open_letter(claim)
            assert letter is not None
            found[claim.identity.effect, claim.identity.party] = letter
            office.ledger.sent(claim)
    return found


def _catalogue(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(_CATALOGUE, {"tables": list(metadata.tables)}).fetchall()


@pytest.mark.parametrize(
    "change",
    [
        r"UPDATE notifications_checkpoint SET leaf = '\x00'",
        (
            "UPDATE notifications_checkpoint"
            " SET leaf = NULL, sequenced_at = sequenced_at - INTERVAL '1 second'"
        ),
    ],
)
def test_nothing_is_planned_on_from_another_log(
    office: Office, database: TestDatabase, change: LiteralString
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    before = office.ledger.rows(looking())
    # As if what was planned last were an event of a log that was lost.
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(change)
    acknowledge(office, applicant(2))
    with pytest.raises(PlannedFromAnotherLog, match="of another log"):
        plan(office)
    assert (office.ledger.rows(looking()), office.ledger.standing().of_another_log) == (
        before,
        True,
    )
