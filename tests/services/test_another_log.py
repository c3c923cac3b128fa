"""Beside read models of another log the office works on, and rests on no case that was lost."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from domain.application import Channel
from domain.errors import DuplicateApplication, NothingWaits
from domain.work_commands import TakeNext
from domain.work_events import DuplicateRefused
from services import statistics
from services.cases import submit
from services.notifications.planning import plan
from services.projections import comparing, queries, rebuilding, runner
from services.projections.errors import OfAnotherLog
from services.projections.verify import verify
from services.wiring import Office
from services.work import take_next
from tests.conftest import TestDatabase
from tests.integration.mailing import acknowledge, applicant, new_reference, work
from tests.services.asking import MAY_2019, SUPERVISOR, asked, on_paper
from tests.services.casebook import Casebook, history, reference
from tests.services.losing import lose, set_back_an_hour


def test_a_refused_application_is_not_told_to_a_case_that_was_lost(
    office: Office, database: TestDatabase
) -> None:
    lost = submit(office, on_paper("john"), asked()).reference
    runner.catch_up_all(office.store, office.models)
    lose(database.owner_url, 0)
    submit(office, on_paper("john"), asked())
    with pytest.raises(DuplicateApplication) as refused:
        submit(office, on_paper("john"), asked(SUPERVISOR))
    assert refused.value.live is None
    assert office.store.stream_version(f"work-{lost}") == 0


def test_nor_where_the_read_model_was_restored_later_than_the_log(
    office: Office, database: TestDatabase
) -> None:
    """As long as this log has nothing, nothing tells the rows of another one from its own."""
    lost = submit(office, on_paper("john"), asked()).reference
    runner.catch_up_all(office.store, office.models)
    lose(database.owner_url, 0)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE projection_checkpoints SET position = 0, as_of = NULL")
    submit(office, on_paper("john"), asked())
    with pytest.raises(DuplicateApplication) as refused:
        submit(office, on_paper("john"), asked(SUPERVISOR))
    assert refused.value.live != lost
    assert office.store.stream_version(f"work-{lost}") == 0


def test_work_on_a_case_that_there_is_not_stops_no_letter_and_is_no_difference(
    office: Office,
) -> None:
    work(office, new_reference(), 0, DuplicateRefused(channel=Channel.PAPER))
    acknowledge(office, applicant(1))
    assert plan(office) == 1
    assert office.ledger.standing().position == 3
    runner.catch_up_all(office.store, office.models)
    differing = {name: verify(office.store, office.models, name) for name in runner.PROJECTIONS}
    assert not any(differing.values())


def test_a_read_model_is_of_another_log_also_where_the_instants_are_the_same(
    database: TestDatabase,
) -> None:
    with closing(Casebook.opened(database.app_url, database.owner_url)) as book:
        book.write(f"case-{reference(1)}", history(1)[:2])
        book.store.sequence()
        set_back_an_hour(database.owner_url)
        book.write(f"case-{reference(2)}", history(2)[:2])
        runner.catch_up_all(book.store, book.models)
        lose(database.owner_url, 2)
        for number in (3, 4):
            book.write(f"case-{reference(number)}", history(number)[:2])
            book.store.sequence()
        for name in runner.PROJECTIONS:
            with pytest.raises(OfAnotherLog):
                runner.catch_up(book.store, book.models, name)


def test_what_a_worker_of_the_version_before_folds_is_known_by_its_leaf(
    office: Office, database: TestDatabase
) -> None:
    submit(office, on_paper("john"), asked())
    runner.catch_up_all(office.store, office.models)
    submit(office, on_paper("emma"), asked())
    head = office.store.sequence()
    with psycopg.connect(database.app_url) as worker:
        worker.execute("UPDATE projection_checkpoints SET position = %s, as_of = now()", (head,))
        folded = worker.execute("SELECT leaf FROM projection_checkpoints").fetchall()
        last = worker.execute("SELECT leaf FROM log WHERE position = %s", (head,)).fetchall()
    assert set(folded) == set(last)


def test_what_is_ready_and_of_another_log_is_neither_folded_on_nor_changed_over(
    office: Office, database: TestDatabase
) -> None:
    site = rebuilding.Site(store=office.store, models=office.models, settings=office.settings)
    submit(office, on_paper("john"), asked())
    runner.catch_up_all(office.store, office.models)
    rebuilding.rebuild(site, ("case-list",))
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            r"""UPDATE projection_checkpoints AS folded SET leaf = '\x00'
            FROM projection_generations AS made
            WHERE made.state = 'ready' AND made.projection = folded.projection
            AND made.generation = folded.generation AND folded.shard = 0"""
        )
    submit(office, on_paper("emma"), asked())
    with pytest.raises(OfAnotherLog):
        comparing.compare(office.store, office.models, "case-list")
    with pytest.raises(OfAnotherLog):
        rebuilding.change_over(site, "case-list")
    assert rebuilding.discard(site, "case-list") == (2,)
    assert verify(office.store, office.models, "case-list") == ()


def test_what_is_of_another_log_is_as_fresh_as_if_it_held_nothing(
    office: Office, database: TestDatabase
) -> None:
    for name in ("john", "jackie"):
        submit(office, on_paper(name), asked())
    runner.catch_up_all(office.store, office.models)
    lose(database.owner_url, 0)
    submit(office, on_paper("emma"), asked())
    head = office.store.sequence()
    assert not queries.wait_for(office.models, ("case-list",), head, 0.02)
    fresh = queries.freshness(office.models, "case-list")
    assert (fresh.position, fresh.as_of, fresh.lag) == (0, None, head)


def test_a_lost_case_keeps_nobody_from_the_next_one(office: Office, database: TestDatabase) -> None:
    kept = submit(office, on_paper("emma"), asked()).reference
    earlier = asked(at=MAY_2019 - timedelta(days=1))
    submit(office, on_paper("john"), earlier)
    runner.catch_up_all(office.store, office.models)
    lose(database.owner_url, 1)
    assert take_next(office, TakeNext(), asked(at=None)).reference == kept
    with pytest.raises(NothingWaits):
        take_next(office, TakeNext(), asked(at=None))


def test_figures_are_kept_while_what_they_are_counted_from_is_of_another_log(
    office: Office, database: TestDatabase
) -> None:
    submit(office, on_paper("john"), asked())
    runner.catch_up_all(office.store, office.models)
    former = statistics.count(office)
    lose(database.owner_url, 0)
    submit(office, on_paper("emma"), asked())
    office.store.sequence()
    later = replace(office, clock=lambda: former.statistics.at + statistics.COUNTED_AFTER)
    assert not statistics.count_when_due(later)
    assert statistics.latest(office) == former
    with pytest.raises(OfAnotherLog):
        statistics.counted(office, office.clock())
