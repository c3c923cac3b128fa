"""Erasures are kept in two places, and one counts while it is whole."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from domain import commands as c
from domain.particulars import ErasedBefore, ErasureDecided
from domain.stages import Stage
from services.api.app import create_api
from services.cases import carry_out, case_at, history
from services.privacy import again
from services.privacy.places import Erasure, ErasuresAway, Found, Places
from services.privacy.remembering import remember
from services.stack.secrecy import erasures
from services.store import NewEvent
from services.store.sameness import Sameness
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.integration.going_back import (
    key_is_there,
    redis_away,
    restored,
    without_redis,
)
from tests.services.asking import MAY_2019, asked
from tests.services.by_hand import Stream, connected
from tests.services.storing import commit_of, writing
from tests.services.visiting import file_case


def test_the_folder_alone_is_enough_and_so_is_redis_alone(
    office: Office, empty_database: TestDatabase, backed_up: tuple[Path, m.Marked]
) -> None:
    file, marked = backed_up
    kept = office.settings.fence_folder / "erasures"
    assert again.apply_again(without_redis(office)) == ()
    assert set(without_redis(office).erasures.look().erasures) == {marked.reference}
    kept.unlink()
    with restored(office, file, empty_database) as old:
        assert again.apply_again(old) == (marked.reference,)
        # The folder has what it had lost again, from the database.
        assert remember(old) == 1
        assert set(without_redis(old).erasures.look().erasures) == {marked.reference}


def test_half_a_line_is_an_answer_only_beside_a_place_that_is_whole(
    office: Office, backed_up: tuple[Path, m.Marked]
) -> None:
    _, marked = backed_up
    file_case(office)
    kept = office.settings.fence_folder / "erasures"
    kept.write_bytes(kept.read_bytes()[:-20])
    found = redis_away(office).erasures.look()
    assert (dict(found.erasures), found.broken, found.away) == ({}, ("folder",), ("Redis",))
    with pytest.raises(ErasuresAway, match="folder holds lines that cannot be read"):
        again.settled(redis_away(office))
    # Redis makes it good, and then it stands alone.
    again.keep_watch(office)
    assert set(redis_away(office).erasures.look().erasures) == {marked.reference}
    again.settled(redis_away(office))


def test_a_place_that_stands_alone_and_holds_nothing_is_begun_by_a_person_only(
    office: Office,
) -> None:
    alone = without_redis(office)
    (office.settings.fence_folder / "erasures").unlink()
    # Where nothing can be opened nobody can be shown.
    again.settled(replace(alone, same=Sameness()))
    file_case(office)
    with pytest.raises(ErasuresAway, match="folder holds nothing"):
        again.settled(alone)
    assert alone.erasures.mend(anew=False) == ()
    assert alone.erasures.mend(anew=True) == ("folder",)
    again.settled(alone)


def test_a_place_that_is_made_anew_has_all_that_the_other_has_before_it_counts(
    office: Office, backed_up: tuple[Path, m.Marked]
) -> None:
    _, marked = backed_up
    (office.settings.fence_folder / "erasures").unlink()
    # Something is kept there before anybody noticed that it had been lost.
    other = replace(office.erasures.look().erasures[marked.reference], reference="QM-0000000000")
    office.erasures.keep([other])
    assert not redis_away(office).erasures.look().is_enough
    again.keep_watch(office)
    found = redis_away(office).erasures.look()
    assert found.is_enough
    assert set(found.erasures) == {marked.reference, other.reference}


def test_one_dead_place_is_told_by_the_log_the_doctor_and_the_figures(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = office.settings.fence_folder / "erasures"
    kept.unlink()
    kept.mkdir()
    again.keep_watch(office)
    assert "erasures_places" in capfd.readouterr().out
    found = erasures(office.settings)
    assert (found.is_well, found.warns) == (True, True)
    assert f"{kept} does not answer" in found.says
    figures = create_api(office).test_client().get("/metrics").text
    assert 'qmas_erasures_place_whole{place="folder"} 0.0' in figures
    assert 'qmas_erasures_place_whole{place="Redis"} 1.0' in figures


def test_a_line_that_somebody_else_wrote_erases_nobody(office: Office) -> None:
    marked = m.file_marked(office)
    kept = office.settings.fence_folder / "erasures"
    kept.parent.mkdir(parents=True, exist_ok=True)
    line = f'["{marked.reference}", "one", "two", "2019-05-01T00:00:00+00:00", "{"0" * 64}"]'
    kept.write_text(line + "\n")
    assert again.apply_again(office) == ()
    assert office.store.readable((marked.reference,)) == (marked.reference,)


@pytest.mark.parametrize(
    "name", ["\u9673" * 128, "\U00020000" * 128, "c" * 128, "cli." + "\U00020000" * 256]
)
def test_an_erasure_is_kept_and_read_however_long_the_names_of_those_who_decided(
    tmp_path: Path, name: str
) -> None:
    decided = ErasedBefore(proposed_by=name, confirmed_by=name[::-1], decided_at=MAY_2019)
    erasure = Erasure(reference="QM-4K7RT-9XWPR", decided=decided)
    places = Places(tmp_path, None, b"key")
    places.mend(anew=True)
    assert places.keep([erasure]) == ()
    found = places.look()
    assert found.is_enough
    assert found.erasures == {erasure.reference: erasure}


def test_while_no_place_can_be_asked_nobody_is_served(office: Office) -> None:
    marked = m.file_marked(office)
    kept = office.settings.fence_folder
    kept.rename(kept.with_name("elsewhere"))
    kept.write_text("in the way")
    closed = without_redis(office)
    with pytest.raises(ErasuresAway):
        again.settled(closed)
    kept.unlink()
    kept.with_name("elsewhere").rename(kept)
    again.settled(closed)
    assert case_at(closed, marked.reference).stage is Stage.IN_POOL


def test_an_erasure_that_is_done_again_though_none_was_kept_is_told(
    office: Office,
    database: TestDatabase,
    backed_up: tuple[Path, m.Marked],
    capfd: pytest.CaptureFixture[str],
) -> None:
    reference, other = file_case(office), file_case(office, "emma")
    again.keep_watch(office)
    assert "erased_again_unasked" not in capfd.readouterr().out
    stream, last = f"case-{reference}", history(office, reference)[-1]
    two = ErasedBefore(proposed_by="a", confirmed_by="b", decided_at=last.effective_at)
    fact = NewEvent(event=ErasureDecided(again=two), effective_at=last.effective_at)
    written = commit_of(writing(stream, last.version, fact), destroy=(reference,))
    office.store.append(written)
    with connected(database, "application") as connection:
        # One that this program cannot read keeps no other from being kept.
        by_hand = Stream(connection, f"case-{other}", case_at(office, other).version)
        said = {"proposed_by": "a", "confirmed_by": "b"}
        by_hand.write({"type": "erasure-decided", "again": said})
    again.keep_watch(office)
    told = capfd.readouterr().out
    assert f"erased_again_unasked           references=['{reference}']" in re.sub(
        r"\x1b\[\d*m", "", told
    )
    assert other in told
    assert backed_up[1].reference not in told
    assert reference in without_redis(office).erasures.look().erasures


def test_an_erasure_is_done_though_it_can_be_kept_nowhere(
    office: Office, database: TestDatabase
) -> None:
    marked = m.file_marked(office)
    kept = office.settings.fence_folder / "erasures"
    kept.rename(kept.with_name("elsewhere"))
    kept.mkdir()
    closed = without_redis(office)
    carry_out(closed, marked.reference, c.WithdrawApplication(), asked(at=None))
    carry_out(closed, marked.reference, c.ProposeErasure(), asked(at=None))
    m.confirm(closed, marked.reference)
    assert not key_is_there(database, marked.reference)
    kept.rmdir()
    kept.with_name("elsewhere").rename(kept)
    again.keep_watch(closed)
    assert set(closed.erasures.look().erasures) == {marked.reference}


class Failing(Places):
    """Places that cannot even be looked at, for a reason that nobody thought of."""

    def look(self) -> Found:
        raise RuntimeError("nobody thought of this")


def test_no_fault_behind_an_erasure_says_that_it_was_not_done(
    office: Office, database: TestDatabase, capfd: pytest.CaptureFixture[str]
) -> None:
    marked = m.file_marked(office)
    settings = office.settings
    failing = Failing(settings.fence_folder, None, settings.blind_index_key)
    carry_out(office, marked.reference, c.WithdrawApplication(), asked(at=None))
    carry_out(office, marked.reference, c.ProposeErasure(), asked(at=None))
    m.confirm(replace(office, erasures=failing), marked.reference)
    assert not key_is_there(database, marked.reference)
    assert "nobody thought of this" in capfd.readouterr().out
    again.keep_watch(office)
    assert set(office.erasures.look().erasures) == {marked.reference}
