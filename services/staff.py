"""Who works here and where mail reaches them, as far as this installation was told.

Law: an address is told by a setting and never guessed; whoever has none is sent nothing, and the
ledger says so.
"""

import tomllib
from dataclasses import dataclass
from typing import Any, Final

from domain.access import Role

_KEYS: Final = frozenset({"account", "role", "email"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody of the office: the name that they sign in with, their role and their address."""

    account: str
    role: Role
    email: str


class StaffFault(ValueError):
    """What was told of the staff cannot be read."""


def read_staff(text: str) -> tuple[Colleague, ...]:
    """Return the staff that a TOML text names, a table `staff` each; raises `StaffFault`.

    [[staff]]
    account = "officer.chan"
    role = "officer"
    email = "chan@example.com"
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise StaffFault(f"is not TOML: {fault}") from None
    entries = told.pop("staff", None)
    if told or not isinstance(entries, list):
        raise StaffFault("must hold tables [[staff]] and nothing else")
    found = tuple(_colleague(number, each) for number, each in enumerate(entries, start=1))
    accounts = [each.account for each in found]
    if twice := sorted({each for each in accounts if accounts.count(each) > 1}):
        raise StaffFault(f"names {', '.join(twice)} twice")
    return found


def _colleague(number: int, entry: Any) -> Colleague:
    if not isinstance(entry, dict) or set(entry) != _KEYS or not all(map(_is_text, entry.values())):
        raise StaffFault(f"[[staff]] number {number} must have account, role and email, all texts")
    try:
        role = Role(entry["role"])
    except ValueError:
        roles = ", ".join(Role)
        raise StaffFault(f"[[staff]] number {number} has a role that is none of {roles}") from None
    return Colleague(account=entry["account"], role=role, email=entry["email"])


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
