"""A day on the command line: its start where something begins, its end where one looks."""

from datetime import UTC, datetime

import click
import pytest

from services.cli.asking import INSTANT, MOMENT


def test_something_that_took_effect_on_a_day_did_so_at_its_first_instant() -> None:
    found = INSTANT.convert("2019-05-01", None, None)
    assert found == datetime(2019, 4, 30, 16, 0, tzinfo=UTC)


def test_a_look_at_a_day_sees_all_of_that_day() -> None:
    found = MOMENT.convert("2019-05-01", None, None)
    assert found == datetime(2019, 5, 1, 15, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize("kind", [INSTANT, MOMENT])
def test_an_instant_with_its_offset_is_taken_as_it_is(kind: click.ParamType[datetime]) -> None:
    found = kind.convert("2019-05-01T09:30:00+08:00", None, None)
    assert found == datetime(2019, 5, 1, 1, 30, tzinfo=UTC)
