"""Settings: what is told wins, what is not is embedded, and production makes nothing up."""

import base64
import hashlib
import os
import stat
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from services.settings import Environment, Settings, SettingsFault, SmtpSecurity
from services.stack.errors import NothingRuns, StackFault
from services.stack.told import values

_KEYS = [base64.b64encode(hashlib.sha256(each).digest()).decode() for each in (b"one", b"other")]
_SERVERS = ("postgres", "redis", "mail")
_ROLES = """
claim = "groups"
[[role]]
value = "admission-supervisors"
role = "supervisor"
[[role]]
value = "admission-officers"
role = "officer"
"""
_SESSION = "TG16v_RlUFxJjTZP4Sd1nExx48UJhcBFFarnAl-adpQ"
_PRODUCTION = {
    "QMAS_ENV": "production",
    "QMAS_DATABASE_URL": "postgresql://qmas_app:hidden-word@db/qmas",
    "QMAS_BROKER_URL": "redis://broker:6379/0",
    "QMAS_SMTP_URL": "smtp+starttls://post:p%40ss@mail.example",
    "QMAS_MASTER_KEY": _KEYS[0],
    "QMAS_BLIND_INDEX_KEY": _KEYS[1],
    "QMAS_SESSION_SECRET": _SESSION,
    "QMAS_OIDC_ISSUER": "https://issuer.example/realms/office",
    "QMAS_OIDC_CLIENT_ID": "qmas",
    "QMAS_OIDC_CLIENT_SECRET": "a client's hidden word 123",
    "QMAS_OIDC_ROLES": _ROLES,
}


def _faults(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsFault) as raised:
        Settings.load(environ)
    return raised.value.faults


def test_an_embedded_home_gives_the_same_secrets_and_addresses_every_time(
    open_folder: Path,
) -> None:
    home = open_folder / "home"
    assert Settings.load({}, home) == Settings.load({}, home)


