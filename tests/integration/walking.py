"""A whole office on one database, with something to see behind every door, and its addresses."""

import re
from dataclasses import dataclass

import psycopg
from flask import Flask
from werkzeug.routing import Rule

from domain import commands as c
from domain.access import Person, Role
from domain.papers import CheckDocument, CheckOutcome, DocumentKind
from domain.references import parse_reference
from domain.work_commands import AddNote, TakeCase
from services import work
from services.cases import carry_out
from services.documents.receiving import Upload, receive
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import SECOND, asked, filed_by
from tests.services.sample_files import pdf
from tests.services.seeing import explained
from tests.services.test_pages_exercises import open_one, run
from tests.services.test_pages_letters import to_print
from tests.services.visiting import TO_POOL, file_case, signed_in

EXERCISE = "2019-q2"
EXAMPLE = "QM-4K7RT-9XWPR"
EMMA_BORN = filed_by("emma").applicant.date_of_birth
_REFERENCE = re.compile(r"QM-[2-9A-Z]{5}-[2-9A-Z]{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """An office with something to see behind every door."""

    office: Office
    case: str
    other: str
    letter: int
    owner_url: str
    aside: str = ""
    """The case before the panel from which `panel.cheung` stepped aside, where there is one."""

    @property
    def environ(self) -> dict[str, str]:
        """Return the environment in which `qmas` is at work on this office."""
        settings = self.office.settings
        return {
            "QMAS_HOME": str(settings.home),
            "QMAS_DATABASE_URL": settings.database_url,
            "QMAS_BROKER_URL": settings.broker_url,
        }

    def parts(self, rule: Rule) -> dict[str, str]:
        """Return what the address of a rule takes, each as something that there is."""
        known = {
            "reference": self.case,
            "exercise": EXERCISE,
            "name": EXERCISE,
            "number": str(self.letter) if "letters" in rule.rule else "1",
            "code": "no-such-case",
            "ruleset": "gpt-2018",
        }
        return {name: known.get(name, "1") for name in rule.arguments}

    def looks(self) -> int:
        """Return the number of the last look on record."""
        return int(self._one("SELECT coalesce(max(read_id), 0) FROM reads"))

    def recorded(self, since: int) -> set[str]:
        """Return every case that was looked at since a look, in looks that were shown as well."""
        query = """
            SELECT coalesce(array_agg(DISTINCT each), '{}')
            FROM reads AS since JOIN reads AS told ON told.read_id = since.read_id
                OR told.read_id BETWEEN (since.filters #>> '{rows,0}')::bigint
                    AND (since.filters #>> '{rows,1}')::bigint
            CROSS JOIN unnest(told.cases) AS each
            WHERE since.read_id > %s
        """
        return {*self._one(query, since)}

    def _one(self, query: str, *given: int) -> object:
        with psycopg.connect(self.office.settings.database_url) as connection:
            row = connection.execute(query, given).fetchone()
        assert row is not None
        return row[0]


def with_everything(office: Office, owner_url: str) -> Walked:
    """Fill an office with what there is to see."""
    emma, jackie = (file_case(office, name, *TO_POOL) for name in ("emma", "jackie"))
    upload = Upload(kind=DocumentKind.WORK, name="work.pdf", content=pdf())
    receive(office, emma, upload, asked())
    work.carry_out(office, emma, TakeCase(), asked(at=None))
    work.carry_out(office, emma, AddNote(text="Looked at"), asked(at=None))
    catch_up_all(office.store, office.models)
    open_one(signed_in(office, "supervisor.wong"))
    printed, letter = to_print(office)
    catch_up_all(office.store, office.models)
    explained(office, emma, jackie, printed)
    return Walked(office=office, case=emma, other=jackie, letter=letter, owner_url=owner_url)


def with_cases_before_the_panel(office: Office, owner_url: str) -> Walked:
    """Put two cases before the panel, in whose past officers have a part, and leave one behind.

    From one of the two the panel's member steps aside.
    """
    emma, john = (file_case(office, name, *TO_POOL) for name in ("emma", "john"))
    jackie = file_case(office, "jackie", c.AcknowledgeApplication())
    upload = Upload(kind=DocumentKind.WORK, name="work.pdf", content=pdf())
    receive(office, emma, upload, asked())
    checked = CheckDocument(document=1, outcome=CheckOutcome.SUFFICIENT)
    carry_out(office, emma, checked, asked())
    carry_out(office, emma, c.RecuseOfficer(reason="We are related"), asked(SECOND))
    catch_up_all(office.store, office.models)
    supervisor = signed_in(office, "supervisor.wong")
    open_one(supervisor)
    catch_up_all(office.store, office.models)
    run(supervisor, "draw-shortlist")
    run(supervisor, "propose-selection")
    member = Person(name="panel.cheung", role=Role.PANEL)
    step_aside = c.RecuseOfficer(reason="We wrote a book together")
    carry_out(office, john, step_aside, asked(member, at=None))
    catch_up_all(office.store, office.models)
    explained(office, emma, john, jackie)
    return Walked(office=office, case=emma, other=jackie, letter=1, owner_url=owner_url, aside=john)


def references(text: str) -> set[str]:
    """Return every reference of a case in a text, without the one that hints have."""
    found = {each for each in _REFERENCE.findall(text) if parse_reference(each) == each}
    return found - {EXAMPLE}


def readings(app: Flask) -> list[Rule]:
    """Return every rule that is read, in order."""
    rules = (rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))
    return sorted(rules, key=lambda rule: rule.rule)


def address(walked: Walked, rule: Rule) -> str:
    """Return the address of a rule, of something that there is."""
    built = rule.build(walked.parts(rule), append_unknown=False)
    assert built is not None
    return built[1]
