"""A mark of what was sent that is no number: it is told, and mended where another is kept."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from services.cli.notifications import notifications
from services.notifications.delivery import deliver
from services.notifications.fence import Choice, FenceOpen
from services.notifications.planning import plan
from services.pokes import redis_of
from services.settings import Settings
from services.stack.doctor import examine
from services.stack.finding import Finding
from services.wiring import Office
from tests.integration.mailing import MailServer, acknowledge, an_office, applicant

_NOWHERE: Final = "redis://127.0.0.1:9/0"
_GARBAGE: Final = ("garbage\n", "00000000000000000001\ngarbage, and more of it than a mark is long")


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    """An office that sent one letter, with another planned."""
    with an_office(told) as opened:
        opened.erasures.mend(anew=True)
        acknowledge(opened, applicant(1))
        assert (plan(opened), deliver(opened)) == (1, 1)
        acknowledge(opened, applicant(2))
        plan(opened)
        yield opened


def _file(told: Settings) -> Path:
    (mark,) = (each for each in told.fence_folder.iterdir() if each.name != "erasures")
    return mark


def _in_redis(told: Settings, become: str | None) -> None:
    redis = redis_of(told.broker_url)
    assert redis is not None
    for key in redis.scan_iter("qmas:handed-over:*"):
        redis.delete(key) if become is None else redis.set(key, become)
    redis.close()


def _shown(told: Settings) -> str:
    """Return all that `qmas notifications fence` writes."""
    environ = told.child_environ() | {"QMAS_BROKER_URL": told.broker_url}
    result = CliRunner(env=environ).invoke(notifications, ["fence"], catch_exceptions=False)
    return result.output


def _finding(told: Settings) -> Finding:
    return next(finding for finding in examine(told) if finding.subject == "notifications")


def _is_told(office: Office, told: Settings, fault: str, remedy: str) -> None:
    """Whatever asks says what is wrong while the fence is open and, where it helps, what to do."""
    whole = f"{fault}; {remedy}" if remedy else fault
    assert _shown(told) == f"open, but {fault}\n"
    environ = told.child_environ() | {"QMAS_BROKER_URL": told.broker_url}
    status = CliRunner(env=environ).invoke(notifications, ["status"])
    assert (status.exit_code, status.stderr) == (1, f"qmas: {whole}\n")
    finding = _finding(told)
    assert (finding.is_well, finding.says, finding.remedy) == (False, fault, remedy)
    with pytest.raises(FenceOpen) as refused:
        office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root")
    assert str(refused.value) == f"the fence is open, but {whole}"


@pytest.mark.parametrize("garbage", _GARBAGE)
def test_a_broken_file_is_told_and_mended_from_redis(
    office: Office, told: Settings, garbage: str
) -> None:
    file = _file(told)
    file.write_text(garbage)
    fault = f"the mark of what was sent in {file} is no number; workers mend it from the other one"
    _is_told(office, told, fault, "have workers run (`qmas up`)")
    assert deliver(office) == 1
    assert int(file.read_text("ascii")) == 2
    assert _shown(told) == "open: what is due is sent\n"
    _in_redis(told, None)
    acknowledge(office, applicant(3))
    assert (plan(office), deliver(office)) == (1, 1), "what was mended is enough"


def test_a_broken_key_is_told_and_mended_from_the_file(office: Office, told: Settings) -> None:
    _in_redis(told, "garbage")
    assert "in Redis (qmas:handed-over:" in _shown(told)
    assert deliver(office) == 1
    assert _shown(told) == "open: what is due is sent\n"


@pytest.mark.parametrize("in_redis", [None, "garbage"])
def test_where_no_mark_is_a_number_the_fence_closes_and_names_the_file(
    office: Office, told: Settings, mail: MailServer, in_redis: str | None
) -> None:
    file = _file(told)
    file.write_text("garbage\n")
    _in_redis(told, in_redis)
    shown = _shown(told)
    assert "and no other is kept, so this database may be an old one: nothing is sent" in shown
    assert office.ledger.fence.state().closed_at is None, "asking closes nothing"
    assert deliver(office) == 0
    because = str(office.ledger.fence.state().closed_because)
    assert f"in {file}" in because
    assert "this database may be an old one" in because
    assert because in _shown(told)
    finding = _finding(told)
    assert (finding.is_well, finding.says) == (False, because)
    assert office.ledger.fence.confirm(Choice.SEND, "cli.root") == 1
    assert deliver(office) == 1
    assert len(mail.messages) == 2


def test_while_redis_is_away_a_broken_file_closes_nothing(office: Office, told: Settings) -> None:
    _file(told).write_text("garbage\n")
    cut_off = replace(told, broker_url=_NOWHERE)
    with an_office(cut_off) as apart:
        assert deliver(apart) == 0
        assert office.ledger.fence.state().closed_at is None
        fault = str(apart.ledger.fence.state().fault)
        assert "Redis does not answer: nothing is sent until that is mended" in fault
        _is_told(apart, cut_off, fault, "")
    assert deliver(office) == 1


def test_where_nothing_was_sent_yet_and_no_mark_can_be_read_nothing_is_and_that_is_told(
    told: Settings,
) -> None:
    blocked = told.home.with_name("not-a-folder")
    blocked.touch()
    cut_off = replace(told, broker_url=_NOWHERE, fence_folder=blocked)
    with an_office(cut_off) as apart:
        acknowledge(apart, applicant(1))
        assert (plan(apart), deliver(apart)) == (1, 0)
        fault = str(apart.ledger.fence.state().fault)
        assert "can be remembered nowhere now, so nothing is sent until it can" in fault
        finding = _finding(cut_off)
        assert (finding.is_well, finding.says, finding.remedy) == (False, fault, "")
    with an_office(told) as opened:
        assert opened.ledger.fence.state().fault is None
        assert not told.fence_folder.exists(), "asking makes no mark"
        assert deliver(opened) == 1


def test_a_file_of_which_nothing_was_written_yet_is_none(office: Office, told: Settings) -> None:
    _file(told).write_text("")
    assert deliver(office) == 1
    assert int(_file(told).read_text("ascii")) == 2