def test_generated_secrets_are_for_their_owner_only(open_folder: Path) -> None:
    Settings.load({}, open_folder / "home")
    kept = list((open_folder / "home" / "secrets").iterdir())
    assert {path.name for path in kept} == {
        "master.key",
        "blind-index.key",
        "session.key",
        "postgres.json",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_two_homes_have_different_keys(open_folder: Path) -> None:
    one, other = (Settings.load({}, open_folder / name) for name in ("one", "other"))
    assert len({one.master_key, one.blind_index_key, other.master_key, other.blind_index_key}) == 4


def test_the_representation_tells_no_secret() -> None:
    settings = Settings.load(_PRODUCTION)
    shown = repr(settings)
    for secret in ("hidden-word", "p@ss", _KEYS[0], settings.session_secret, "broker", "client's"):
        assert secret not in shown
    assert repr(settings.master_key) not in shown


def test_production_with_nothing_told_names_every_missing_setting_at_once() -> None:
    assert {fault.split()[0] for fault in _faults({"QMAS_ENV": "production"})} == {
        "QMAS_DATABASE_URL",
        "QMAS_BROKER_URL",
        "QMAS_SMTP_URL",
        "QMAS_MASTER_KEY",
        "QMAS_BLIND_INDEX_KEY",
        "QMAS_SESSION_SECRET",
        "QMAS_OIDC_ISSUER",
        "QMAS_OIDC_CLIENT_ID",
        "QMAS_OIDC_CLIENT_SECRET",
        "QMAS_OIDC_ROLES",
    }


def test_production_starts_and_makes_nothing(open_folder: Path) -> None:
    settings = Settings.load(_PRODUCTION, open_folder / "home")
    assert settings.env is Environment.PRODUCTION
    embedded = (settings.embedded_postgres, settings.embedded_redis, settings.embedded_mail)
    assert embedded == (False, False, False)
    assert settings.owner_database_url is None
    assert not (open_folder / "home").exists()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("QMAS_MASTER_KEY", base64.b64encode(b"short").decode(), "32 random bytes"),
        ("QMAS_MASTER_KEY", "not base64 at all!", "32 random bytes"),
        ("QMAS_MASTER_KEY", base64.b64encode(b"\0" * 32).decode(), "not random"),
        ("QMAS_BLIND_INDEX_KEY", _KEYS[0], "not be the same as QMAS_MASTER_KEY"),
        (
            "QMAS_MASTER_KEY",
            base64.b64encode(b"the master key of our production").decode(),
            "not random",
        ),
        ("QMAS_SESSION_SECRET", "changeme", "at least 32 long"),
        ("QMAS_SESSION_SECRET", "abcdefghijklmnopqrstuvwxyz0123456789", "must be random"),
        ("QMAS_SESSION_SECRET", "password" * 4, "must be random"),
        ("QMAS_SESSION_SECRET", "CHANGE_ME_TO_A_LONG_RANDOM_VALUE_1", "must be random"),
        ("QMAS_SESSION_SECRET", "please-Change-this-before-it-is-used", "must be random"),
        ("QMAS_SESSION_SECRET", "correct horse battery staple Xkcd 936", "must be random"),
        ("QMAS_SESSION_SECRET", "thequickbrownfoxjumpsoverthelazydog", "must be random"),
        ("QMAS_SESSION_SECRET", "3f9Ab1c7" * 8, "must be random"),
        ("QMAS_SCRAPE_TOKEN", "prometheus-password-of-2026-for-qmas", "must be random"),
        ("QMAS_MASTER_KEY", base64.b64encode(bytes(range(32))).decode(), "not random"),
        ("QMAS_SESSION_SECRET", _KEYS[0], "not be the same as QMAS_MASTER_KEY"),
        ("QMAS_SCRAPE_TOKEN", "changeme", "at least 32 long"),
        ("QMAS_OIDC_CLIENT_SECRET", _SESSION, "not be the same as QMAS_SESSION_SECRET"),
        ("QMAS_OIDC_CLIENT_SECRET", "1234567890123456789012345", "must be random"),
        ("QMAS_SMTP_URL", "smtp://post:word@mail.example", "in clear"),
        ("QMAS_PUBLIC_URL", "https://cases.example", "QMAS_TRUSTED_PROXIES is missing"),
        ("QMAS_TRUSTED_PROXIES", "10.0.0.5", "QMAS_PUBLIC_URL must begin with https://"),
        ("QMAS_DATABASE_URL", "mysql://db/qmas", "postgresql://"),
        ("QMAS_DATABASE_URL", "postgresql://db:99999/qmas", "postgresql://"),
        ("QMAS_DATABASE_URL", "postgresql:x//db/qmas", "postgresql://"),
        ("QMAS_DATABASE_URL", "postgresql:/db/qmas", "postgresql://"),
        ("QMAS_DATABASE_URL", "postgresql://db/qm%zzas", "%25"),
        ("QMAS_DATABASE_URL", "postgresql://db /qmas", "a space"),
        ("QMAS_DATABASE_URL", "postgresql://db/qmas\n", "a space"),
        ("QMAS_BROKER_URL", "broker:6379", "redis://"),
        ("QMAS_BROKER_URL", "redis:x//broker:6379/0", "redis://"),
        ("QMAS_BROKER_URL", "redis://broker:6379/first", "the number"),
        ("QMAS_BROKER_URL", "redis://:hidden@/0", "names no host"),
        ("QMAS_BROKER_URL", "redis+socket://", "names no socket"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http:/collector:4318", "http://"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://:4318", "names no host"),
        ("QMAS_SMTP_URL", "smtp://", "names no host"),
        ("QMAS_MAIL_SENDER", "QMAS <no-reply@cases.example>", "no-reply@office.example"),
        ("QMAS_MAIL_SENDER", "no-reply", "no-reply@office.example"),
        ("QMAS_MAIL_SENDER", "no-reply@bücher.example", "no-reply@office.example"),
        ("QMAS_MAIL_SENDER", "a@cases.example\nBcc: b@cases.example", "no-reply@office.example"),
        ("QMAS_SMTP_URL", "smtps:x//mail.example", "smtps://"),
        ("QMAS_OIDC_ISSUER", "https:x//issuer.example", "https:// or http://"),
        ("QMAS_PUBLIC_URL", "https:cases.example", "https://"),
        ("QMAS_WEB_PORT", "eighty", "whole number from 1 to 65535"),
        ("QMAS_WEB_PORT", "65536", "whole number from 1 to 65535"),
        ("QMAS_PUBLIC_URL", "http://cases.example", "must begin with https://"),
        ("QMAS_TRUSTED_PROXIES", "10.0.0.5, 0.0.0.0/0", "trusts everybody"),
        ("QMAS_TRUSTED_PROXIES", "::/0", "trusts everybody"),
        ("QMAS_OIDC_ISSUER", "http://issuer.example", "must begin with https://"),
        ("QMAS_OIDC_ISSUER", "http://127.0.0.1:9", "must begin with https://"),
        ("QMAS_OIDC_ISSUER", "issuer.example", "https:// or http://"),
        ("QMAS_OIDC_ISSUER", "https://issuer.example/?tenant=1", "the issuer alone"),
        ("QMAS_OIDC_CLIENT_SECRET", "changeme", "at least 16 long"),
        ("QMAS_OIDC_CLIENT_SECRET", "aaaaaaaaaaaaaaaaaaaaaaa", "must be random"),
        ("QMAS_OIDC_CLIENT_SECRET", "", "is missing"),
        ("QMAS_OIDC_ROLES", "officer", "is not TOML"),
        ("QMAS_OIDC_ACCOUNT", "email", "one of sub, preferred_username"),
        ("QMAS_OIDC_SCOPES", "profile", "must name openid"),
        ("QMAS_OIDC_AUTHORITIES", "/nowhere/ca.pem", "names no file"),
        ("QMAS_API_AUDIENCE", "qmas", "must not be the same as QMAS_OIDC_CLIENT_ID"),
        ("QMAS_MASTER_KEY_FILE", "/nowhere/key", "both given"),
    ],
)
def test_a_bad_setting_is_named_and_its_secret_is_not_shown(
    name: str, value: str, says: str
) -> None:
    faults = _faults(_PRODUCTION | {name: value})
    assert len(faults) == 1
    assert name.removesuffix("_FILE") in faults[0]
    assert says in faults[0]
    assert "KEY" not in name or value not in faults[0]


