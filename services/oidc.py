"""The identity provider that knows who is at the door, as far as this installation was told.

Law: who signs in has the role that a claim of the provider's is mapped to here, and exactly one;
whoever has none of the mapped values has no role and does not get in.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import urlsplit

from domain.access import Role
from services.addresses import is_loopback
from services.settings_reader import Environment, SettingsReader
from services.strength import bits

_ISSUER: Final = "QMAS_OIDC_ISSUER"
_NEEDED: Final = ("QMAS_OIDC_CLIENT_ID", "QMAS_OIDC_CLIENT_SECRET", "QMAS_OIDC_ROLES")
_MORE: Final = (
    "QMAS_OIDC_ACCOUNT",
    "QMAS_OIDC_SCOPES",
    "QMAS_OIDC_AUTHORITIES",
    "QMAS_API_AUDIENCE",
)
SETTINGS: Final = (_ISSUER, *_NEEDED, *_MORE)
"""Every setting that concerns the identity provider."""
_NO_ISSUER: Final = "is missing: production has no people of its own, only an identity provider's"
OURS: Final = ("cli.", "token.", "system", "erasures")
"""How the names begin under which the program and its terminal are on record, and nobody else."""
_TYPED: Final = "preferred_username"
_ACCOUNTS: Final = ("sub", _TYPED, "oid")
_KEYS: Final = frozenset({"value", "role"})
_LEAST_SECRET: Final = 16
_LEAST_BITS: Final = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleMap:
    """Which values of which claim stand for which role; of several the first told wins."""

    claim: str
    roles: tuple[tuple[str, Role], ...]

    def role_of(self, claims: Mapping[str, Any]) -> Role | None:
        """Return the one role that the claims give; None where they give none that is mapped."""
        found = _at(claims, self.claim)
        said = {found} if isinstance(found, str) else set()
        if isinstance(found, list):
            said = {each for each in found if isinstance(each, str)}
        return next((role for value, role in self.roles if value in said), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """An OpenID provider, this client of it, and how its people are known here.

    `account` is the claim by which a person is named in the record. Without an `audience` no token
    of the provider is taken over the API. `authorities` is a file of the certificates to trust.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    roles: RoleMap
    account: str
    scopes: str
    audience: str | None
    authorities: str | None

    @property
    def is_plain(self) -> bool:
        """True where it is spoken to without TLS, which only one on this machine is."""
        return self.issuer.startswith("http://")

    def spelled(self, account: str) -> str:
        """Return the one spelling of a person's name: of one that people type, in small letters.

        Many a provider takes it either way, and hands it on as it was typed.
        """
        return normalize("NFKC", account).casefold() if self.account == _TYPED else account


class RolesFault(ValueError):
    """What was told of the roles cannot be read."""


