"""What was searched for goes with the person, also where the search was still under way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, literal, make_url, select

from domain.looks import What
from services.projections.queries import name_tokens
from services.projections.runner import catch_up_all
from services.store.noting import noted, shown
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.migrations.schema import bring_to
from tests.services.asking import filed_by
from tests.services.erasing import erase
from tests.services.seeing import looking
from tests.services.test_projection_changes import await_one_who_waits
from tests.services.visiting import file_case

BEFORE = "0044"


@pytest.fixture
def engine(database: TestDatabase) -> Iterator[Engine]:
    made = create_engine(make_url(database.app_url).set(drivername="postgresql+psycopg"))
    yield made
    made.dispose()


def kept(database: TestDatabase) -> list[int]:
    with psycopg.connect(database.owner_url) as owner:
        found = owner.execute("SELECT read_id FROM read_words ORDER BY read_id").fetchall()
    return [number for (number,) in found]


def test_a_search_under_way_while_people_are_erased_keeps_nothing_of_them(
    office: Office, database: TestDatabase, engine: Engine
) -> None:
    people = {name: file_case(office, name) for name in ("john", "emma")}
    catch_up_all(office.store, office.models)
    with engine.connect() as connection, ThreadPoolExecutor(2) as threads:
        for name, reference in people.items():
            query = select(literal(reference).label("reference"))
            tokens = name_tokens(office.models, filed_by(name).applicant.family_name)
            connection.execute(noted(query, looking(What.SEARCH), shown(), tokens=tokens)).all()
        erased = [threads.submit(erase, office.store, each) for each in people.values()]
        await_one_who_waits(database.admin_url)
        connection.commit()
        for each in erased:
            each.result()
    assert kept(database) == []


def test_the_migration_takes_what_searches_for_people_erased_before_had_left(
    empty_database: TestDatabase,
) -> None:
    bring_to(empty_database, BEFORE)
    with psycopg.connect(empty_database.owner_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO case_keys (reference, wrapped, erased_at)"
            " VALUES ('QM-1', NULL, now()), ('QM-2', repeat('k', 60)::bytea, NULL)"
        )
        for number, cases in enumerate((["QM-1"], ["QM-2"], ["QM-2", "QM-1"], []), start=1):
            owner.execute(
                "INSERT INTO reads (who, role, purpose, what, door, correlation_id, cases)"
                " VALUES ('officer.chan', 'officer', 'casework', 'search', 'page', '', %s)",
                (cases,),
            )
            owner.execute("INSERT INTO read_words VALUES (%s, '{abc}')", (number,))
    bring_to(empty_database, "head")
    assert kept(empty_database) == [2, 4]
