"""A read model filled anew beside the live one: compared, changed over, and had back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from services.projections import comparing, queries, rebuilding, runner
from services.projections.catalogue import CASE_LIST
from services.projections.checkpoints import State, generations_of
from services.projections.errors import (
    NothingBeside,
    NotYetAbreast,
    OwnerUnknown,
    ProjectionOutdated,
)
from services.projections.verify import verify
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.casebook import Casebook, history, reference
from tests.services.erasing import erase
from tests.services.read_models import NAMES, differences, fill, rows


@pytest.fixture
def site(office: Office) -> rebuilding.Site:
    return rebuilding.Site(store=office.store, models=office.models, settings=office.settings)


@pytest.fixture
def owner(database: TestDatabase) -> str:
    return database.owner_url


@pytest.fixture
def book(office: Office, database: TestDatabase) -> Casebook:
    Casebook.opened(database.app_url, database.owner_url).close()
    return Casebook(store=office.store, models=office.models)


@pytest.fixture
def filled(book: Casebook) -> int:
    head = fill(book)
    runner.catch_up_all(book.store, book.models)
    return head


def states(book: Casebook) -> list[tuple[int, State]]:
    with book.models.reads.connect() as connection:
        found = generations_of(connection, CASE_LIST)
    return [(each.number, each.state) for each in found]


def damage(book: Casebook, *changes: str) -> None:
    with book.models.engine.begin() as connection:
        for each in changes:
            connection.execute(text(each))


def test_rebuilding_mends_whatever_was_wrong(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    damage(
        book,
        "UPDATE case_list SET points = 1",
        "DELETE FROM case_names",
        "UPDATE case_status SET sealed = NULL",
        "DELETE FROM exercises",
    )
    heard: list[tuple[int, int]] = []
    rebuilding.rebuild(site, NAMES, lambda done, of: heard.append((done, of)))
    assert set(differences(book)) == {"case-list", "case-status", "exercises"}
    assert heard[-1][0] == heard[-1][1] > 0
    assert {rebuilding.change_over(site, name) for name in NAMES} == {filled}
    assert differences(book) == {}


def test_what_would_change_is_told_by_row_and_column(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    damage(
        book,
        f"UPDATE case_list SET points = 7 WHERE reference = '{reference(7)}'",  # noqa: S608 - our own
        f"DELETE FROM case_list WHERE reference = '{reference(2)}'",  # noqa: S608 - our own
        f"UPDATE case_list SET sealed = NULL WHERE reference = '{reference(4)}'",  # noqa: S608 - our own
        f"UPDATE case_list SET sealed = 'AAAA' WHERE reference = '{reference(6)}'",  # noqa: S608 - our own
        f"DELETE FROM case_names WHERE reference = '{reference(3)}'",  # noqa: S608 - our own
        f"UPDATE case_list SET reference = 'QM-UNKNOWN' WHERE reference = '{reference(9)}'",  # noqa: S608 - our own
    )
    rebuilding.rebuild(site, ("case-list",))
    found = comparing.compare(book.store, book.models, "case-list", every=True)
    total = len(rows(book, "case_list"))
    assert (found.position, found.gone, found.new) == (filled, 1, 2)
    assert found.rows == total + 2
    changed = dict(found.changed)
    assert (changed["points"], changed["personal"]) == (1, 2)
    assert changed["name tokens"] == 1
    assert sorted(map(str, found.changes)) == sorted(
        (
            f"{reference(7)}: points",
            f"{reference(2)} is new",
            f"{reference(4)}: personal",
            f"{reference(6)}: personal",
            f"{reference(3)}: name tokens",
            "QM-UNKNOWN goes",
            f"{reference(9)} is new",
        )
    )
    shown = {
        each.key: {name: (old, new) for name, old, new in each.columns} for each in found.examples
    }
    assert shown[reference(7)]["points"][0] == "7"
    assert shown["QM-UNKNOWN"]["stage"][1] == "nothing"
    assert "Carter" not in str(found)
    rebuilding.change_over(site, "case-list")
    rebuilding.rebuild(site, ("case-list",))
    assert comparing.compare(book.store, book.models, "case-list").is_same


def test_it_goes_on_following_the_log_before_and_after(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    rebuilding.rebuild(site, ("case-list",))
    assert states(book) == [(1, State.LIVE), (2, State.READY)]
    new = reference(99)
    book.write(f"case-{new}", history(99)[:3])
    assert runner.catch_up(book.store, book.models, "case-list") == filled + 3
    assert comparing.compare(book.store, book.models, "case-list").is_same
    rebuilding.change_over(site, "case-list")
    assert states(book) == [(1, State.FORMER), (2, State.LIVE)]
    book.write(f"case-{new}", history(99)[3:5], after=3)
    assert rebuilding.change_over(site, "case-list", back=True) == filled + 5
    assert states(book) == [(1, State.LIVE), (2, State.FORMER)]
    row = queries.case_row(book.models, new)
    assert row is not None
    assert row.version == 5
    assert differences(book) == {}


def test_names_of_tables_and_indexes_are_the_declared_ones_after_it(
    site: rebuilding.Site, book: Casebook, owner: str, filled: int
) -> None:
    query = (
        "SELECT tablename || '.' || indexname FROM pg_indexes"
        " WHERE tablename IN ('case_list', 'case_names')"
    )
    before = _column(owner, query)
    for _ in range(2):
        rebuilding.rebuild(site, ("case-list",))
        rebuilding.change_over(site, "case-list")
    assert _column(owner, query) == before
    assert states(book) == [(2, State.FORMER), (3, State.LIVE)]
    assert rebuilding.discard(site, "case-list") == (2,)
    beside = "SELECT tablename FROM pg_tables WHERE tablename LIKE '%\\_\\_%'"
    assert _column(owner, beside) == []
    assert differences(book) == {}


def _column(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return sorted(each for (each,) in connection.execute(query))


def test_readers_see_one_generation_or_the_other_and_never_none(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    before = queries.counts_by_stage(book.models)

    def change() -> None:
        for _ in range(3):
            rebuilding.rebuild(site, ("case-list",))
            rebuilding.change_over(site, "case-list")
            rebuilding.change_over(site, "case-list", back=True)

    seen = []
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        while not changing.done():
            seen.append(queries.counts_by_stage(book.models))
        changing.result()
    assert seen
    assert all(each == before for each in seen)


def test_a_writer_and_runners_beside_it_lose_nothing(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    def write() -> None:
        for number in range(100, 130):
            book.write(f"case-{reference(number)}", history(number)[:4])
            runner.catch_up(book.store, book.models, "case-list", batch=5)

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write)]
        for _ in range(3):
            rebuilding.rebuild(site, ("case-list",))
            rebuilding.change_over(site, "case-list")
        for each in writing:
            each.result()
    runner.catch_up(book.store, book.models, "case-list")
    assert comparing_former(book) == {}
    assert differences(book) == {}


def comparing_former(book: Casebook) -> dict[str, Any]:
    """Return the rows in which the former generation and the live one differ."""
    with book.models.reads.connect() as connection:
        (former,) = (
            each for each in generations_of(connection, CASE_LIST) if each.state is State.FORMER
        )
        name = former.projection.table.name
        found = connection.execute(
            text(
                f"SELECT reference FROM case_list AS o FULL JOIN {name} AS n USING (reference)"  # noqa: S608 - our own
                " WHERE (o.stage, o.version, o.position)"
                " IS DISTINCT FROM (n.stage, n.version, n.position)"
            )
        )
        return {each.reference: each for each in found}


def test_nothing_is_changed_over_that_is_not_there(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    with pytest.raises(NothingBeside, match="rebuild case-list"):
        rebuilding.change_over(site, "case-list")
    with pytest.raises(NothingBeside):
        rebuilding.change_over(site, "case-list", back=True)
    with pytest.raises(NothingBeside):
        comparing.compare(book.store, book.models, "case-list")
    assert rebuilding.discard(site, "case-list") == ()


def test_what_holds_less_of_the_log_does_not_take_the_place_of_what_holds_more(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    rebuilding.rebuild(site, ("case-list",))
    # Folded by a program that does not run: nobody brings it further.
    damage(
        book,
        "UPDATE projection_checkpoints SET version = 0, position = position - 1"
        " WHERE projection = 'case-list' AND generation = 2",
    )
    with pytest.raises(NotYetAbreast, match="generation 2 of case-list"):
        rebuilding.change_over(site, "case-list")
    assert states(book) == [(1, State.LIVE), (2, State.READY)]


def test_one_that_was_left_half_filled_is_begun_anew(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    rebuilding.prepare(site, "case-list")
    assert states(book) == [(1, State.LIVE), (2, State.FILLING)]
    assert runner.catch_up(book.store, book.models, "case-list") == filled
    rebuilding.rebuild(site, ("case-list",))
    assert states(book) == [(1, State.LIVE), (3, State.READY)]


def test_rows_of_another_version_are_not_folded_on_but_rebuilt(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    damage(book, "UPDATE projection_checkpoints SET version = 1 WHERE projection = 'case-list'")
    told = rf"of version 1 .* folds version {CASE_LIST.version}"
    with pytest.raises(ProjectionOutdated, match=told):
        runner.catch_up(book.store, book.models, "case-list")
    with pytest.raises(ProjectionOutdated, match=r"run `qmas projections rebuild case-list`"):
        verify(book.store, book.models, "case-list")
    ownerless = replace(site, settings=replace(site.settings, owner_database_url=None))
    with pytest.raises(OwnerUnknown, match="QMAS_OWNER_DATABASE_URL"):
        rebuilding.renew(ownerless)
    assert rebuilding.renew(site) == ("case-list",)
    assert rebuilding.renew(site) == ()
    assert rebuilding.renew(ownerless) == ()
    assert runner.catch_up(book.store, book.models, "case-list") == filled
    assert differences(book) == {}


def test_nothing_of_an_erased_person_is_filled_in_anew(
    site: rebuilding.Site, book: Casebook, filled: int
) -> None:
    erase(book.store, reference(5))
    rebuilding.rebuild(site, ("case-list",))
    rebuilding.change_over(site, "case-list")
    assert rows(book, f"case_names WHERE reference = '{reference(5)}'") == []
    row = queries.case_row(book.models, reference(5))
    assert row is not None
    assert row.personal is None
    assert differences(book) == {}
