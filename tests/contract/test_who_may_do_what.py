"""The documented table of who may do what is what the policy and the routes say now."""

from domain.access import PERMITTED, Action
from tests.contract import who_may_do_what


def test_the_table_is_current() -> None:
    assert who_may_do_what.PAGE.read_text(encoding="utf-8") == who_may_do_what.present(), (
        "run `python -m tests.contract.pin` and look at what it changes"
    )


def test_no_address_is_listed_twice() -> None:
    listed = [address for address, _ in who_may_do_what.addresses()]
    assert sorted(set(listed)) == sorted(listed)


def test_nobody_is_asked_for_leave_at_these_addresses_alone() -> None:
    public = {
        address.removeprefix("GET ").replace("POST ", "> ")
        for address, action in who_may_do_what.addresses()
        if action is Action.PUBLIC
    }
    assert public == {
        *("/", "> /", "/code", "> /code", "> /status/close"),
        *("/staff/sign-in", "> /staff/sign-in", "/audit/sign-in", "> /audit/sign-in"),
        *("/sign-in/begin", "/sign-in/return", "> /sign-out"),
        *("/rules", "/rules/<name>", "/results", "/results/<name>"),
        *("/api/v1/rulesets", "/api/v1/rulesets/<ruleset>", "> /api/v1/assessments"),
        *("/api/v1/results", "/api/v1/results/<exercise>"),
        *("> /api/v1/status-enquiries", "> /api/v1/status-enquiries/<challenge>"),
    }


def test_every_action_has_a_row_with_a_mark_for_each_role_that_may() -> None:
    rows = who_may_do_what.PAGE.read_text(encoding="utf-8").splitlines()
    for action in Action:
        (row,) = (each for each in rows if each.startswith(f"| `{action}` |"))
        assert row.count("●") == len(PERMITTED[action])
