"""What is counted of cases, told from smaller counts."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.stages import Stage
from domain.statistics import Arrivals, Intake, Reached, passed_over, years

DAY = date(2019, 5, 1)


@given(
    st.lists(
        st.builds(
            Arrivals,
            day=st.integers(0, 20).map(lambda days: DAY + timedelta(days=days)),
            there=st.integers(0, 3),
            gone_on=st.integers(0, 3),
        ),
        unique_by=lambda each: each.day,
    )
)
def test_each_that_is_there_is_held_against_each_newer_one_that_went_on(
    arrivals: list[Arrivals],
) -> None:
    newer = [
        sum(other.gone_on for other in arrivals if other.day > each.day)
        for each in arrivals
        for _ in range(each.there)
    ]
    assert passed_over(arrivals) == (sum(1 for each in newer if each), max(newer, default=0))


def intake(month: date, ruleset: str | None, reached: int, there: int) -> Intake:
    count = Reached(stage=Stage.IN_POOL, reached=reached, there=there)
    return Intake(month=month, ruleset=ruleset, received=there, stages=(count,))


def test_months_add_up_to_their_year_under_each_ruleset() -> None:
    found = years(
        (
            intake(date(2018, 12, 1), "gpt-2018", 5, 4),
            intake(date(2019, 1, 1), "gpt-2018", 3, 2),
            intake(date(2019, 12, 1), "gpt-2018", 2, 1),
            intake(date(2019, 12, 1), None, 1, 1),
        )
    )
    assert found == (
        intake(date(2019, 1, 1), "gpt-2018", 5, 3),
        intake(date(2019, 1, 1), None, 1, 1),
        intake(date(2018, 1, 1), "gpt-2018", 5, 4),
    )
    assert found[0].reached(Stage.IN_POOL) == 5
    assert found[0].reached(Stage.REFUSED) == 0
