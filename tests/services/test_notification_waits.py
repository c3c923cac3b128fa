"""How long a message that was put off waits before the next attempt."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.delivery import FIRST_WAIT, LONGEST_WAIT, MAX_ATTEMPTS, wait_after


def test_waits_double_up_to_the_longest() -> None:
    waits = [wait_after(attempts, luck=1) for attempts in range(1, MAX_ATTEMPTS)]
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert all(second == min(2 * first, LONGEST_WAIT) for first, second in pairwise(waits))
    assert waits[-1] == LONGEST_WAIT


def test_a_message_is_tried_for_about_as_long_as_mail_is() -> None:
    tried_for = sum((wait_after(each, luck=0.5) for each in range(1, MAX_ATTEMPTS)), timedelta())
    assert timedelta(days=3) < tried_for < timedelta(days=5)


@given(attempts=st.integers(1, 10_000), luck=st.floats(0, 1))
def test_luck_takes_off_at_most_half_and_adds_nothing(attempts: int, luck: float) -> None:
    whole = wait_after(attempts, luck=1)
    assert whole / 2 <= wait_after(attempts, luck) <= whole
