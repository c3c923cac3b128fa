"""An event that stops a shard of the live rows stops that shard of new ones, and nobody else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from domain import events as e
from domain.record import Recorded
from services.projections import bulk, catalogue, checkpoints, comparing, rebuilding, runner
from services.projections.catalogue import CASE_LIST, PROJECTIONS, projection_named
from services.projections.checkpoints import SHARDS, Claim, Generation, State
from services.projections.errors import NotYetAbreast, ProjectionStopped, StopsEarlier
from services.projections.progress import Progress, progress_of
from services.projections.verify import verify
from services.store import Shard, number_of
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services import poisoned
from tests.services.casebook import Casebook, history, opened, reference
from tests.services.read_models import NAMES, fill

BROKEN = f"case-{reference(99)}"
SHARD = number_of(BROKEN, SHARDS)
OTHER = next(
    each for each in range(98, 80, -1) if number_of(f"case-{reference(each)}", SHARDS) != SHARD
)
OPENING = tuple(name for name in NAMES if PROJECTIONS[name].opens)
CLOSED = tuple(name for name in NAMES if name not in OPENING)


@pytest.fixture
def site(office: Office) -> rebuilding.Site:
    return rebuilding.Site(store=office.store, models=office.models, settings=office.settings)


@pytest.fixture
def book(office: Office, database: TestDatabase) -> Casebook:
    Casebook.opened(database.app_url, database.owner_url).close()
    return Casebook(store=office.store, models=office.models)


@pytest.fixture
def stopping(book: Casebook, database: TestDatabase) -> int:
    """The position of an event whose seal is broken, with others before and behind it."""
    before = fill(book)
    book.write(BROKEN, history(99)[:3])
    book.write(f"case-{reference(OTHER)}", history(OTHER)[:3])
    book.store.sequence()
    poisoned.with_a_broken_seal(database.admin_url, BROKEN, 1)
    return before + 1


def follow(book: Casebook) -> None:
    """Every read model is as far as it can be."""
    for name in NAMES:
        if name in OPENING:
            with pytest.raises(ProjectionStopped, match="cannot be read"):
                runner.catch_up(book.store, book.models, name)
        else:
            runner.catch_up(book.store, book.models, name)


def standing(book: Casebook, name: str, state: State = State.LIVE) -> Mapping[int, int]:
    """Return where each shard of a generation is."""
    with book.models.reads.connect() as connection:
        found = checkpoints.generations_of(connection, projection_named(name))
        generation = checkpoints.of_state(found, state)
        assert generation is not None
        return checkpoints.positions(connection, generation)


def shown(book: Casebook, name: str) -> Progress:
    return progress_of(book.models, projection_named(name))


def outdate(book: Casebook) -> None:
    """Another version of the program filled what is there."""
    with book.models.engine.begin() as connection:
        connection.execute(text("UPDATE projection_checkpoints SET version = 0"))


def test_a_shard_is_filled_up_to_what_stops_it_and_all_else_to_the_end(
    site: rebuilding.Site, book: Casebook, stopping: int
) -> None:
    follow(book)
    head = book.store.head()
    stops = rebuilding.rebuild(site, NAMES)
    assert [(each.name, each.position) for each in stops] == [(name, stopping) for name in OPENING]
    for name in NAMES:
        whole = dict.fromkeys(range(SHARDS), head)
        expected = whole | {SHARD: stopping - 1} if name in OPENING else whole
        assert standing(book, name, State.READY) == expected


def test_a_key_that_is_damaged_stops_only_the_shard_of_its_case(
    site: rebuilding.Site, book: Casebook, database: TestDatabase
) -> None:
    stopping = fill(book) + 1
    book.write(BROKEN, history(99)[:3])
    book.write(f"case-{reference(OTHER)}", history(OTHER)[:3])
    head = book.store.sequence()
    poisoned.with_a_damaged_key(database.admin_url, reference(99))
    follow(book)
    stops = rebuilding.rebuild(site, NAMES)
    assert [(each.name, each.position) for each in stops] == [(name, stopping) for name in OPENING]
    for name in OPENING:
        assert [each.position for each in shown(book, name).stops] == [stopping]
        for state in (State.LIVE, State.READY):
            expected = dict.fromkeys(range(SHARDS), head) | {SHARD: stopping - 1}
            assert standing(book, name, state) == expected
        rebuilding.change_over(site, name)
    poisoned.with_a_damaged_key(database.admin_url, reference(99))
    runner.catch_up_all(book.store, book.models)
    for name in NAMES:
        assert verify(book.store, book.models, name) == ()


def test_rows_that_an_event_stops_where_it_stops_the_live_ones_change_over_and_back(
    site: rebuilding.Site, book: Casebook, stopping: int
) -> None:
    follow(book)
    before = standing(book, "case-list")
    rebuilding.rebuild(site, NAMES)
    for back in (False, True, True):
        for name in NAMES:
            rebuilding.change_over(site, name, back=back)
        assert standing(book, "case-list") == before
        found = shown(book, "case-list")
        assert [(each.shard, each.position) for each in found.stops] == [(SHARD, stopping)]
        assert "cannot be read" in found.stops[0].reason
    for name in CLOSED:
        assert verify(book.store, book.models, name) == ()


def test_rows_that_stop_where_the_live_ones_went_on_take_no_place(
    site: rebuilding.Site, book: Casebook, database: TestDatabase
) -> None:
    fill(book)
    book.write(BROKEN, history(99)[:3])
    runner.catch_up_all(book.store, book.models)
    poisoned.with_a_broken_seal(database.admin_url, BROKEN, 1)
    rebuilding.rebuild(site, ("case-list", "work"))
    for by_hand in (False, True):
        with pytest.raises(StopsEarlier, match=r"case-list is as it was: .*cannot be read"):
            rebuilding.change_over(site, "case-list", by_hand=by_hand)
    assert set(standing(book, "case-list").values()) == {book.store.head()}
    with pytest.raises(StopsEarlier):
        comparing.compare(book.store, book.models, "case-list")
    rebuilding.change_over(site, "work")


def test_what_another_version_left_is_renewed_though_an_event_stops_both(
    site: rebuilding.Site, book: Casebook, stopping: int
) -> None:
    follow(book)
    outdate(book)
    assert rebuilding.renew(site) == NAMES
    assert [name for name in NAMES if shown(book, name).stop] == list(OPENING)
    assert rebuilding.renew(site) == ()


def test_what_stops_the_new_rows_alone_is_told_once_the_others_are_renewed(
    site: rebuilding.Site, book: Casebook, database: TestDatabase
) -> None:
    fill(book)
    book.write(BROKEN, history(99)[:3])
    runner.catch_up_all(book.store, book.models)
    poisoned.with_a_broken_seal(database.admin_url, BROKEN, 1)
    outdate(book)
    with pytest.raises(StopsEarlier, match="all the same: `qmas projections switch case-list`"):
        rebuilding.renew(site)
    assert [name for name in NAMES if shown(book, name).outdated is not None] == list(OPENING)
    with pytest.raises(StopsEarlier):
        rebuilding.change_over(site, "case-list")
    rebuilding.change_over(site, "case-list", by_hand=True)
    assert shown(book, "case-list").outdated is None
    assert shown(book, "case-list").stop is not None


def test_a_row_that_the_table_refuses_stops_its_shard_alone(
    site: rebuilding.Site, book: Casebook
) -> None:
    head = fill(book)
    book.write("exercise-2019-q4", [replace(opened("2019-q4"), places=2**31)])
    with pytest.raises(ProjectionStopped):
        runner.catch_up(book.store, book.models, "exercises")
    (stop,) = rebuilding.rebuild(site, ("exercises", "work"))
    assert (stop.name, stop.position) == ("exercises", head + 1)
    assert "NumericValueOutOfRange" in stop.reason
    shard = number_of("exercise-2019-q4", SHARDS)
    expected = dict.fromkeys(range(SHARDS), head + 1) | {shard: head}
    assert standing(book, "exercises", State.READY) == expected
    rebuilding.change_over(site, "exercises")


def test_what_both_hold_is_compared_and_what_they_stand_before_is_named(
    site: rebuilding.Site, book: Casebook, stopping: int
) -> None:
    follow(book)
    with book.models.engine.begin() as connection:
        connection.execute(
            text("UPDATE case_list SET points = 1 WHERE reference = :one"),
            {"one": reference(OTHER)},
        )
    rebuilding.rebuild(site, ("case-list",))
    for number in range(70, 75):
        book.write(f"case-{reference(number)}", history(number)[:3])
    found = comparing.compare(book.store, book.models, "case-list", every=True)
    assert found.stops == ((SHARD, stopping),)
    assert found.position == book.store.head()
    assert [str(each) for each in found.changes] == [f"{reference(OTHER)}: points"]


@pytest.mark.parametrize("at_once", [1, 2, 7, 10_000])
def test_what_is_filled_is_whole_up_to_where_it_is_whatever_is_read_at_once(
    book: Casebook, stopping: int, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    head = book.store.head()
    monkeypatch.setattr(bulk, "_AT_ONCE", at_once)
    monkeypatch.setattr(bulk, "_done", [0] * SHARDS)
    for shard in range(SHARDS):
        found = bulk._folded(book.store, NAMES, Shard(number=shard, of=SHARDS), head)
        for each, _, last in found:
            if shard == SHARD and each.name in OPENING:
                assert last.last == (stopping - 1) // at_once * at_once
            else:
                assert last.last == head
    assert bulk._done == [head] * SHARDS


def test_an_event_that_cannot_be_folded_leaves_what_was_before_it(
    book: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fold(row: Any, recorded: Recorded[Any]) -> Any:
        if isinstance(recorded.event, e.ApplicationApproved):
            raise KeyError("Carter")
        return CASE_LIST.fold(row, recorded)

    broken = {**PROJECTIONS, "case-list": replace(CASE_LIST, fold=fold)}
    monkeypatch.setattr(catalogue, "PROJECTIONS", broken)
    monkeypatch.setattr(bulk, "_done", [0] * SHARDS)
    book.write(BROKEN, history(99))
    head = book.store.sequence()
    shard = Shard(number=SHARD, of=SHARDS)
    listed, path = bulk._folded(book.store, ("case-list", "paths"), shard, head)
    approved = [type(each) for each in history(99)].index(e.ApplicationApproved)
    assert (listed[2].last, path[2].last) == (approved, head)
    assert listed[1].rows[reference(99)].version == approved


def claim(of: int, positions: Mapping[int, int], stops: Mapping[int, int]) -> Claim:
    """Return shards that are there, and before which events they stand."""
    return Claim(
        generation=Generation.__new__(Generation),
        positions=positions,
        of=of,
        stops={
            shard: ProjectionStopped("case-list", at, "an event", "KeyError")
            for shard, at in stops.items()
        },
        of_another_log=False,
    )


@pytest.mark.parametrize(
    ("one", "other", "behind"),
    [
        # The last event of its own that one holds is further back: nothing in between is its own.
        (({0: 3, 1: 9}, {0: 6}), ({0: 5, 1: 9}, {0: 6}), ()),
        (({0: 5, 1: 9}, {0: 6}), ({0: 9, 1: 9}, {}), (0,)),
        (({0: 9, 1: 8}, {}), ({0: 5, 1: 9}, {0: 6}), (1,)),
        # What is of the first of two can be of the first and the third of four.
        (({0: 5, 1: 9, 2: 9, 3: 9}, {0: 6}), ({0: 9, 1: 9}, {}), (0,)),
        (({0: 9, 1: 9}, {}), ({0: 5, 1: 9, 2: 10, 3: 9}, {0: 6}), (0,)),
        (({0: 7, 1: 9, 2: 7, 3: 9}, {}), ({0: 7, 1: 9}, {}), ()),
        (({0: 7, 1: 9, 2: 7, 3: 9}, {}), ({0: 8}, {}), (0, 2)),
    ],
)
def test_what_a_generation_holds_is_compared_shard_by_shard(
    one: tuple[dict[int, int], dict[int, int]],
    other: tuple[dict[int, int], dict[int, int]],
    behind: tuple[int, ...],
) -> None:
    assert claim(len(one[0]), *one).behind(claim(len(other[0]), *other)) == behind


def test_one_that_is_only_late_is_told_to_be_late(
    site: rebuilding.Site, book: Casebook, monkeypatch: pytest.MonkeyPatch, stopping: int
) -> None:
    follow(book)
    rebuilding.rebuild(site, ("case-list",))
    monkeypatch.setattr(rebuilding, "_TRIES", 2)
    monkeypatch.setattr(runner, "catch_up", lambda *_, **__: 0)
    late = "UPDATE projection_checkpoints SET position = 1 WHERE generation = 2 AND shard <> :one"
    with book.models.engine.begin() as connection:
        connection.execute(text(late), {"one": SHARD})
    with pytest.raises(NotYetAbreast):
        rebuilding.change_over(site, "case-list")


def test_what_older_processes_move_on_all_the_while_is_renewed(
    site: rebuilding.Site, book: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    outdate(book)
    numbers = iter(range(60, 99))
    caught_up = runner.catch_up

    def catch_up(*given: Any, **named: Any) -> int:
        """Catch up, and then older workers fold the next case into the rows that are theirs."""
        reached = caught_up(*given, **named)
        number = next(numbers)
        book.write(f"case-{reference(number)}", history(number)[:1])
        moved = "UPDATE projection_checkpoints SET position = :head WHERE version = 0"
        head = book.store.sequence()
        with book.models.engine.begin() as connection:
            connection.execute(text(moved), {"head": head})
        return reached

    monkeypatch.setattr(rebuilding, "_TRIES", 3)
    monkeypatch.setattr(runner, "catch_up", catch_up)
    assert rebuilding.renew(site) == NAMES
    monkeypatch.undo()
    runner.catch_up_all(book.store, book.models)
    for name in NAMES:
        assert verify(book.store, book.models, name) == ()
