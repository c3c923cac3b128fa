"""How long records are kept: a period is over on its day, and the schedule tells all its faults."""

from copy import deepcopy
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retaining import STAGES_OF
from domain.rules.book import parse_rulebook
from domain.rules.choose import NoRule, retention
from domain.rules.reading import RulesetFaults
from domain.rules.retention import OF_CASES, RUNS_FROM, RecordClass, Retention
from domain.rules.types import Rulebook
from tests.contract.rulebook import shipped_documents

DAY = timedelta(days=1)
DAYS = st.dates(date(2006, 6, 28), date(2100, 12, 31))


def kept(rulebook: Rulebook, *, months: int = 0, days: int = 0) -> Retention:
    rule = retention(rulebook, RecordClass.REFUSED, date(2026, 1, 1))
    return Retention(
        record=rule.record,
        months=months,
        days=days,
        runs_from=rule.runs_from,
        authority=rule.authority,
        life=rule.life,
    )


def test_the_schedule_says_of_every_class_how_long_and_on_whose_authority(
    rulebook: Rulebook,
) -> None:
    for record in RecordClass:
        rule = retention(rulebook, record, date(2026, 1, 1))
        assert (rule.months == 0) != (rule.days == 0)
        assert rule.life.cited.source
        assert rule.life.cited.note.startswith("local policy") == (rule.authority != "law")
    with pytest.raises(NoRule, match="no time to keep refused is loaded for 27 June 2006"):
        retention(rulebook, RecordClass.REFUSED, date(2006, 6, 27))


def test_every_class_of_cases_has_a_stage_and_every_class_an_instant() -> None:
    assert tuple(STAGES_OF) == OF_CASES
    assert RUNS_FROM.keys() == {*RecordClass}
    assert len({*STAGES_OF.values()}) == len(STAGES_OF)


@pytest.mark.parametrize(
    ("months", "days", "began", "over"),
    [
        (24, 0, date(2019, 5, 1), date(2021, 5, 1)),
        (1, 0, date(2019, 1, 31), date(2019, 2, 28)),
        (12, 0, date(2020, 2, 29), date(2021, 2, 28)),
        (0, 30, date(2019, 5, 1), date(2019, 5, 31)),
    ],
)
def test_a_period_is_over_on_the_same_day_of_the_calendar(
    rulebook: Rulebook, months: int, days: int, began: date, over: date
) -> None:
    rule = kept(rulebook, months=months, days=days)
    assert rule.over_on(began) == over
    assert rule.last_over(over) >= began
    assert rule.last_over(over - DAY) < began


@given(on=DAYS, months=st.integers(1, 200) | st.just(0), days=st.integers(1, 400))
def test_what_began_by_the_last_day_is_over_and_what_began_after_it_is_not(
    rulebook: Rulebook, on: date, months: int, days: int
) -> None:
    rule = kept(rulebook, months=months, days=0 if months else days)
    last = rule.last_over(on)
    assert rule.over_on(last) <= on < rule.over_on(last + DAY)


def test_every_fault_of_a_schedule_is_told_at_once() -> None:
    documents = shipped_documents()
    first, second, third, fourth, fifth, *rest = documents["retention"]["retention"]
    first["days"] = 3
    del second["months"]
    third["runs_from"] = "settled"
    fourth["source"] = ["S999"]
    fifth["authority"] = "somebody"
    rest[0]["months"] = 4_000
    rest[1]["period"] = "long"
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    assert refused.value.faults == (
        "retention: retention[0].months: must stand, or days must, and not both",
        "retention: retention[1].months: must stand, or days must, and not both",
        "retention: retention[2].runs_from: of closed must be end, submission, not settled",
        "retention: retention[3].source: S999 is not among the sources",
        ("retention: retention[4].authority: must be one of law, local-policy, not 'somebody'"),
        "retention: retention[5].months: must be at most 1200, not 4000",
        "retention: retention[6].period: is not known here",
    )


def test_a_class_without_a_time_or_with_two_is_a_fault() -> None:
    documents = shipped_documents()
    rows = documents["retention"]["retention"]
    rows[1] = deepcopy(rows[0])
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    assert refused.value.faults == (
        (
            "the time to keep refused begins on 2006-06-28, while the time to keep refused is in "
            "force"
        ),
        "retention: no time to keep withdrawn is loaded",
    )


def test_a_later_row_holds_from_its_day_on() -> None:
    documents = shipped_documents()
    rows = documents["retention"]["retention"]
    rows.append({**rows[0], "months": 36, "from": date(2027, 1, 1), "known_from": date(2026, 1, 1)})
    book = parse_rulebook(documents)
    assert retention(book, RecordClass.REFUSED, date(2026, 12, 31)).months == 24
    assert retention(book, RecordClass.REFUSED, date(2027, 1, 1)).period == "36 months"
