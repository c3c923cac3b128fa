"""Sessions on the server: what a browser and the table hold, and how each of them ends."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from domain.access import Person, Role
from services.cli.sessions import sessions as command
from services.identity.rows import Row, Rows
from services.identity.sessions import IDLE, LONGEST, SEEN_EVERY, Sessions
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.services.issuing import Issuer, provided
from tests.services.visiting import Visitor, file_case, later, signed_in

CHAN = Person(name="officer.chan", role=Role.OFFICER)
LEE = Person(name="officer.lee", role=Role.OFFICER)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Overheard(Rows):
    """The same tables, with what they were asked."""

    rows: Rows
    asked: list[str]

    def ask(self, statement: str, given: tuple[Any, ...]) -> list[Row]:
        self.asked.append(statement.split(maxsplit=1)[0])
        return self.rows.ask(statement, given)


def test_a_browser_is_known_by_what_the_table_does_not_hold(
    office: Office, database: TestDatabase
) -> None:
    secret = office.sessions.open(CHAN, NOW)
    found = office.sessions.read(secret, NOW)
    assert found is not None
    assert (found.person, found.since) == (CHAN, NOW)
    with psycopg.connect(database.admin_url) as connection:
        (row,) = connection.execute("SELECT sessions::text, secret FROM sessions").fetchall()
    assert secret not in row[0]
    assert office.sessions.read(row[1].hex(), NOW) is None
    assert office.sessions.read("", NOW) is None


def test_the_cookie_names_nobody(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    with visitor.client.session_transaction() as kept:
        assert "officer" not in str(dict(kept))


def test_the_cookie_tells_of_what_was_done_without_the_case(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "officer.chan")
    form = visitor.get("/staff/work").form("/staff/work/next")
    answer = visitor.client.post("/staff/work/next", data=form)
    assert answer.headers["Location"] == f"/staff/cases/{reference}"
    with visitor.client.session_transaction() as kept:
        assert "is yours" in str(dict(kept))
        assert reference not in str(dict(kept))


@pytest.mark.parametrize(("longest", "uses"), [(IDLE, 0), (LONGEST, 40)])
def test_a_session_ends_to_the_second(office: Office, longest: timedelta, uses: int) -> None:
    secret = office.sessions.open(CHAN, NOW)
    for use in range(1, uses + 1):
        assert office.sessions.read(secret, NOW + use * LONGEST / (uses + 1))
    assert office.sessions.read(secret, NOW + longest)
    other = office.sessions.open(CHAN, NOW)
    assert office.sessions.read(other, NOW + longest + SECOND) is None


def test_reading_is_one_statement_and_use_is_written_once_a_minute(office: Office) -> None:
    overheard = Overheard(office.doors, [])
    kept = Sessions(overheard, "local")
    secret = kept.open(CHAN, NOW)
    overheard.asked.clear()
    for passed in (0, 1, 59, 60, 61, 119, 120):
        assert kept.read(secret, NOW + passed * SECOND)
    assert overheard.asked == ["SELECT"] * 4 + ["UPDATE"] + ["SELECT"] * 3 + ["UPDATE"]
    found = kept.read(secret, NOW + 130 * SECOND)
    assert found is not None
    assert found.seen == NOW + 2 * SEEN_EVERY


def test_a_clock_that_is_behind_takes_no_use_back(office: Office) -> None:
    secret = office.sessions.open(CHAN, NOW)
    assert office.sessions.read(secret, NOW + 5 * SEEN_EVERY)
    assert office.sessions.read(secret, NOW)
    found = office.sessions.read(secret, NOW + 5 * SEEN_EVERY)
    assert found is not None
    assert found.seen == NOW + 5 * SEEN_EVERY


def test_a_session_counts_only_where_its_person_is_known(office: Office) -> None:
    secret = office.sessions.open(CHAN, NOW)
    provided = Sessions(office.doors, "https://issuer.example")
    assert provided.read(secret, NOW) is None
    assert provided.listed(NOW) == ()
    assert office.sessions.read(secret, NOW)


def test_one_ends_and_the_others_go_on_or_all_end_at_once(office: Office) -> None:
    first, second, other = (office.sessions.open(each, NOW) for each in (CHAN, CHAN, LEE))
    listed = office.sessions.listed(NOW, CHAN.name)
    assert [each.person for each in listed] == [CHAN, CHAN]
    assert len(office.sessions.listed(NOW)) == 3
    read = office.sessions.read(second, NOW)
    assert read is not None
    number = str(read.number)
    for by, given in (
        (LEE, number),
        (CHAN, "9" * 40),
        (CHAN, "-1"),
        (CHAN, "1; DROP"),
        (CHAN, "²"),
    ):
        assert office.sessions.end(by.name, by.name, NOW, given) == 0
    assert office.sessions.end(CHAN.name, CHAN.name, NOW, number) == 1
    assert office.sessions.end(CHAN.name, CHAN.name, NOW, number) == 0
    assert office.sessions.read(second, NOW) is None
    assert office.sessions.read(first, NOW)
    assert office.sessions.end(CHAN.name, "cli.root", NOW) == 1
    assert office.sessions.read(first, NOW) is None
    assert office.sessions.read(other, NOW)


def test_sessions_of_long_ago_are_forgotten(office: Office, database: TestDatabase) -> None:
    office.sessions.open(CHAN, NOW)
    last = office.sessions.open(CHAN, NOW + timedelta(days=31))
    for _ in range(2):  # none goes that may be open still, whatever the schedule says
        office.sessions.forget(NOW + timedelta(days=40), NOW + timedelta(days=31))
    assert office.sessions.read(last, NOW + timedelta(days=31)) is not None
    with psycopg.connect(database.admin_url) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


def test_of_a_session_nothing_but_its_use_and_its_end_can_be_changed(
    office: Office, database: TestDatabase
) -> None:
    office.sessions.open(CHAN, NOW)
    with psycopg.connect(database.app_url) as connection:
        for column in ("account", "role", "issuer", "secret", "since"):
            same = sql.SQL("UPDATE sessions SET {0} = {0}").format(sql.Identifier(column))
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(same)


def test_somebody_signs_out_everywhere_from_another_browser(office: Office) -> None:
    first, second = (signed_in(office, "officer.chan") for _ in range(2))
    stranger = signed_in(office, "officer.lee")
    page = second.get("/staff/sessions")
    assert page.heading == "Where you are signed in"
    assert "2 browsers" in page.text
    assert second.post("/staff/sessions/end", page.form("/sign-out")).path.startswith(
        "/staff/sign-in?left"
    )
    for visitor in (first, second):
        assert visitor.get("/staff").path.startswith("/staff/sign-in")
    assert stranger.get("/staff").path == "/staff"


def test_somebody_signs_out_in_one_other_browser(office: Office) -> None:
    first, second = (signed_in(office, "auditor.ho", "audit") for _ in range(2))
    page = second.get("/staff/sessions")
    (theirs,) = [
        each.given["value"]
        for form in page.root.all("form", action="/staff/sessions/end")
        for each in form.all("input")
        if each.given["name"] == "number"
    ]
    form = {**page.form("/sign-out"), "number": theirs}
    page = second.post("/staff/sessions/end", form)
    assert "You are signed out there." in page.text
    assert "1 browser," in page.text
    assert first.get("/audit").path.startswith("/audit/sign-in")
    assert "not signed in there any more" in second.post("/staff/sessions/end", form).text


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(office: Office) -> None:
    visitor, thief = signed_in(office, "officer.chan"), Visitor(office)
    stolen = visitor.client.get_cookie("qmas")
    assert stolen is not None
    thief.client.set_cookie("qmas", stolen.value)
    assert thief.get("/staff").path == "/staff"
    visitor.send(visitor.get("/staff"), "/sign-out")
    assert thief.get("/staff").path.startswith("/staff/sign-in")


def test_signing_in_again_ends_the_session_before(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    visitor.sign_in(visitor.get("/staff/sign-in"), "supervisor.wong", "/staff/sign-in")
    listed = office.sessions.listed(office.clock())
    assert [each.person.name for each in listed] == ["supervisor.wong"]


def test_whoever_may_see_no_case_still_sees_where_they_are_signed_in(office: Office) -> None:
    visitor = Visitor(office)
    page = visitor.sign_in(visitor.get("/staff/sign-in"), "admin.ng", "/staff/sign-in")
    assert (page.status, page.path) == (200, "/staff/sessions")


def test_an_administrator_signs_somebody_out(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    assert "officer.chan  officer  since" in _qmas(office, "list", "officer.chan").output
    assert _qmas(office, "list", "officer.lee").output == "officer.lee is not signed in\n"
    said = _qmas(office, "end", "officer.chan").output
    assert said == "officer.chan was signed in 1 times, and is signed out everywhere\n"
    assert visitor.get("/staff").path.startswith("/staff/sign-in")
    assert _qmas(office, "list").output == "nobody is signed in\n"


def test_an_administrator_signs_somebody_out_however_their_name_was_recorded(
    office: Office,
) -> None:
    told = provided(
        office.settings, Issuer("http://127.0.0.1:9"), QMAS_OIDC_ACCOUNT="preferred_username"
    )
    opened = open_office(told)
    for name in ("Chan", "chan", "CHAN", "lee"):
        opened.sessions.open(Person(name=name, role=Role.OFFICER), opened.clock())
    assert len(_qmas(opened, "list", "Chan").output.splitlines()) == 3
    said = _qmas(opened, "end", "Chan").output
    assert said == "chan was signed in 3 times, and is signed out everywhere\n"
    assert [each.person.name for each in opened.sessions.listed(opened.clock())] == ["lee"]
    assert _qmas(opened, "list", "chan").output == "chan is not signed in\n"
    opened.close()


def test_a_session_that_ended_by_itself_is_not_listed(office: Office) -> None:
    signed_in(office, "officer.chan")
    gone = later(office, IDLE + SECOND)
    assert gone.sessions.listed(gone.clock()) == ()
    assert gone.sessions.end("officer.chan", "cli.root", gone.clock()) == 0


def test_a_database_that_is_away_lets_nobody_in(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    nowhere = Rows.connect("postgresql://somebody:secret@127.0.0.1:1/nowhere")
    visitor.reopen(replace(office, sessions=Sessions(nowhere, "local")))
    assert visitor.get("/staff").status == 503


def _qmas(office: Office, *words: str) -> Result:
    return CliRunner(env=office.settings.child_environ()).invoke(command, words)
