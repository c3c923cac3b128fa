"""An applicant's status: the row, the look at it and how fresh it is come of one statement."""

from dataclasses import replace

import psycopg
import pytest

from domain.access import Person, Role
from domain.looks import What
from services.cases import submit
from services.projections import queries
from services.store import MigrationFault, StoreUnreachable
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import asked, on_paper
from tests.services.seeing import looking, told
from tests.services.visiting import file_case

UNKNOWN = "QM-4K7RT-9XWPR"


def _looks(office: Office, reference: str) -> queries.Seen:
    own = looking(What.STATUS, Person(name=reference, role=Role.APPLICANT))
    return queries.status_seen(office.models, own, reference)


def test_it_is_as_fresh_as_it_says(office: Office) -> None:
    reference = file_case(office, "john")
    head = office.store.sequence()

    seen = _looks(office, reference)

    assert seen.row == queries.status(office.models, reference)
    assert (seen.freshness.position, seen.freshness.lag) == (head, 0)
    assert seen.freshness == queries.freshness(office.models, "case-status")
    assert told(office)[-1] == (reference, "status", "cli", (reference,))


def test_it_says_what_it_does_not_hold_yet(office: Office) -> None:
    reference = file_case(office, "john")
    reached = office.store.sequence()
    submit(office, on_paper("emma"), asked())
    head = office.store.sequence()

    seen = _looks(office, reference)

    assert (seen.freshness.position, seen.freshness.lag) == (reached, head - reached)


def test_it_is_as_fresh_as_the_shard_that_is_furthest_behind(
    office: Office, database: TestDatabase
) -> None:
    reference = file_case(office, "john")
    before = _looks(office, reference).freshness
    file_case(office, "emma")
    head = office.store.sequence()
    back = (
        "UPDATE projection_checkpoints SET (position, as_of, leaf) = (%s, %s, {}) WHERE shard = 1"
    )
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        leaf = "(SELECT leaf FROM log WHERE log.position = %s)"
        owner.execute(back.format(leaf), (before.position, before.as_of, before.position))
        behind = _looks(office, reference).freshness
        owner.execute(back.format("NULL"), (0, None))
        empty = _looks(office, reference).freshness

    assert behind == replace(before, lag=head - before.position)
    assert (empty.position, empty.as_of, empty.lag) == (0, None, head)
    assert not empty.of_another_log


def test_a_look_at_none_is_on_record_and_as_fresh(office: Office) -> None:
    file_case(office, "john")

    seen = _looks(office, UNKNOWN)

    assert seen.row is None
    assert seen.freshness == queries.freshness(office.models, "case-status")
    assert told(office)[-1] == (UNKNOWN, "status", "cli", (UNKNOWN,))


def test_an_empty_read_model_holds_nothing(office: Office) -> None:
    seen = _looks(office, UNKNOWN)

    assert seen.row is None
    assert (seen.freshness.position, seen.freshness.as_of) == (0, None)


def test_what_cannot_be_recorded_is_not_shown(office: Office, database: TestDatabase) -> None:
    reference = file_case(office, "john")
    assert _looks(office, reference).row is not None  # the statement is prepared by now
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON reads FROM qmas_app")

    with pytest.raises(MigrationFault):
        _looks(office, reference)


def test_a_broken_connection_is_told_and_not_used_again(
    office: Office, database: TestDatabase
) -> None:
    reference = file_case(office, "john")
    assert _looks(office, reference).row is not None
    before = len(told(office))
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> pg_backend_pid()",
            (database.name,),
        )

    with pytest.raises(StoreUnreachable):
        _looks(office, reference)
    assert _looks(office, reference).row is not None
    assert len(told(office)) == before + 1, "what was not shown is not on record"
