"""What stands still is told in the log once a minute, and where it was met only when it is new."""

import pytest
from structlog.testing import capture_logs

from services.projections.errors import OfAnotherLog, ProjectionOutdated, ProjectionStopped
from services.seldom import SECONDS, Seldom
from services.stillness import Stillness
from tests.services.issuing import Passing


def _stops(position: int) -> int:
    stopped = ProjectionStopped("case-list", position, "an event", "KeyError")
    raise stopped from KeyError("points")


def _goes_on() -> int:
    return 7


def test_it_is_told_in_one_line_a_minute_and_traced_when_it_is_new() -> None:
    passing = Passing()
    still = Stillness(Seldom(passing))
    with capture_logs() as logs:
        for position in (5, 5, 5, 6):
            for _ in range(3):
                assert still.told("case-list", lambda at=position: _stops(at)) is None
            passing.seconds += SECONDS
    assert [(each["name"], each["fault"], bool(each["exc_info"])) for each in logs] == [
        ("case-list", "ProjectionStopped", True),
        ("case-list", "ProjectionStopped", False),
        ("case-list", "ProjectionStopped", False),
        ("case-list", "ProjectionStopped", True),
    ]
    assert {each["log_level"] for each in logs} == {"error"}
    assert "qmas projections retry case-list" in logs[0]["because"]
    assert isinstance(logs[0]["exc_info"], KeyError)


def test_each_that_stands_still_is_told_by_itself() -> None:
    still = Stillness()

    def foreign() -> int:
        raise OfAnotherLog("work", 5, 3)

    def outdated() -> int:
        raise ProjectionOutdated("exercises", 3, 2)

    with capture_logs() as logs:
        for _ in range(2):
            still.told("case-list", lambda: _stops(5))
            still.told("work", foreign)
            still.told("exercises", outdated)
    assert [each["name"] for each in logs] == ["case-list", "work", "exercises"]
    assert logs[-1]["exc_info"] is None


def test_what_goes_on_is_told_of_by_nobody_and_other_faults_go_further() -> None:
    still = Stillness()
    with capture_logs() as logs:
        assert still.told("case-list", _goes_on) == 7
        with pytest.raises(ZeroDivisionError):
            still.told("case-list", lambda: 1 // 0)
    assert logs == []
