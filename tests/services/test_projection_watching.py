"""Rows of read models that differ from the log are found while everybody works."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from services.projections import runner, verify, watching
from services.projections.catalogue import PROJECTIONS
from services.projections.kept import alone, keep
from services.projections.verify import drawn, streams_after, verify_some
from services.projections.watching import NAME, Verification, verification, watch
from services.store.absence import tell_absence
from services.store.errors import StoreUnreachable
from tests.conftest import TestDatabase
from tests.domain.histories import HISTORIES, MAIN_PATH
from tests.services import poisoned
from tests.services.casebook import START, Casebook, history, reference
from tests.services.read_models import NAMES, fill

LENGTH = 4
ANOTHER_NAME = """
UPDATE case_names SET token = '\\x00'
WHERE ctid = (SELECT min(ctid) FROM case_names WHERE reference = '{}')
"""


@pytest.fixture
def book(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Casebook]:
    monkeypatch.setattr(watching, "LEAST", LENGTH)
    made = Casebook.opened(database.app_url, database.owner_url)
    fill(made)
    runner.catch_up_all(made.store, made.models)
    yield made
    made.close()


def whole_pass(book: Casebook) -> Verification:
    """Watch until the whole log was gone over once more."""
    found = verification(book.models)
    ended = _whole(found)
    for _ in range(100):
        at = found.at + timedelta(minutes=1) if found else START
        watch(book.store, book.models, at)
        found = verification(book.models)
        if found is not None and _whole(found) != ended:
            return found
    raise AssertionError("the log has no end")


def _whole(found: Verification | None) -> object:
    return found and found.whole


def corrupt(book: Casebook, statement: str) -> None:
    with book.models.engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1


def told(found: Verification) -> list[tuple[str, str]]:
    return [(each.projection, str(each.difference)) for each in found.told]


def test_rows_that_equal_the_log_are_told_to_nobody(book: Casebook) -> None:
    found = whole_pass(book)
    assert found.told == ()
    assert found.whole is not None
    assert found.whole.streams == len(streams_after(book.models, "", 1_000))
    assert found.present.streams == 0


def test_a_pass_goes_on_from_a_stretch_that_a_clock_ahead_kept(book: Casebook) -> None:
    now = datetime.now(UTC)
    watch(book.store, book.models, now + timedelta(days=1))
    one = verification(book.models)
    watch(book.store, book.models, now)
    other = verification(book.models)
    assert one is not None
    assert other is not None
    assert (other.at, other.present.streams) == (now, 2 * one.present.streams)


@pytest.mark.parametrize(
    ("statement", "difference"),
    [
        (
            "UPDATE case_list SET points = 1 WHERE reference = '{}'",
            ("case-list", "{} differs in points"),
        ),
        (
            "UPDATE paths SET since[1] = since[1] - interval '1 day' WHERE reference = '{}'",
            ("paths", "{} differs in since"),
        ),
        ("DELETE FROM case_status WHERE reference = '{}'", ("case-status", "{} is missing")),
        ("DELETE FROM case_list WHERE reference = '{}'", ("case-list", "{} is missing")),
        (
            ANOTHER_NAME,
            ("case-list", "{} differs in name tokens"),
        ),
    ],
)
def test_a_row_that_was_altered_is_found_and_no_longer_told_once_mended(
    book: Casebook, statement: str, difference: tuple[str, str]
) -> None:
    key = reference(5)
    corrupt(book, statement.format(key))
    found = whole_pass(book)
    assert told(found) == [(difference[0], difference[1].format(key))]
    again = whole_pass(book)
    assert again.told == found.told
    with book.models.engine.begin() as connection:
        for projection in PROJECTIONS.values():
            for table in projection.tables:
                connection.execute(table.delete())
        connection.execute(text("UPDATE projection_checkpoints SET position = 0"))
    runner.catch_up_all(book.store, book.models)
    watch(book.store, book.models, again.at + timedelta(minutes=1))
    mended = verification(book.models)
    assert mended is not None
    assert mended.told == ()


@pytest.mark.parametrize(
    ("poison", "told_in"),
    [
        (poisoned.of_a_later_kind, set(NAMES)),
        (poisoned.with_a_broken_seal, {"case-list", "case-status"}),
    ],
)
def test_what_cannot_be_read_is_told_and_all_behind_it_is_gone_over(
    book: Casebook, database: TestDatabase, poison: Callable[..., None], told_in: set[str]
) -> None:
    first, *_, last = sorted(reference(number) for number in range(len(HISTORIES) - 1))
    poison(database.admin_url, f"case-{first}", 1)
    corrupt(book, f"UPDATE paths SET route = 'achievement' WHERE reference = '{last}'")  # noqa: S608 - our own table
    for _ in range(2):
        found = told(whole_pass(book))
        assert ("paths", f"{last} differs in route") in found
        assert {name for name, each in found if f"event case-{first}@1 cannot be read" in each} == (
            told_in
        )
        assert len(found) == len(told_in) + 1
    if poison is poisoned.of_a_later_kind:
        poisoned.of_a_kind_that_is_known(database.admin_url, f"case-{first}", 1)
        assert told(whole_pass(book)) == [("paths", f"{last} differs in route")]


def test_a_row_that_cannot_be_read_is_told_like_any_other(book: Casebook) -> None:
    corrupt(book, f"UPDATE case_list SET stage = 'nonsense' WHERE reference = '{reference(5)}'")  # noqa: S608 - our own table
    corrupt(book, f"UPDATE case_status SET sealed = 'AAAA' WHERE reference = '{reference(6)}'")  # noqa: S608 - our own table
    (name, first), (other, second) = told(whole_pass(book))
    assert (name, other) == ("case-list", "case-status")
    assert f"{reference(5)} differs in reference, " in first
    assert f"{reference(6)} differs in reference, " in second


def test_what_another_version_kept_is_begun_anew(book: Casebook) -> None:
    keep(book.models, NAME, START, 0, b'{"at": "yesterday"}')
    assert verification(book.models) is None
    watch(book.store, book.models, START + timedelta(minutes=1))
    assert verification(book.models) is not None


@pytest.mark.parametrize("key", ["QM-00000-00000", "QM-ZZZZZ-ZZZZZ"])
def test_a_row_that_is_of_nothing_in_the_log_is_found(book: Casebook, key: str) -> None:
    corrupt(book, f"UPDATE paths SET reference = '{key}' WHERE reference = '{reference(5)}'")  # noqa: S608 - our own table
    assert told(whole_pass(book)) == [
        ("paths", f"{each}")
        for each in sorted((f"{key} should not be there", f"{reference(5)} is missing"))
    ]


def test_an_event_that_is_not_folded_yet_is_no_difference(book: Casebook) -> None:
    for number in range(200, 204):
        book.write(f"case-{reference(number)}", history(number, MAIN_PATH))
    runner.catch_up(book.store, book.models, "case-list", until=book.store.head() + 5)
    assert whole_pass(book).told == ()


def test_one_goes_over_the_log_where_several_come_at_once(book: Casebook) -> None:
    with alone(book.models, NAME) as may:
        assert may
        watch(book.store, book.models, START)
        assert verification(book.models) is None
    watch(book.store, book.models, START)
    assert verification(book.models) is not None


def test_whoever_works_alone_may_take_longer_than_others_may_stand_still(
    book: Casebook, database: TestDatabase
) -> None:
    engine = create_engine(
        f"postgresql+psycopg:{database.app_url.partition(':')[2]}",
        connect_args={"options": "-c idle_in_transaction_session_timeout=200ms"},
    )
    tell_absence(engine)
    models = replace(book.models, engine=engine)
    with alone(models, NAME) as may:
        assert may
        time.sleep(0.6)
        with alone(book.models, NAME) as another:
            assert not another
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        time.sleep(0.6)
        with pytest.raises(StoreUnreachable):
            connection.execute(text("SELECT 1"))
    engine.dispose()


def test_a_stretch_grows_so_that_a_day_is_enough(book: Casebook) -> None:
    found = whole_pass(book)
    assert found.whole is not None
    many = replace(found, whole=replace(found.whole, streams=2_880_000))
    assert watching.length(found) == LENGTH
    assert watching.length(many) == 2_400


def test_a_sample_is_of_keys_that_are_in_the_log(book: Casebook) -> None:
    keys = drawn(book.models, 50)
    assert 1 < len(keys) <= 50
    assert {each.partition("-")[2] for each in streams_after(book.models, "", 1_000)} >= keys
    assert [verify_some(book.store, book.models, name, keys) for name in NAMES] == [()] * len(NAMES)
    corrupt(book, f"UPDATE paths SET route = 'achievement' WHERE reference = '{reference(5)}'")  # noqa: S608 - our own table
    (found,) = verify_some(book.store, book.models, "paths", {reference(5)})
    assert str(found) == f"{reference(5)} differs in route"


def test_more_keys_than_a_statement_has_parameters_are_looked_at(
    book: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Their streams are read by the hundred whatever they are, and that alone would take long.
    monkeypatch.setattr(verify, "_refolded", lambda *_: ({}, {}))
    keys = {reference(5), *map(str, range(70_000))}
    (found,) = verify_some(book.store, book.models, "paths", keys)
    assert (found.key, found.surplus) == (reference(5), True)
