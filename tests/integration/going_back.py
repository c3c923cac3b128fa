"""A backup from before an erasure, restored, and offices that find it with a place away."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql
from redis import Redis

from services.api.app import create_api
from services.privacy.places import Places
from services.store.sameness import Sameness
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.integration.restoring import restore
from tests.services.api.calling import Caller
from tests.services.asking import OFFICER


@contextmanager
def restored(office: Office, file: Path, into: TestDatabase) -> Iterator[Office]:
    """Yield an office on the restored backup, beside the same folder and the same Redis."""
    restore(file, into.admin_url)
    told = replace(office.settings, database_url=into.app_url, owner_database_url=into.owner_url)
    with closing(open_office(told)) as opened:
        yield opened


def key_is_there(database: TestDatabase, reference: str) -> bool:
    with psycopg.connect(database.owner_url) as owner:
        query = "SELECT wrapped IS NOT NULL FROM case_keys WHERE reference = %s"
        row = owner.execute(query, (reference,)).fetchone()
    assert row is not None
    return bool(row[0])


def without_redis(office: Office) -> Office:
    settings = office.settings
    return replace(office, erasures=Places(settings.fence_folder, None, settings.blind_index_key))


def redis_away(office: Office) -> Office:
    """Return the office of a process of its own, for which Redis is not up."""
    settings = office.settings
    nobody = Redis(port=1, socket_connect_timeout=1)
    places = Places(settings.fence_folder, nobody, settings.blind_index_key)
    return replace(office, erasures=places, same=Sameness())


def asks_for(office: Office, marked: m.Marked) -> tuple[int, set[str]]:
    """Return how an officer who asks for the case is answered, and what is told of its person."""
    api = create_api(office)
    token = Caller(app=api, office=office).token(OFFICER.name)
    answer = api.test_client().get(f"/api/v1/cases/{marked.reference}", headers=token)
    return answer.status_code, m.told(answer.data)


def emptied(database: TestDatabase) -> None:
    """The database was dropped beneath everybody, and an empty one has its name."""
    server = psycopg.conninfo.make_conninfo(database.admin_url, dbname="postgres")
    name = sql.Identifier(database.name)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER qmas_owner").format(name))


def altered(database: TestDatabase, reference: str) -> None:
    """Somebody who may do anything altered what was filed, so that it does not open."""
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE events DISABLE TRIGGER ALL")
        admin.execute(
            """UPDATE events SET body = replace(body::text, '"sealed":"', '"sealed":"AAAA')::json"""
            " WHERE stream = %s AND version = 1",
            (f"case-{reference}",),
        )
        admin.execute("ALTER TABLE events ENABLE TRIGGER ALL")
