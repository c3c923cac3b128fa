"""After an erasure nothing of the person is left: in no table, file, log, message that waits."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain import work_commands as w
from domain.looks import What
from services import statistics, work
from services.api.app import create_api
from services.cli.main import qmas as root
from services.notifications import undelivered
from services.notifications.calling import call
from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.pokes import redis_of
from services.privacy import receipt as receipts
from services.privacy.kept import streams_of
from services.projections.rebuilding import Site, change_over, rebuild
from services.projections.runner import PROJECTIONS, catch_up_all
from services.settings import Settings
from services.stack.redis import RedisServer
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.integration.mailing import MailServer, an_office, expire_leases, settings
from tests.integration.receiving import Receiver
from tests.services.api.calling import V1, Caller
from tests.services.asking import AUDITOR, OFFICER, asked
from tests.services.coming_in import ask_for_code, come_in
from tests.services.seeing import looking
from tests.services.visiting import Visitor, signed_in


@pytest.fixture
def told(
    database: TestDatabase, redis_server: RedisServer, tmp_path: Path, mail: MailServer
) -> Settings:
    made = settings(database.app_url, redis_server.broker_url, tmp_path / "home", mail=mail.url)
    return replace(
        made,
        owner_database_url=database.owner_url,
        webhooks=replace(made.webhooks, inside=True, prefix="org.example"),
    )


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


NO_SUCH_USER = f"{m.STEM}99999"
"""What a mail server says of an address, which is nobody's business but its own."""


def work_through(office: Office) -> None:
    """Whatever workers do is done: rows, figures, letters, calls."""
    catch_up_all(office.store, office.models)
    statistics.count(office)
    plan(office)
    deliver(office)
    call(office)


def search(office: Office, marked: m.Marked) -> None:
    """Staff look for the person by name, and the person for the case by the day of birth."""
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get("/staff")
    found = visitor.send(page, "/staff/search", sought=marked.corrected.applicant.family_name)
    assert marked.reference in found.text
    come_in(Visitor(office), marked.reference, m.BORN)
    ask_for_code(Visitor(office), marked.reference, m.BORN)


def type_where_no_name_belongs(office: Office, marked: m.Marked) -> None:
    """The person's name is typed where an exercise, an account or a reference is asked for."""
    who = marked.corrected.applicant
    api = create_api(office)
    by = Caller(app=api, office=office)
    auditor = signed_in(office, AUDITOR.name, "audit")
    settings = office.settings
    environ = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    for typed in (who.family_name, who.family_name.lower(), f"{who.given_names} {who.family_name}"):
        for path, field in (("/cases", "exercise"), ("/reads", "who"), ("/reads", "case")):
            api.test_client().get(
                f"{V1}{path}", query_string={field: typed}, headers=by.token(AUDITOR.name)
            )
        for path, field in (
            ("/staff", "exercise"), ("/audit/reads", "who"), ("/audit/reads", "case"),
        ):  # fmt: skip
            auditor.client.get(path, query_string={field: typed})
        for command in (
            ("work", "list", "--of"),
            ("audit", "reads", "--who"),
            ("notifications", "list", "--case"),
        ):
            CliRunner(env=environ).invoke(root, [*command, typed])


def post_one(office: Office, reference: str) -> None:
    """A letter that was given up was printed and sent by post."""
    letter, *_ = undelivered.of_case(office.ledger, reference)
    command = w.RecordPosting(letter=letter)
    work.carry_out(office, reference, command, asked(at=None))


def secrets_left(database: TestDatabase, office: Office) -> dict[str, bytes]:
    """Return every key that the master key opens, by whose it is."""
    with psycopg.connect(database.owner_url) as owner:
        wrapped = owner.execute(
            "SELECT reference, wrapped FROM case_keys WHERE wrapped IS NOT NULL"
            " UNION ALL SELECT 'webhook ' || id, wrapped FROM webhook_subscriptions"
        ).fetchall()
    master = AESGCM(office.settings.master_key)
    return {
        name: master.decrypt(each[9:21], each[21:], name.encode()) for name, each in wrapped
    } | {"master": office.settings.master_key, "index": office.settings.blind_index_key}


