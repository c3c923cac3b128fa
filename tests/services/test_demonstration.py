"""The demonstration's own care: a folder that is not free, and a year that was cut short."""

import pytest

from domain.events import ApplicationRefused
from domain.stages import Stage
from services.cases import case_at, submit
from services.demo import lives
from services.demo.year import FolderTaken, arrivals, hold_exercise, issue_visas, take_in
from services.wiring import Office
from tests.services.asking import asked, on_paper


def test_a_folder_in_which_john_has_filed_before_is_refused_before_anything_is_written(
    office: Office,
) -> None:
    submit(office, on_paper("john"), asked())
    with pytest.raises(FolderTaken, match="data folder of its own"):
        take_in(office, arrivals(), lambda _: None)
    # What John filed, and the note on it that somebody filed again.
    assert office.store.sequence() == 2


def test_a_year_begun_again_files_nobody_twice(office: Office) -> None:
    few = list(arrivals())[:12]
    first = take_in(office, few[:5], lambda _: None)
    assert take_in(office, few, lambda _: None) == first
    head = office.store.sequence()
    assert take_in(office, few, lambda _: None) == first
    assert office.store.sequence() == head


def test_the_exercise_and_the_visas_go_on_where_they_were_cut_short(office: Office) -> None:
    few = list(arrivals())[:12]
    take_in(office, few, lambda _: None)
    selected = hold_exercise(office)
    issue_visas(office, selected[:1], lambda _: None)
    assert hold_exercise(office) == selected
    issue_visas(office, selected, lambda _: None)
    assert {case_at(office, each).stage for each in selected} == {Stage.ACTIVE}
    head = office.store.sequence()
    issue_visas(office, selected, lambda _: None)
    assert office.store.sequence() == head


def test_every_life_comes_to_its_stage_and_can_be_begun_again(office: Office) -> None:
    take_in(office, list(arrivals())[:12], lambda _: None)
    selected = hold_exercise(office)
    issue_visas(office, selected[: lives.REFUSED_LATE], lambda _: None)
    followed = lives.live(office, selected)
    assert [each.stage for each in followed] == [
        Stage.IN_POOL,
        Stage.REFUSED,
        Stage.IN_POOL,
        Stage.REFUSED,
        Stage.IN_POOL,
        Stage.ACTIVE,
        Stage.VOIDED,
    ]
    refusals = [_refusal(office, each.reference) for each in followed]
    assert [each for each in refusals if each] == ["R1", "R2", "R3"]
    head = office.store.sequence()
    assert lives.live(office, selected) == followed
    assert office.store.sequence() == head


def _refusal(office: Office, reference: str) -> str | None:
    """Return the class for which a case was refused at any time."""
    events = (each.event for each in case_at(office, reference).events)
    return next(
        (each.reason_class for each in events if isinstance(each, ApplicationRefused)), None
    )