@pytest.mark.parametrize(
    "told",
    [
        {"QMAS_PUBLIC_URL": "https://cases.example", "QMAS_TRUSTED_PROXIES": "none"},
        {"QMAS_PUBLIC_URL": "https://cases.example", "QMAS_TRUSTED_PROXIES": "10.0.0.5"},
        {"QMAS_TRUSTED_PROXIES": "none"},
        {"QMAS_SMTP_URL": "smtp://127.0.0.1"},
        {"QMAS_SMTP_URL": "smtp://mail:1025", "QMAS_SMTP_ALLOW_PLAIN": "post, mail"},
        {"QMAS_SESSION_SECRET": "3f9ab1c7e2d84560f1ee07b9a4c2d8e6"},
        {"QMAS_OIDC_CLIENT_SECRET": "GOCSPX-w8Zk3Vt1qLrX0bYp5NdE"},
    ],
)
def test_what_is_safe_in_production_is_taken(told: dict[str, str]) -> None:
    assert Settings.load(_PRODUCTION | told).env is Environment.PRODUCTION


def test_a_setting_that_is_no_url_stops_a_command_in_words(open_folder: Path) -> None:
    told = {"QMAS_DATABASE_URL": "postgresql:x//qmas:hidden-word@db/qmas"}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("qmas")), "--home", str(open_folder), "status"],
        env={"PATH": os.environ["PATH"], **told},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "QMAS_DATABASE_URL is not a URL that begins with postgresql://" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden-word" not in done.stdout + done.stderr


def test_an_unknown_environment_is_refused() -> None:
    assert _faults({"QMAS_ENV": "prod"}) == (
        "QMAS_ENV is 'prod'; it must be one of embedded, production",
    )


def test_a_setting_may_come_from_a_file(open_folder: Path) -> None:
    (open_folder / "key").write_text(_KEYS[1] + "\n")
    told = {name: text for name, text in _PRODUCTION.items() if name != "QMAS_BLIND_INDEX_KEY"}
    settings = Settings.load(told | {"QMAS_BLIND_INDEX_KEY_FILE": str(open_folder / "key")})
    assert settings.blind_index_key == base64.b64decode(_KEYS[1])


def test_a_file_that_cannot_be_read_is_named(open_folder: Path) -> None:
    told = {name: text for name, text in _PRODUCTION.items() if name != "QMAS_BLIND_INDEX_KEY"}
    faults = _faults(told | {"QMAS_BLIND_INDEX_KEY_FILE": str(open_folder / "none")})
    assert any(fault.startswith("QMAS_BLIND_INDEX_KEY_FILE cannot be read") for fault in faults)


