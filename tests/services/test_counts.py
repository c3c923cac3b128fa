"""How counts are said that ended at a bound."""

import pytest

from services.counts import Count


@pytest.mark.parametrize(
    ("found", "said"),
    [(0, "0"), (1, "1"), (9_999, "9,999"), (10_000, "10,000 or more")],
)
def test_a_count_says_where_it_ended(found: int, said: str) -> None:
    count = Count.counted(found, 10_000)
    assert (str(count), bool(count)) == (said, found > 0)


def test_a_total_with_one_bound_in_it_is_a_bound() -> None:
    known = [Count(number=7), Count(number=10_000, or_more=True)]
    assert str(Count.total(known)) == "10,007 or more"
    assert str(Count.total(known[:1])) == "7"
    assert not Count.total([])
