"""What is counted of compared cases, and how they are written."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from domain.application import Route
from domain.rules.types import Test as Kind
from domain.stages import Stage
from services.simulation.comparing import Compared, Effect, Standing
from services.simulation.table import COLUMNS, Unwritten, csv_to, whole_file
from services.simulation.tally import NAMED, tally_of

_MARKS = {Kind.POINTS: 80, Kind.CRITERIA: 6, Kind.ACHIEVEMENT: 225}


def standing(total: int | None, kind: Kind = Kind.POINTS, *, met: bool = True) -> Standing:
    mark = _MARKS[kind]
    return Standing(
        ruleset=f"a-{kind}",
        test=kind,
        total=total,
        pass_mark=mark,
        eligible=None if total is None else met and total >= mark,
    )


def case(present: Standing, target: Standing, reference: str = "QM-4K7RT-9XWPR") -> Compared:
    return Compared(
        reference=reference,
        route=Route.GENERAL,
        submitted_on=date(2019, 5, 1),
        stage=Stage.IN_POOL,
        present=present,
        target=target,
    )


def criteria(number: int) -> Standing:
    return standing(number, Kind.CRITERIA)


@pytest.mark.parametrize(
    ("present", "target", "effect"),
    [
        (standing(80), criteria(6), Effect.SAME),
        (standing(79), criteria(6), Effect.GAINS),
        (standing(80), criteria(5), Effect.LOSES),
        (standing(0), criteria(5), Effect.SAME),
    ],
)
def test_tests_of_two_kinds_are_compared_by_eligibility_only(
    present: Standing, target: Standing, effect: Effect
) -> None:
    found = case(present, target)
    assert (found.change, found.effect) == (None, effect)
    tally = tally_of([found])
    assert tally.changes == {}
    assert tally.becomes_eligible == (effect is Effect.GAINS)
    assert tally.loses_eligibility == (effect is Effect.LOSES)


def test_tests_of_one_kind_are_compared_by_points_whoever_is_eligible() -> None:
    found = case(standing(175, met=False), standing(145, met=False))
    assert (found.change, found.effect) == (-30, Effect.LOSES)
    assert not found.loses_eligibility


def test_a_tally_counts_each_effect_and_every_change() -> None:
    tally = tally_of(
        case(standing(before), standing(after))
        for before, after in [(70, 90), (70, 90), (100, 70), (80, 80), (80, None)]
    )
    assert tally.cases == 5
    assert tally.effects == {
        Effect.GAINS: 2,
        Effect.LOSES: 1,
        Effect.SAME: 1,
        Effect.NOT_ASSESSABLE: 1,
    }
    assert list(tally.changes.items()) == [(20, 2), (0, 1), (-30, 1)]
    assert (tally.gained, tally.lost) == (40, 30)
    assert (tally.becomes_eligible, tally.loses_eligibility) == (2, 1)


def test_those_who_change_most_are_named_and_the_first_among_equals() -> None:
    changes = [5, 20, 10, 20, 15, 5, 5, 5, 5, 5, 5, 5, 5]
    tally = tally_of(
        case(standing(80), standing(80 + change), f"case {number}")
        for number, change in enumerate(changes)
    )
    named = [each.reference for each in tally.most_gained]
    assert len(named) == NAMED
    assert named[:5] == ["case 1", "case 3", "case 4", "case 2", "case 0"]
    assert named[5:] == ["case 5", "case 6", "case 7", "case 8", "case 9"]
    assert tally.most_lost == ()


def test_a_line_of_csv_says_everything_and_leaves_out_what_nobody_knows() -> None:
    file = io.StringIO()
    write = csv_to(file)
    write(case(standing(100), standing(70)))
    write(case(standing(90), standing(None), "QM-6F99B-43CWN"))
    write(case(standing(90), criteria(7)))
    assert file.getvalue() == (
        "reference,route,submitted_on,stage,ruleset,total,computed_total,pass_mark,eligible,"
        "to_ruleset,to_total,to_computed_total,to_pass_mark,to_eligible,change\n"
        "QM-4K7RT-9XWPR,general,2019-05-01,in-pool,a-points,100,,80,true,a-points,70,,80,false,-30\n"
        "QM-6F99B-43CWN,general,2019-05-01,in-pool,a-points,90,,80,true,a-points,,,80,,\n"
        "QM-4K7RT-9XWPR,general,2019-05-01,in-pool,a-points,90,,80,true,a-criteria,7,,6,true,\n"
    )
    assert tuple(next(csv.reader(io.StringIO(file.getvalue())))) == COLUMNS


def test_a_file_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    with whole_file(path) as file:
        file.write("whole\n")
        assert not path.exists()
    assert path.read_text("utf-8") == "whole\n"


def test_a_file_that_was_not_finished_leaves_the_older_one_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("older\n", "utf-8")

    def stopped() -> None:
        with whole_file(path) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [each.name for each in tmp_path.iterdir()] == ["cases.csv"]
    assert path.read_text("utf-8") == "older\n"


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "cases.csv"
    with (
        pytest.raises(Unwritten, match=r"cases\.csv cannot be written: No such file"),
        whole_file(path),
    ):
        pass


def test_a_link_stays_a_link_and_the_file_behind_it_is_written(tmp_path: Path) -> None:
    link = tmp_path / "cases.csv"
    link.symlink_to(tmp_path / "kept" / "may.csv")
    (tmp_path / "kept").mkdir()
    with whole_file(link) as file:
        file.write("whole\n")
    assert link.is_symlink()
    assert (tmp_path / "kept" / "may.csv").read_text("utf-8") == "whole\n"


def test_what_is_no_file_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    with (
        pytest.raises(Unwritten, match="full cannot be written: No space left on device"),
        whole_file(link) as file,
    ):
        file.write("row\n")
    assert link.is_char_device()
    assert [each.name for each in tmp_path.iterdir()] == ["full"]
