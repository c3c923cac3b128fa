"""The identity provider as it is told: roles by a claim, and whose door is open where."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from domain.access import Role
from services import web
from services.identity import are_local, colleagues, logins, officers, refuse_open_door
from services.oidc import RolesFault, read_roles
from services.settings import Settings, SettingsFault
from services.stack import lifecycle
from services.stack.doctor import examine

ROLES = """
claim = "groups"

[[role]]
value = "supervisors"
role = "supervisor"

[[role]]
value = "officers"
role = "officer"
"""
PROVIDER = {
    "QMAS_OIDC_ISSUER": "http://127.0.0.1:9",
    "QMAS_OIDC_CLIENT_ID": "qmas",
    "QMAS_OIDC_CLIENT_SECRET": "a client's hidden word 123",
    "QMAS_OIDC_ROLES": ROLES,
}


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"groups": ["officers"]}, Role.OFFICER),
        ({"groups": "officers"}, Role.OFFICER),
        ({"groups": ["officers", "supervisors"]}, Role.SUPERVISOR),
        ({"groups": ["somebody", "else"]}, None),
        ({"groups": []}, None),
        ({"groups": None}, None),
        ({"groups": {"officers": True}}, None),
        ({"groups": [["officers"], 3]}, None),
        ({"groups": "officers supervisors"}, None),
        ({"roles": ["officers"]}, None),
        ({}, None),
    ],
)
def test_a_person_has_the_first_role_that_their_claim_is_mapped_to(
    claims: dict[str, Any], role: Role | None
) -> None:
    assert read_roles(ROLES).role_of(claims) is role


@pytest.mark.parametrize("name", ["realm_access.roles", "https://office.example/roles"])
def test_a_claim_may_be_inside_another_and_may_have_dots_in_its_name(name: str) -> None:
    roles = read_roles(ROLES.replace("groups", name))
    assert roles.role_of({"realm_access": {"roles": ["officers"]}}) is (
        Role.OFFICER if name.startswith("realm") else None
    )
    assert roles.role_of({name: ["officers"]}) is Role.OFFICER
    assert roles.role_of({"realm_access": "roles"}) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("claim = ", "is not TOML"),
        ("", "must hold a text claim and tables"),
        (ROLES.replace('"groups"', "3"), "must hold a text claim"),
        ("other = 1" + ROLES, "and nothing else"),
        (ROLES.replace('role = "officer"', ""), "number 2 must have value and role"),
        (ROLES.replace('"officers"', '["officers"]'), "number 2 must have value and role"),
        (ROLES.replace('"officer"', '"king"'), "number 2 has a role that is none of"),
        (ROLES.replace('"officer"', '"applicant"'), "number 2 has a role that is none of"),
        (ROLES.replace('"officers"', '"supervisors"'), "maps supervisors twice"),
    ],
)
def test_what_cannot_be_a_mapping_is_refused_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(RolesFault, match=fault):
        read_roles(text)


def test_the_embedded_stack_may_ask_a_provider_on_this_machine(open_folder: Path) -> None:
    told = Settings.load(PROVIDER, open_folder / "home").oidc
    assert told is not None
    assert (told.account, told.scopes, told.audience) == ("sub", "openid profile", None)
    with pytest.raises(SettingsFault, match="QMAS_OIDC_ISSUER must begin with https://"):
        Settings.load(PROVIDER | {"QMAS_OIDC_ISSUER": "http://10.0.0.1"}, open_folder / "home")


def test_all_that_is_wrong_with_a_provider_is_told_at_once(open_folder: Path) -> None:
    with pytest.raises(SettingsFault) as raised:
        Settings.load({"QMAS_OIDC_ISSUER": "https://issuer.example"}, open_folder / "home")
    assert [fault.split()[0] for fault in raised.value.faults] == [
        "QMAS_OIDC_CLIENT_ID",
        "QMAS_OIDC_CLIENT_SECRET",
        "QMAS_OIDC_ROLES",
    ]


def test_what_is_told_of_a_provider_without_its_issuer_is_refused(open_folder: Path) -> None:
    with pytest.raises(SettingsFault, match="QMAS_API_AUDIENCE means nothing without QMAS_OIDC_IS"):
        Settings.load({"QMAS_API_AUDIENCE": "cases"}, open_folder / "home")


def test_where_a_provider_knows_the_people_there_are_no_local_ones(open_folder: Path) -> None:
    settings = Settings.load(PROVIDER, open_folder / "home")
    assert not are_local(settings)
    assert officers(settings) is None
    assert colleagues(settings) == ()
    with pytest.raises(SettingsFault, match="the identity provider knows the people here"):
        logins(settings)
    refuse_open_door(replace(settings, web_host="0.0.0.0"))  # noqa: S104 - nothing is bound


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "cases.example"])  # noqa: S104 - nothing is bound
def test_local_people_are_refused_where_other_machines_reach_them(
    open_folder: Path, host: str
) -> None:
    settings = Settings.load({"QMAS_WEB_HOST": host}, open_folder / "home")
    for act in (refuse_open_door, logins, lifecycle.up):
        with pytest.raises(SettingsFault, match=f"QMAS_WEB_HOST is '{host}', where other machines"):
            act(settings)
    told = [each for each in examine(settings) if "local sign-in" in each.says]
    assert [each.is_well for each in told] == [False]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"QMAS_TRUSTED_PROXIES": "127.0.0.1"}, "QMAS_TRUSTED_PROXIES tells of a proxy"),
        ({"QMAS_PUBLIC_URL": "https://cases.example"}, "QMAS_PUBLIC_URL is of the host"),
        ({"QMAS_PUBLIC_URL": "http://192.0.2.1:8600"}, "QMAS_PUBLIC_URL is of the host"),
    ],
)
def test_local_people_are_refused_where_a_proxy_leads_others_to_them(
    open_folder: Path, told: dict[str, str], says: str
) -> None:
    settings = Settings.load(told, open_folder / "home")
    for act in (refuse_open_door, lifecycle.up):
        with pytest.raises(SettingsFault, match=says):
            act(settings)
    found = [each for each in examine(settings) if "local sign-in" in each.says]
    assert [each.is_well for each in found] == [False]
    refuse_open_door(Settings.load({**PROVIDER, **told}, open_folder / "home"))


def test_a_web_server_that_somebody_binds_elsewhere_serves_nothing(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(os.environ, "QMAS_HOME", str(open_folder / "home"))
    answer = Client(web.application).get("/staff/sign-in", base_url="http://192.0.2.1:8600")
    assert (answer.status_code, answer.mimetype) == (503, "text/plain")
    assert answer.text == "qmas: not configured; its log says why\n"
    assert "'192.0.2.1', where other machines reach local sign-in" in capsys.readouterr().out


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_is_no_other_machine(open_folder: Path, host: str) -> None:
    settings = Settings.load({"QMAS_WEB_HOST": host}, open_folder / "home")
    refuse_open_door(settings)
    assert logins(settings)
