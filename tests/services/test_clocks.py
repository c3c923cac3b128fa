"""The clock of a case as every edge shows it: the command line, the office's page, the API."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from domain import commands as c
from domain.application import Channel
from domain.clocks import Clock, StopCause
from domain.working_days import HolidaysNotLoaded
from services.api.app import create_api
from services.cases import carry_out, case_at, submit
from services.cli.explain import explain
from services.clocks import clock_of
from services.settings import Settings
from services.wiring import Office
from tests.services.api.calling import Caller
from tests.services.asking import asked, on_paper
from tests.services.visiting import signed_in

WITHDRAWN = datetime(2019, 5, 14, 2, 0, tzinfo=UTC)


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }


def withdrawn(office: Office) -> str:
    """Return the case that John filed on 1 May 2019 and withdrew a fortnight later."""
    reference = submit(office, on_paper("john"), asked()).reference
    carry_out(office, reference, c.WithdrawApplication(), asked(at=WITHDRAWN))
    return reference


def test_explain_tells_a_clock_that_runs_and_one_that_stands(
    office: Office, environment: dict[str, str]
) -> None:
    reference = withdrawn(office)
    then = [reference, "--as-of", "2019-05-10"]
    running = CliRunner().invoke(explain, then, env=environment).output
    assert (
        "Clock, in working days until 2019-05-10\n     7  with the office\n  it runs\n" in running
    )
    ended = CliRunner().invoke(explain, [reference], env=environment).output
    assert "     8  with the office\n  it stands since 2019-05-14: decided (nobody)\n" in ended


def test_explain_tells_who_stopped_the_clock(office: Office, environment: dict[str, str]) -> None:
    filed = datetime(2025, 3, 3, 2, 0, tzinfo=UTC)
    online = replace(on_paper("john"), channel=Channel.ONLINE)
    reference = submit(office, online, asked(at=filed)).reference
    paid = datetime(2025, 3, 6, 2, 0, tzinfo=UTC)
    carry_out(office, reference, c.PayApplicationFee(amount_hkd=600), asked(at=paid))
    unpaid = CliRunner().invoke(explain, [reference, "--as-of=2025-03-05"], env=environment)
    assert "it stands since 2025-03-03: fee-awaited (applicant)\n" in unpaid.output
    later = CliRunner().invoke(explain, [reference, "--as-of=2025-03-10"], env=environment)
    assert "     2  with the office\n     3  stopped: fee-awaited (applicant)\n" in later.output


def test_the_page_of_a_case_shows_its_clock(office: Office) -> None:
    reference = withdrawn(office)
    page = signed_in(office, "officer.chan").get(f"/staff/cases/{reference}")
    assert page.facts["Clock"] == (
        "8 working days with the office Stands since 14 May 2019, 10:00 : the case is decided"
    )


def test_the_api_tells_the_clock_of_a_case(office: Office) -> None:
    reference = withdrawn(office)
    caller = Caller(app=create_api(office), office=office)
    then = caller.get(f"/cases/{reference}?as_of=2019-05-10T12:00:00%2B08:00").json["clock"]
    assert then == {
        "read_at": "2019-05-10T04:00:00+00:00",
        "runs": True,
        "elapsed": 7,
        "running": 7,
        "stopped": [],
        "stops": [],
    }
    now = caller.get(f"/cases/{reference}").json["clock"]
    assert (now["runs"], now["running"]) == (False, 8)
    assert now["stops"] == [
        {"cause": "decided", "by": "nobody", "since": "2019-05-14T02:00:00+00:00"}
    ]


def test_a_clock_is_read_now_at_the_latest(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    today = replace(office, clock=lambda: datetime(2019, 6, 3, 2, 0, tzinfo=UTC))
    case = case_at(today, reference)
    for moments in (
        {},
        {"as_of": datetime(2040, 1, 1, tzinfo=UTC)},
        {"believed_at": datetime(2040, 1, 1, tzinfo=UTC)},
    ):
        found = clock_of(today, case, **moments)
        assert isinstance(found, Clock)
        assert found.read_at == today.clock()


def test_a_clock_that_cannot_be_read_hides_nothing_else(office: Office) -> None:
    late = replace(office, clock=lambda: datetime(2028, 1, 3, 2, 0, tzinfo=UTC))
    running = submit(late, on_paper("john"), asked()).reference
    assert isinstance(clock_of(late, case_at(late, running)), HolidaysNotLoaded)
    answer = Caller(app=create_api(late), office=late).get(f"/cases/{running}").json
    assert (answer["stage"], answer["clock"]) == ("submitted", None)
    page = signed_in(late, "officer.chan").get(f"/staff/cases/{running}")
    assert page.facts["Clock"].startswith("no general holidays are loaded for 3 January 2028")

    carry_out(late, running, c.WithdrawApplication(), asked(at=WITHDRAWN))
    ended = clock_of(late, case_at(late, running))
    assert isinstance(ended, Clock)
    assert [each.cause for each in ended.stops] == [StopCause.DECIDED]