def test_a_server_of_ones_own_replaces_the_embedded_one(open_folder: Path) -> None:
    told = {"QMAS_DATABASE_URL": "postgresql+psycopg://qmas_app:x@db/qmas"}
    settings = Settings.load(told, open_folder / "home")
    assert settings.database_url == "postgresql://qmas_app:x@db/qmas"
    assert settings.owner_database_url is None
    assert not settings.embedded_postgres
    assert settings.embedded_redis


def test_a_home_without_servers_has_secrets_alone(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    told = {
        "QMAS_DATABASE_URL": "postgresql://qmas_app@db/qmas",
        "QMAS_OWNER_DATABASE_URL": "postgresql://qmas_owner@db/qmas",
        "QMAS_BROKER_URL": "redis://broker/0",
    }
    Settings.load(told, closed / "home")
    assert [each.name for each in (closed / "home").iterdir()] == ["secrets"]


def test_a_mail_server_is_read_from_its_url() -> None:
    smtp = Settings.load(_PRODUCTION).smtp
    assert (smtp.host, smtp.port, smtp.user, smtp.password) == ("mail.example", 587, "post", "p@ss")
    assert smtp.security is SmtpSecurity.STARTTLS


def test_a_child_process_loads_the_same_settings(open_folder: Path) -> None:
    settings = Settings.load({"QMAS_WEB_PORT": "8700"}, open_folder / "home")
    child = Settings.load(settings.child_environ())
    assert child.web_port == 8700
    assert (child.home, child.database_url) == (settings.home, settings.database_url)


def test_a_command_line_wins_over_the_environment(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "QMAS_WEB_PORT", "8700")
    assert Settings.from_environment(open_folder / "home").web_port == 8700
    assert Settings.from_environment(open_folder / "home", QMAS_WEB_PORT="8800").web_port == 8800


def test_whoever_only_asks_makes_no_home(open_folder: Path) -> None:
    home = open_folder / "home"
    with pytest.raises(NothingRuns, match=f"nothing runs in {home}: run `qmas up`"):
        Settings.load({}, home, asks=True)
    assert not home.exists()
    assert Settings.load({}, home) == Settings.load({}, home, asks=True)


def test_a_home_whose_path_is_no_text_is_refused_in_words(open_folder: Path) -> None:
    with pytest.raises(SettingsFault, match="QMAS_HOME leads to a folder whose name"):
        Settings.load({}, open_folder / os.fsdecode(b"caf\xe9"))
    assert not [*open_folder.iterdir()]


def test_every_setting_that_a_process_goes_by_is_compared(open_folder: Path) -> None:
    """Nobody goes by the others, or they follow from those, or are the schema owner's."""
    apart = {"home", "owner_database_url", "environ"} | {f"embedded_{s}" for s in _SERVERS}
    under = {"QMAS_COLLECTOR_URL": "OTEL_EXPORTER_OTLP_ENDPOINT", "QMAS_SMTP": "QMAS_SMTP_URL"}
    compared = set(values(Settings.load({}, open_folder / "home")))
    for each in fields(Settings):
        name = f"QMAS_{each.name.upper()}"
        name = under.get(name, name)
        if each.name not in apart:
            assert any(other.startswith(name) for other in compared), each.name


def test_a_setting_that_is_told_as_it_would_be_anyway_is_no_other_one(open_folder: Path) -> None:
    home = open_folder / "home"
    told = {"QMAS_WEB_PORT": "8600", "QMAS_PUBLIC_URL": "http://127.0.0.1:8600/"}
    assert values(Settings.load({}, home)) == values(Settings.load(told, home))
    other = values(Settings.load({"QMAS_WEB_PORT": "8601"}, home))
    kept = values(Settings.load({}, home))
    assert {name for name in kept if kept[name] != other[name]} == {"QMAS_WEB_PORT"}


def test_a_home_that_is_a_file_is_named(open_folder: Path) -> None:
    (open_folder / "home").write_text("in the way")
    with pytest.raises(StackFault, match="cannot be used: it is not a directory"):
        Settings.load({}, open_folder / "home")
