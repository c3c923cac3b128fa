"""The list of those who see fewer cases holds no more of each of them than its own page shows."""

from dataclasses import replace

from domain.access import Person, Role
from domain.events import ApplicationSubmitted
from domain.looks import What
from domain.stages import Shortlisted
from services.projections import queries, runner
from services.projections.queries import CaseFilter
from tests.conftest import TestDatabase
from tests.domain.histories import HISTORIES
from tests.services.asking import OFFICER
from tests.services.casebook import Casebook, history, reference
from tests.services.seeing import looking

MEMBER = Person(name="panel.cheung", role=Role.PANEL)


def test_it_names_no_other_case_of_the_person(database: TestDatabase) -> None:
    book = Casebook.opened(database.app_url, database.owner_url)
    first, *others = history(1, HISTORIES[Shortlisted])
    assert isinstance(first, ApplicationSubmitted)
    book.write(f"case-{reference(1)}", (replace(first, refiles=reference(2)), *others))
    runner.catch_up_all(book.store, book.models)
    for person, told in ((MEMBER, None), (OFFICER, reference(2))):
        look = looking(What.LIST, person)
        (row,) = queries.case_list(book.models, look, CaseFilter()).rows
        assert (row.reference, row.refiles) == (reference(1), told), person
    book.close()