def read_roles(text: str) -> RoleMap:
    """Return the roles that a TOML text maps values of a claim to; raises `RolesFault`.

    claim = "groups"
    [[role]]
    value = "admission-supervisors"
    role = "supervisor"
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise RolesFault(f"is not TOML: {fault}") from None
    claim, entries = told.pop("claim", None), told.pop("role", None)
    if told or not _is_text(claim) or not isinstance(entries, list):
        raise RolesFault("must hold a text claim and tables [[role]], and nothing else")
    found = tuple(_mapped(number, each) for number, each in enumerate(entries, start=1))
    values = [value for value, _ in found]
    if twice := sorted({each for each in values if values.count(each) > 1}):
        raise RolesFault(f"maps {', '.join(twice)} twice")
    return RoleMap(claim=claim, roles=found)


def read_oidc(reader: SettingsReader, env: Environment) -> Oidc | None:
    """Return the identity provider that is told; None where there is none and none is needed."""
    if not reader.has(_ISSUER):
        if env is Environment.PRODUCTION:
            for name in (_ISSUER, *_NEEDED):
                if not reader.has(name):
                    reader.fault(name, _NO_ISSUER)
        else:
            for name in filter(reader.has, (*_NEEDED, *_MORE)):
                reader.fault(name, f"means nothing without {_ISSUER}")
        return None
    for name in _NEEDED:
        if not reader.has(name):
            reader.fault(name, f"is missing: the provider that {_ISSUER} names asks for it")
    client_id = reader.text("QMAS_OIDC_CLIENT_ID") or ""
    return Oidc(
        issuer=_issuer(reader, env),
        client_id=client_id,
        client_secret=_secret(reader),
        roles=_roles(reader),
        account=_account(reader),
        scopes=_scopes(reader),
        audience=_audience(reader, client_id),
        authorities=_authorities(reader),
    )


def _issuer(reader: SettingsReader, env: Environment) -> str:
    text = reader.text(_ISSUER) or ""
    parts = reader.parsed(_ISSUER, text, ("https", "http")) if text else None
    if parts is None:
        return text
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        reader.fault(_ISSUER, "must be the issuer alone: a host, perhaps a path, nothing else")
    on_this_machine = env is Environment.EMBEDDED and is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not on_this_machine:
        reader.fault(
            _ISSUER, "must begin with https://; only the embedded stack may ask one on loopback"
        )
    return text


def _secret(reader: SettingsReader) -> str:
    name = "QMAS_OIDC_CLIENT_SECRET"
    text = reader.text(name) or ""
    if text and (len(text) < _LEAST_SECRET or bits(text) < _LEAST_BITS):
        reader.fault(name, f"must be random and at least {_LEAST_SECRET} long")
    return text


def _roles(reader: SettingsReader) -> RoleMap:
    try:
        if text := reader.text("QMAS_OIDC_ROLES"):
            return read_roles(text)
    except RolesFault as fault:
        reader.fault("QMAS_OIDC_ROLES", str(fault))
    return RoleMap(claim="", roles=())


def _account(reader: SettingsReader) -> str:
    text = reader.text("QMAS_OIDC_ACCOUNT") or "sub"
    if text not in _ACCOUNTS:
        reader.fault("QMAS_OIDC_ACCOUNT", f"is {text!r}; it must be one of {', '.join(_ACCOUNTS)}")
    return text


def _scopes(reader: SettingsReader) -> str:
    text = reader.text("QMAS_OIDC_SCOPES") or "openid profile"
    if "openid" not in text.split():
        reader.fault("QMAS_OIDC_SCOPES", "must name openid, perhaps with others behind a space")
    return text


def _audience(reader: SettingsReader, client_id: str) -> str | None:
    """Whoever takes its own client id takes ID tokens, which are no leave to call anything."""
    text = reader.text("QMAS_API_AUDIENCE")
    if text is not None and text == client_id:
        reader.fault("QMAS_API_AUDIENCE", "must not be the same as QMAS_OIDC_CLIENT_ID")
    return text


def _authorities(reader: SettingsReader) -> str | None:
    text = reader.text("QMAS_OIDC_AUTHORITIES")
    if text is not None and not Path(text).is_file():
        reader.fault("QMAS_OIDC_AUTHORITIES", f"names no file ({text})")
    return text


def host_of(url: str) -> str:
    """Return the host that a URL names; empty where it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _mapped(number: int, entry: Any) -> tuple[str, Role]:
    if not isinstance(entry, dict) or set(entry) != _KEYS or not all(map(_is_text, entry.values())):
        raise RolesFault(f"[[role]] number {number} must have value and role, both texts")
    roles = [each for each in Role if each is not Role.APPLICANT]
    if entry["role"] not in roles:
        raise RolesFault(f"[[role]] number {number} has a role that is none of {', '.join(roles)}")
    return entry["value"], Role(entry["role"])


def _at(claims: Mapping[str, Any], name: str) -> object:
    """The claim of that name; or, where a dot leads into it, what is inside one."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