def fingerprints(database: TestDatabase, reference: str) -> set[bytes]:
    """Return what tells each command on a case from another under its id, under a key of ours."""
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT fingerprint FROM commits JOIN events USING (commit_id) WHERE stream = ANY (%s)",
            (list(streams_of(reference)),),
        ).fetchall()
    return {bytes(each) for (each,) in rows}


def files(*folders: Path) -> bytes:
    """Return all that stands in the files below, and what they are called."""
    found = [each for folder in folders for each in sorted(folder.rglob("*")) if each.is_file()]
    return b"\n".join(os.fsencode(each) + b"\n" + each.read_bytes() for each in found)


def keyspace(office: Office) -> bytes:
    """Return all that Redis holds."""
    redis = redis_of(office.settings.broker_url)
    assert redis is not None
    with closing(redis):
        return m.keyspace(redis)


@pytest.fixture
def proposed(
    office: Office, database: TestDatabase, mail: MailServer, receiver: Receiver
) -> m.Marked:
    """A case full of words, worked through, of which the erasure is proposed.

    One letter was given up and posted, one waits for a server that is away; each read model has a
    generation beside the live one.
    """
    m.begin()
    office.subscriptions.add(receiver.url, ("application-corrected", "erasure-decided"), "test")
    marked = m.file_marked(office)
    site = Site(store=office.store, models=office.models, settings=office.settings)
    rebuild(site, tuple(PROJECTIONS))
    for name in PROJECTIONS:
        change_over(site, name)
    work_through(office)
    mail.to_recipient.extend([f"550 5.1.1 no such user <{NO_SUCH_USER}>"] * 2)
    m.fill(office, marked)
    work_through(office)
    expire_leases(database.owner_url)
    work_through(office)
    search(office, marked)
    type_where_no_name_belongs(office, marked)
    post_one(office, marked.reference)
    m.propose(office, marked.reference)
    mail.stop()
    work_through(office)
    return marked


def test_an_erasure_leaves_nothing_of_the_person_anywhere(
    office: Office,
    database: TestDatabase,
    receiver: Receiver,
    proposed: m.Marked,
    capfd: pytest.CaptureFixture[str],
) -> None:
    typed = m.made() | m.SHARED
    other = m.file_marked(office)
    wanted, shared = m.tokens(office, proposed), m.tokens(office, other)
    before = m.dumped(database.owner_url)
    # The search finds what there is: every word that came in, to who has the key; every token.
    words = m.told_under([secrets_left(database, office)[proposed.reference]], before)
    assert words == typed
    assert m.kept_tokens(wanted, before)
    assert m.told_anywhere(before) == set()
    guessable = fingerprints(database, proposed.reference)
    assert m.kept_tokens(guessable, before) == guessable

    m.confirm(office, proposed.reference)
    made = receipts.receipt(office, looking(), proposed.reference)
    # The tokens went with the key, in the generation beside as well, and wait for no fold.
    assert m.kept_tokens(wanted - shared, m.dumped(database.owner_url)) == set()
    work_through(office)
    assert list(receipts.differences(office, looking(What.PROOF), made)) == []
    after = m.dumped(database.owner_url)
    left = secrets_left(database, office)
    assert proposed.reference not in left
    assert m.told_under([left.pop(other.reference)], after) & words <= m.SHARED
    assert m.told_under(left.values(), after) == m.told_anywhere(after) == set()
    assert m.kept_tokens((wanted - shared) | guessable, after) == set()

    for place in (
        keyspace(office),
        files(office.settings.home, office.settings.fence_folder),
        "".join(capfd.readouterr()).encode(),
        b"".join(each.body for each in receiver.arrivals),
    ):
        assert m.told_anywhere(place) & (words | {NO_SUCH_USER.lower()}) == set()
        assert m.kept_tokens(wanted, place) == set()
