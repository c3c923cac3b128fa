"""What is kept for longer than its schedule says is told, and nothing is done about it."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from domain import commands as c
from domain import legal_holds as h
from domain.days import hong_kong_date
from domain.errors import DayImpossible
from domain.looks import What
from domain.rules.choose import NoRule
from domain.rules.retention import OF_CASES, RecordClass
from services import enquiries
from services.api.app import create_api
from services.cases import carry_out
from services.cli.privacy import privacy
from services.looking import case_seen
from services.notifications import codes
from services.notifications.planning import plan
from services.privacy.retention import due_cases, schedule
from services.projections.errors import BadCursor
from services.projections.runner import catch_up_all
from services.settings import Settings
from services.store import migrate
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services import seeing
from tests.services.api.calling import AUDITOR, OFFICER, SUPERVISOR, V1, Caller, is_problem
from tests.services.asking import SECOND, asked
from tests.services.erasing import erase
from tests.services.test_data_access import environment
from tests.services.visiting import file_case, later, signed_in

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
WITHDRAWN = RecordClass.WITHDRAWN
OWN = (RecordClass.SESSIONS, RecordClass.CODES)
"""What the program deletes by itself."""
LOOK = seeing.looking(What.LIST)
OVER = date(2020, 5, 1)
"""Twelve months after the cases here were withdrawn."""


@pytest.fixture
def withdrawn(office: Office) -> dict[str, str]:
    """Cases that were withdrawn on one day: one plain, one under a legal hold, one erased."""
    made = {}
    for name, template in (("plain", "john"), ("held", "emma"), ("erased", "jackie")):
        made[name] = file_case(office, template)
        carry_out(office, made[name], c.WithdrawApplication(), asked())
    place = h.PlaceLegalHold(authority=h.Authority.COURT, reason="Case 3")
    carry_out(office, made["held"], place, asked(at=None))
    erase(office.store, made["erased"])
    catch_up_all(office.store, office.models)
    return made


def line(office: Office, record: RecordClass, on: date | None = None) -> tuple[int, int, int]:
    found = next(each for each in schedule(office, LOOK, on).classes if each.record is record)
    return found.due, found.held, found.not_due


def listed(office: Office, on: date | None = None, **more: Any) -> list[tuple[str, bool]]:
    found = due_cases(office, LOOK, WITHDRAWN, on=on, **more)
    return [(each.reference, each.held) for each in found.cases]


def test_a_case_is_due_on_the_day_on_which_its_time_is_over(
    office: Office, withdrawn: dict[str, str]
) -> None:
    assert line(office, WITHDRAWN, OVER - timedelta(days=1)) == (0, 0, 2)
    assert listed(office, OVER - timedelta(days=1)) == []
    assert line(office, WITHDRAWN, OVER) == (1, 1, 0)
    found = due_cases(office, LOOK, WITHDRAWN, on=OVER)
    assert {each.over_on for each in found.cases} == {OVER}


def test_what_a_legal_hold_keeps_is_told_apart_until_it_is_lifted(
    office: Office, withdrawn: dict[str, str]
) -> None:
    both = sorted([(withdrawn["plain"], False), (withdrawn["held"], True)])
    assert sorted(listed(office, OVER)) == both
    lift = h.LiftLegalHold(hold=1, reason="Decided")
    carry_out(office, withdrawn["held"], lift, asked(SECOND, at=None))
    assert line(office, WITHDRAWN, OVER) == (2, 0, 0)
    again = h.PlaceLegalHold(authority=h.Authority.AUDIT, reason="Sample")
    carry_out(office, withdrawn["held"], again, asked(at=None))
    assert line(office, WITHDRAWN, OVER) == (1, 1, 0)


def test_who_was_erased_is_not_among_them_and_nobody_is_by_being_listed(
    office: Office, withdrawn: dict[str, str]
) -> None:
    before = office.store.sequence()
    assert withdrawn["erased"] not in dict(listed(office, OVER))
    schedule(office, LOOK)
    assert office.store.sequence() == before
    assert office.store.readable((withdrawn["plain"],)) == (withdrawn["plain"],)


def test_a_list_goes_on_where_its_last_page_ended(
    office: Office, withdrawn: dict[str, str]
) -> None:
    first = due_cases(office, LOOK, WITHDRAWN, on=OVER, limit=1)
    assert first.next is not None
    second = due_cases(office, LOOK, WITHDRAWN, on=OVER, limit=1, after=first.next)
    assert second.next is None
    names = [first.cases[0].reference, second.cases[0].reference]
    assert names == sorted(withdrawn[each] for each in ("plain", "held"))
    for wrong in ("x", "2019-05-01T00:00:00Z~QM-1", f"2019-05-01~{names[0]}"):
        with pytest.raises(BadCursor):
            due_cases(office, LOOK, WITHDRAWN, on=OVER, after=wrong)


def test_the_cases_of_a_list_are_on_record_as_looked_at(
    office: Office, withdrawn: dict[str, str]
) -> None:
    before = len(seeing.told(office))
    listed(office, OVER, limit=1)
    (*_, cases) = seeing.told(office)[before]
    assert len(cases) == 1


def test_every_class_of_cases_finds_those_of_its_stage(
    office: Office, database: TestDatabase
) -> None:
    reference = file_case(office, "john")
    before = {record: line(office, record) for record in OF_CASES}
    assert set(before.values()) == {(0, 0, 0)}
    stages = {
        "refused": "refused",
        "withdrawn": "withdrawn",
        "closed": "no-further-action",
        "approved": "right-of-abode",
        "voided": "visa-voided",
        "never-completed": "fee-awaited",
    }
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for record, stage in stages.items():
            owner.execute("UPDATE case_list SET stage = %s", (stage,))
            assert line(office, RecordClass(record))[0] == 1, (record, reference)


def test_what_is_no_case_counts_by_its_own_instant(
    office: Office, withdrawn: dict[str, str]
) -> None:
    del withdrawn
    plan(office)
    office.codes.ask(
        codes.Asked(
            reference="QM-4K7RT-9XWPR",
            born=date(1980, 1, 1),
            asker=b"x",
            browser=None,
        ),
        office.clock(),
    )
    signed_in(office, "officer.chan")
    today = hong_kong_date(office.clock())
    for record, period in (
        (RecordClass.LOOKS, timedelta(days=366 * 7)),
        (RecordClass.SESSIONS, timedelta(days=30)),
        (RecordClass.CODES, timedelta(days=1)),
    ):
        due, held, not_due = line(office, record, today)
        assert (due, held, not_due > 0) == (0, 0, True), record
        due, held, not_due = line(office, record, today + period)
        assert (due > 0, held, not_due) == (True, 0, 0), record
    assert line(office, RecordClass.LETTERS, today) == (0, 0, 0)  # none is settled yet


def test_old_looks_are_taken_away_as_the_page_says(office: Office, database: TestDatabase) -> None:
    page = (HOW_TO / "keep-data-no-longer.md").read_text("utf-8")
    _, _, block = page.partition("```sql\n")
    taking = block.partition("```")[0]
    reference = file_case(office)
    case_seen(office, seeing.looking(stated="A call"), reference)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(taking)
        assert [each["cases"] for each in seeing.recorded(office)] == [[reference]]
        owner.execute(taking.replace("2019-01-01", "2999-01-01"))
        kept = "SELECT FROM read_purposes UNION ALL SELECT FROM read_words"
        assert owner.execute(kept).fetchall() == []
        assert seeing.recorded(office) == []
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute("DELETE FROM reads")
    assert migrate.unguarded(office.settings.database_url) == ()


def scheduled(office: Office, days: int) -> Office:
    """Return the office where sessions and codes are kept for so many days."""
    rows = (
        replace(each, months=0, days=days)
        if each.record in {RecordClass.SESSIONS, RecordClass.CODES}
        else each
        for each in office.rulebook.retention
    )
    return replace(office, rulebook=replace(office.rulebook, retention=tuple(rows)))


@pytest.mark.parametrize("days", [2, 45])
def test_the_program_deletes_by_itself_when_the_schedule_says(
    office: Office, database: TestDatabase, days: int
) -> None:
    asked_for = codes.Asked(
        reference="QM-4K7RT-9XWPR", born=date(1980, 1, 1), asker=b"x", browser=None
    )

    def left() -> tuple[Any, ...]:
        with psycopg.connect(database.owner_url) as owner:
            return (
                owner.execute(
                    "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM enquiry_codes)"
                ).fetchone()
                or ()
            )

    signed_in(office, "officer.chan")
    office.codes.ask(asked_for, office.clock())
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("UPDATE enquiry_codes SET state = 'allowed', allowed_at = asked_at")
    # Kept to the last day of its time, and gone on the next, which is the day it is told as due.
    for passed, sessions_left, codes_left in ((days - 1, 2, 1), (days, 2, 0)):
        then = scheduled(later(office, timedelta(days=passed)), days)
        due = {record: line(then, record, hong_kong_date(then.clock()))[0] for record in OWN}
        assert set(due.values()) == {int(passed == days)}
        assert enquiries.tidy(then) == due[RecordClass.CODES]
        signed_in(then, "officer.chan")
        assert left() == (sessions_left, codes_left)


def test_a_day_that_no_calendar_or_schedule_has_is_refused_in_words(office: Office) -> None:
    with pytest.raises(DayImpossible, match="name a nearer day"):
        schedule(office, LOOK, date(9999, 12, 31))
    with pytest.raises(NoRule, match="27 June 2006"):
        schedule(office, LOOK, date(2006, 6, 27))


def test_a_million_cases_are_asked_for_by_their_indexes(
    office: Office, database: TestDatabase
) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("SET enable_seqscan = off")
        held = owner.execute(
            "EXPLAIN SELECT stream FROM events WHERE type = 'legal-hold-placed'"
        ).fetchall()
        letters = owner.execute(
            "EXPLAIN SELECT 1 FROM notifications WHERE sealed IS NOT NULL AND settled_at < now()"
        ).fetchall()
    assert "events_legal_holds" in str(held)
    assert "notifications_settled" in str(letters)


def retention_told(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(privacy, ["retention", *words], env=environment(settings))


def test_the_terminal_says_what_is_due_and_what_can_be_done(
    office: Office, settings: Settings, withdrawn: dict[str, str]
) -> None:
    said = retention_told(settings, "--on", "2020-05-01")
    assert said.exit_code == 0, said.output
    part = said.output.partition("withdrawn: ")[2].partition("closed: ")[0].splitlines()
    assert part[0] == "12 months from its end (local policy)"
    assert part[1] == ("  due 1, which began by 2019-05-01, 1 kept by a legal hold; not due 0")
    assert f"    {withdrawn['plain']} since 2019-05-01, over on 2020-05-01" in part
    assert (
        f"    {withdrawn['held']} since 2019-05-01, over on 2020-05-01, kept by a legal hold"
        in part
    )
    assert "qmas command propose-erasure REFERENCE" in part[-1]

    alone = retention_told(settings, "--on", "2020-05-01", "--record", "withdrawn", "--limit", "1")
    assert "refused" not in alone.output
    cursor = alone.output.rpartition("--after ")[2].split()[0]
    rest = retention_told(
        settings, "--on", "2020-05-01", "--record", "withdrawn", "--after", cursor, "--json"
    )
    (told,) = json.loads(rest.output)["classes"]
    assert (told["due"], told["held"], len(told["cases"]), told["next"]) == (1, 1, 1, None)
    assert retention_told(settings, "--after", cursor).exit_code == 2


def test_the_api_tells_it_to_those_who_may(office: Office, withdrawn: dict[str, str]) -> None:
    caller = Caller(app=create_api(office), office=office)
    path = f"{V1}/retention"
    found = caller.call("GET", f"{path}?on=2020-05-01", by=AUDITOR)
    told = {each["record"]: each for each in found.json["classes"]}
    assert (told["withdrawn"]["due"], told["withdrawn"]["held"]) == (1, 1)
    assert told["withdrawn"]["authority"] == "local-policy"
    cases = f"{path}/cases?record=withdrawn&on=2020-05-01&limit=1"
    page = caller.call("GET", cases, by=SUPERVISOR).json
    after = caller.call("GET", f"{cases}&after={page['next']}", by=SUPERVISOR).json
    both = {each["reference"] for each in (*page["cases"], *after["cases"])}
    assert both == {withdrawn["plain"], withdrawn["held"]}
    assert is_problem(caller.call("GET", path, by=OFFICER), 403, "forbidden")
    looks = caller.call("GET", f"{path}/cases?record=looks", by=AUDITOR)
    assert is_problem(looks, 422, "invalid-request")
    wrong = caller.call("GET", f"{cases}&after=x", by=AUDITOR)
    assert is_problem(wrong, 422, "invalid-request")


def test_the_page_shows_it_to_those_who_may(office: Office, withdrawn: dict[str, str]) -> None:
    visitor = signed_in(office, SUPERVISOR)
    page = visitor.get("/staff/retention?on=2020-05-01&record=withdrawn")
    assert "Refused cases" in page.text
    headings = [each.text for each in page.root.all("th", scope="col")]
    assert headings[:2] == ["Records", "Due"]  # before what a narrow screen has no room for
    assert withdrawn["plain"] in page.text
    assert "keeps it" in page.text
    assert withdrawn["erased"] not in page.text
    assert visitor.get("/staff/retention").status == 200
    wrong = visitor.get("/staff/retention?on=1+May")
    assert (wrong.status, wrong.problems) == (422, ["As of: Enter a date such as 2019-05-01"])
    early = visitor.get("/staff/retention?on=1999-01-01")
    assert (early.status, "is loaded for 1 January 1999" in early.problems[0]) == (422, True)
    assert visitor.get("/staff/retention?record=withdrawn&after=x").status == 400
    assert signed_in(office, OFFICER).get("/staff/retention").status == 403
