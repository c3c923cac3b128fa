"""Tokens of programs: for what they are, for how long, and how they end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from click.testing import CliRunner, Result

from domain.access import Action, Role
from services.api.app import create_api
from services.cli.tokens import tokens as command
from services.identity.faults import TokenRefused
from services.identity.tokens import (
    REMEMBERED,
    USED_EVERY,
    NoSuchToken,
    ServiceToken,
    Tokens,
    TokenUnmakeable,
    new_id,
)
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.services.api.calling import Caller, is_problem
from tests.services.issuing import an_issuer, provided

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def wanted(**other: object) -> ServiceToken:
    right = ServiceToken(
        id=new_id(),
        name="payments",
        role=Role.SERVICE,
        only=None,
        until=NOW + timedelta(days=30),
        made=NOW,
        made_by="cli.root",
        used=None,
        revoked=None,
        revoked_by=None,
    )
    return replace(right, **other)


@pytest.fixture
def fresh(office: Office) -> Tokens:
    """The same tokens as another process reads them, which remembers none."""
    return Tokens(office.doors)


def _listed(office: Office, token: str) -> ServiceToken:
    (found,) = [each for each in office.tokens.all() if each.id == token.split("_")[1]]
    return found


def test_a_token_is_known_by_what_the_table_does_not_hold(
    office: Office, database: TestDatabase
) -> None:
    token = office.tokens.make(wanted(only=frozenset({Action.RECORD_PAYMENT})))
    person = office.tokens.person_of(token, NOW)
    assert (person.name, person.role) == ("token.payments", Role.SERVICE)
    assert person.only == {Action.RECORD_PAYMENT}
    secret = token.split("_", 2)[2]
    assert len(secret) == 43
    with psycopg.connect(database.admin_url) as connection:
        (row,) = connection.execute("SELECT service_tokens::text, secret FROM service_tokens")
    assert secret not in row[0]
    for wrong in (row[1].hex(), f"qmas_{_listed(office, token).id}_{row[1].hex()}"):
        with pytest.raises(TokenRefused, match="nobody has this token"):
            office.tokens.person_of(wrong, NOW)


@pytest.mark.parametrize(
    "token", ["qmas_", "qmas__", "qmas_aaaaaaaa_", "qmas_aaaaaaaa_x", "qmas_é_x", "qmas_'; --_x"]
)
def test_a_token_of_nobody_is_refused(office: Office, token: str) -> None:
    with pytest.raises(TokenRefused, match="nobody has this token"):
        office.tokens.person_of(token, NOW)


def test_another_secret_under_the_same_id_opens_nothing(office: Office) -> None:
    first, second = (office.tokens.make(wanted()) for _ in range(2))
    mixed = "_".join([*first.split("_")[:2], second.split("_", 2)[2]])
    with pytest.raises(TokenRefused, match="nobody has this token"):
        office.tokens.person_of(mixed, NOW)


def test_all_that_is_wrong_with_a_token_is_told_at_once(office: Office) -> None:
    with pytest.raises(TokenUnmakeable) as told:
        office.tokens.make(wanted(name="Pay ments", role=Role.OFFICER, until=NOW))
    assert str(told.value) == (
        "a name is of a-z, 0-9, dots and hyphens; 'Pay ments' is not; "
        "a token has the role service or auditor, not officer; "
        "it would have expired before it was made"
    )
    with pytest.raises(TokenUnmakeable, match=r"the role service may not case\.decide"):
        office.tokens.make(wanted(only=frozenset({Action.DECIDE, Action.SUBMIT})))
    assert office.tokens.all() == ()


def test_a_token_ends_to_the_second_though_it_was_remembered(office: Office) -> None:
    token = office.tokens.make(wanted(until=NOW + 3 * SECOND))
    assert office.tokens.person_of(token, NOW + 2 * SECOND)
    with pytest.raises(TokenRefused, match="has expired"):
        office.tokens.person_of(token, NOW + 3 * SECOND)


def test_a_revoked_token_ends_within_seconds_everywhere(office: Office, fresh: Tokens) -> None:
    token = office.tokens.make(wanted())
    assert fresh.person_of(token, NOW)
    office.tokens.revoke(_listed(office, token).id, "cli.root", NOW)
    assert fresh.person_of(token, NOW + REMEMBERED - SECOND)
    for tokens in (fresh, office.tokens):
        with pytest.raises(TokenRefused, match="was revoked"):
            tokens.person_of(token, NOW + REMEMBERED)
    found = _listed(office, token)
    assert (found.revoked, found.revoked_by) == (NOW, "cli.root")
    for name in (found.id, "aaaaaaaa"):
        with pytest.raises(NoSuchToken, match=f"no token {name} to revoke"):
            office.tokens.revoke(name, "cli.other", NOW)
    assert _listed(office, token) == found


def test_its_use_is_noted_once_a_minute(office: Office) -> None:
    token = office.tokens.make(wanted())
    assert _listed(office, token).used is None
    for passed, noted in ((0, 0), (30, 0), (59, 0), (65, 65), (90, 65)):
        assert office.tokens.person_of(token, NOW + passed * SECOND)
        assert _listed(office, token).used == NOW + noted * SECOND
    assert timedelta(seconds=60) == USED_EVERY


def test_of_a_token_only_its_use_and_its_end_can_be_changed(
    office: Office, database: TestDatabase
) -> None:
    office.tokens.make(wanted())
    with psycopg.connect(database.app_url) as connection:
        for change in ("UPDATE service_tokens SET until = now()", "DELETE FROM service_tokens"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(change)


@pytest.mark.parametrize("has_provider", [False, True])
def test_a_program_does_what_its_token_is_for_and_no_more(
    office: Office, *, has_provider: bool
) -> None:
    with an_issuer() as issuer:
        opened = open_office(provided(office.settings, issuer)) if has_provider else office
        filing = replace(_lasting(opened), only=frozenset({Action.SUBMIT}))
        sent = {"Authorization": f"Bearer {opened.tokens.make(filing)}"}
        caller = Caller(app=create_api(opened), office=opened)
        reference = caller.submit(by=None, headers=sent)
        (filed,) = opened.store.read_stream(f"case-{reference}")
        assert (filed.actor, filed.role) == ("token.payments", "service")
        answer = caller.command(
            f"/cases/{reference}/pay-application-fee", {}, version=1, by=None, headers=sent
        )
        body = is_problem(answer, 403, "forbidden")
        assert (
            "let in for application.submit alone; recording a payment needs a token"
            in body["detail"]
        )
        is_problem(caller.get("/cases", by=None, headers=sent), 403, "forbidden")
        opened.tokens.revoke(filing.id, "cli.root", opened.clock())
        later = Caller(app=create_api(replace(opened, tokens=Tokens(opened.doors))), office=opened)
        answer = later.get("/cases", by=None, headers=sent)
        assert "revoked" in is_problem(answer, 401, "sign-in-needed")["detail"]
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="qmas", error="invalid_token"'
        if has_provider:
            opened.close()


def test_an_administrator_makes_lists_and_revokes_tokens(office: Office) -> None:
    assert _qmas(office, "list").output == "no tokens\n"
    made = _qmas(
        office, "create", "reading", "--role", "auditor", "--only", "cases.read",
        "--until", "2099-12-31",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    shown = next(line.split()[1] for line in made.output.splitlines() if line.startswith("token"))
    name = made.output.split()[0]
    listed = _qmas(office, "list").output
    assert f"{name}  valid    reading  auditor  cases.read" in listed
    assert "made by cli." in listed
    assert "never used" in listed
    assert "until 2099-12-31 15:59:59Z" in listed
    assert shown not in listed
    assert office.tokens.person_of(shown, office.clock()).only == {Action.READ_CASES}
    assert "last used" in _qmas(office, "list").output
    assert _qmas(office, "revoke", name).output == f"{name} is revoked\n"
    listed = _qmas(office, "list").output
    assert f"{name}  revoked" in listed
    assert "revoked by cli." in listed
    assert isinstance(_qmas(office, "revoke", name).exception, NoSuchToken)


def test_an_action_that_there_is_not_is_refused_by_name(office: Office) -> None:
    said = _qmas(office, "create", "x", "--only", "case.burn", "--until", "2099-12-31")
    assert said.exit_code == 2
    assert "case.burn" in said.output


def _lasting(office: Office) -> ServiceToken:
    return wanted(made=office.clock(), until=office.clock() + timedelta(days=1))


def _qmas(office: Office, *words: str) -> Result:
    return CliRunner(env=office.settings.child_environ()).invoke(command, words)
