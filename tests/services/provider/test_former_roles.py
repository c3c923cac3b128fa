"""A role that the identity provider gives somebody no more is over, wherever they are signed in."""

import psycopg
import pytest

from domain.access import Role
from services.settings import Settings
from services.wiring import Office, open_office
from tests.services.issuing import ROLES, Guest, Issuer, provided


@pytest.mark.parametrize(
    ("groups", "role"), [(["auditors"], Role.AUDITOR), (["programs"], None), (["choir"], None)]
)
def test_a_role_that_somebody_has_no_more_is_over_in_every_browser(
    settings: Settings, issuer: Issuer, groups: list[str], role: Role | None
) -> None:
    program = """
[[role]]
value = "programs"
role = "service"
"""
    opened = open_office(provided(settings, issuer, QMAS_OIDC_ROLES=f"{ROLES}{program}"))
    before, again, other, now = (Guest(opened, issuer) for _ in range(4))
    for guest in (before, again):
        guest.sign_in()
    other.sign_in(sub="lee-18")
    now.sign_in(groups=groups)
    assert not before.is_in()
    assert not again.is_in()
    assert other.is_in()
    assert now.is_in() is (role is not None)
    listed = opened.sessions.listed(opened.clock(), "chan-17")
    assert [each.person.role for each in listed] == ([role] if role else [])
    with psycopg.connect(opened.settings.database_url) as connection:
        query = "SELECT DISTINCT account, ended_by FROM sessions WHERE ended IS NOT NULL"
        assert connection.execute(query).fetchall() == [("chan-17", issuer.url)]
    opened.close()


def test_another_sign_in_with_the_same_role_ends_no_session(office: Office, issuer: Issuer) -> None:
    first, second = Guest(office, issuer), Guest(office, issuer)
    first.sign_in()
    second.sign_in()
    assert first.is_in()
    assert second.is_in()
