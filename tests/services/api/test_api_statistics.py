"""The figures of the office over HTTP."""

import pytest

from services import statistics
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.api.calling import AUDITOR, OFFICER, SUPERVISOR, V1, Caller, is_problem


def caught_up(office: Office) -> None:
    catch_up_all(office.store, office.models)


def test_the_figures_are_those_that_were_counted_last(caller: Caller, office: Office) -> None:
    caller.submit()
    caught_up(office)
    is_problem(caller.call("GET", f"{V1}/statistics", by=OFFICER), 503, "not-shown-yet")
    statistics.count(office)
    first = caller.call("GET", f"{V1}/statistics", by=OFFICER)
    assert first.status_code == 200, first.text
    assert set(first.json) == {"statistics", "outlooks"}
    assert [each["received"] for each in first.json["statistics"]["funnels"]] == [1]
    caller.submit("emma")
    caught_up(office)
    assert caller.call("GET", f"{V1}/statistics", by=AUDITOR).json == first.json


@pytest.mark.parametrize("role", [SUPERVISOR, AUDITOR])
def test_the_work_of_officers_is_shown_to_those_above_them(
    caller: Caller, office: Office, role: str
) -> None:
    caller.submit()
    caught_up(office)
    found = caller.call("GET", f"{V1}/workload", by=role)
    assert found.status_code == 200, found.text
    assert (found.json["officers"], found.json["cases"]) == ([], 1)


def test_the_work_of_officers_is_not_shown_to_each_other(caller: Caller) -> None:
    is_problem(caller.call("GET", f"{V1}/workload", by=OFFICER), 403, "forbidden")
