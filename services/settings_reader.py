"""Settings read one by one from what the environment or a file tells, each with what is wrong.

A reader is given the environment; it reads no process's own.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from domain.hours import QuietHours
from services.addresses import Network, is_loopback
from services.mailboxes import usable
from services.stack.errors import StackFault
from services.staff import Colleague, StaffFault, read_staff
from services.strength import bits, is_typed, is_worded

KEY_BYTES = 32
_LEAST_DISTINCT = 12  # of 32 random bytes about 30 differ; a typed or repeated key has few
_LEAST_SECRET = 32
_LEAST_BITS = 90
HIGHEST_PORT = 65_535
DATABASE_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")

_REVERSED = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_WRITTEN = re.compile(r"(?:[^%\s\x00-\x1f\x7f]|%[0-9a-fA-F]{2})+")
_SOCKETS = ("redis+socket", "unix")
_NUMBERED = ("redis", "rediss")
_SMTP_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_PLAIN = "QMAS_SMTP_ALLOW_PLAIN"
NO_PROXY = "none"
_MISSING = "is missing: production makes nothing up"
_HOW_TO_MAKE = "make one with `openssl rand -base64 32`"

_Made = Callable[[], str]


class SettingsFault(StackFault):
    """The settings cannot be used; each fault names its setting and never tells a secret."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("the settings cannot be used:\n" + "\n".join(f"  - {f}" for f in faults))


class Environment(StrEnum):
    """What kind of installation this is."""

    EMBEDDED = "embedded"
    PRODUCTION = "production"


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    PLAIN = "smtp"
    STARTTLS = "smtp+starttls"
    TLS = "smtps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The server that outgoing mail is handed to."""

    host: str
    port: int
    security: SmtpSecurity = SmtpSecurity.PLAIN
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """How subscribed systems are told: under names that begin with `prefix`.

    `inside` allows plain http and addresses of one's own network.
    """

    inside: bool
    prefix: str


class SettingsReader:
    """Reads settings one by one and collects what is wrong, so that all of it is told at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: dict[str, None] = {}

    def fault(self, name: str, what: str) -> None:
        """It will be told that this setting is wrong, and how."""
        self._faults[f"{name} {what}"] = None

    def refuse_faults(self) -> None:
        """Raise `SettingsFault` with everything that was wrong, if anything was."""
        if self._faults:
            raise SettingsFault(tuple(self._faults))

    def has(self, name: str) -> bool:
        """Say whether the setting is told, here or in a file."""
        return bool(self._environ.get(name) or self._environ.get(f"{name}_FILE"))

    def text(self, name: str) -> str | None:
        """The setting, from the environment or its file; None when it is absent or empty."""
        direct, path = self._environ.get(name), self._environ.get(f"{name}_FILE")
        if direct and path:
            self.fault(name, f"and {name}_FILE are both given; keep one")
        if direct or not path:
            return direct or None
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as fault:
            self.fault(f"{name}_FILE", f"cannot be read ({path}: {_reason(fault)})")
            return None

    def home(self, told: Path | None) -> Path:
        """Return the data folder: as `told`, else QMAS_HOME, else `.qmas` here.

        Raises `SettingsFault` for a path that is no text: no server's address could name it.
        """
        path = (told or Path(self.text("QMAS_HOME") or ".qmas")).absolute()
        if not str(path).isprintable():
            self.fault("QMAS_HOME", "leads to a folder whose name cannot be printed")
            self.refuse_faults()
        return path

    def environment(self) -> Environment:
        """Return what kind of installation is told; raise `SettingsFault` for any other."""
        text = self.text("QMAS_ENV") or Environment.EMBEDDED
        try:
            return Environment(text)
        except ValueError:
            self.fault("QMAS_ENV", f"is {text!r}; it must be one of {', '.join(Environment)}")
            self.refuse_faults()
            raise

    def number(self, name: str, default: int, *, highest: int) -> int:
        """Return a whole number from 1 to `highest`; the default where none or another is told."""
        text = self.text(name)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and 1 <= int(text) <= highest:
            return int(text)
        self.fault(name, f"is {text!r}; it must be a whole number from 1 to {highest}")
        return default

    def webhooks(self) -> Webhooks:
        """What is told of webhooks: only public addresses, and names that are nobody's."""
        name, prefix = "QMAS_WEBHOOKS_ALLOW_PRIVATE", self.text("QMAS_WEBHOOKS_PREFIX")
        said = self.text(name) or "no"
        if said not in {"yes", "no"}:
            self.fault(name, f"is {said!r}; it must be yes or no")
        if prefix and not _REVERSED.fullmatch(prefix):
            self.fault("QMAS_WEBHOOKS_PREFIX", "must be a domain name reversed, as in org.example")
        return Webhooks(inside=said == "yes", prefix=prefix or "invalid.qmas")

    def url(self, name: str, schemes: Sequence[str], otherwise: _Made | None) -> str:
        """Return the URL that is told, or made `otherwise`; "" with a fault for none or another."""
        text = self._told(name, otherwise)
        parts = self.parsed(name, text, schemes) if text else None
        fault = _leads_nowhere(parts) if parts else ""
        if fault:
            self.fault(name, fault)
        return "" if parts is None or fault else text

    def public_url(self, name: str, otherwise: str) -> str:
        """Return the address that people come to, without a slash at its end."""
        text = self.text(name)
        parts = self.parsed(name, text, ("https", "http")) if text else None
        return (otherwise if text is None or parts is None else text).rstrip("/")

    def database_url(self, name: str, otherwise: _Made | None) -> str:
        """A libpq URL, whichever of the usual schemes it was told with."""
        url = self.url(name, DATABASE_SCHEMES, otherwise)
        return f"postgresql:{url.partition(':')[2]}" if url else ""

    def parsed(self, name: str, text: str, schemes: Sequence[str]) -> SplitResult | None:
        """The parts of a URL; None, with a fault that does not repeat it, when it is none."""
        try:
            parts = urlsplit(text)
            usable = (
                parts.scheme in schemes
                # Without these it is taken apart otherwise by each who connects, or by none.
                and text.lower().startswith(f"{parts.scheme}://")
                and (parts.port is None or parts.port > 0)
            )
        except ValueError:
            usable = False
        if usable and _WRITTEN.fullmatch(text):
            return parts
        if usable:
            self.fault(name, "holds a space, or a % that is none of %20, %25 and their like")
            return None
        self.fault(name, f"is not a URL that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return None

    def smtp(self, *, embedded: bool) -> Smtp:
        """Return the mail server that is told; without one, where embedded mail is caught."""
        text = self.text("QMAS_SMTP_URL")
        port = self.number("QMAS_MAIL_PORT", 8625, highest=HIGHEST_PORT)
        caught = Smtp(host="127.0.0.1", port=port)
        if text is None:
            if not embedded:
                self.fault("QMAS_SMTP_URL", _MISSING)
            return caught
        parts = self.parsed("QMAS_SMTP_URL", text, tuple(SmtpSecurity))
        if parts is None:
            return caught
        if not parts.hostname:
            self.fault("QMAS_SMTP_URL", "names no host")
        security = SmtpSecurity(parts.scheme)
        if not embedded and security is SmtpSecurity.PLAIN:
            self._refuse_plain(parts.hostname or "")
        return Smtp(
            host=parts.hostname or "",
            port=parts.port or _SMTP_PORTS[security],
            security=security,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    def sender(self, name: str) -> str:
        """Return the address that letters come from, one that cannot exist where none is told.

        Servers are told its domain as our name, which they take in plain letters alone.
        """
        text = self.text(name)
        if text is None:
            return "no-reply@qmas.invalid"
        if text.isascii() and (told := usable(text)):
            return told
        self.fault(name, f"is {text!r}; it must be an address alone, as no-reply@office.example")
        return ""

    def _refuse_plain(self, host: str) -> None:
        """It is told that mail goes in clear to a host of which nobody said that it may."""
        allowed = {each.strip().lower() for each in (self.text(_PLAIN) or "").split(",")}
        if host and host not in allowed and not is_loopback(host):
            self.fault(
                "QMAS_SMTP_URL",
                "sends mail and codes in clear: use smtp+starttls:// or smtps://, or name the host "
                f"in {_PLAIN} where the way to it is your own",
            )

    def proxies(self, name: str) -> tuple[Network, ...]:
        """Return the addresses and networks that are told, by commas; none if untold or `none`."""
        text = self.text(name) or ""
        if text == NO_PROXY:
            return ()
        try:
            told = tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
        except ValueError:
            self.fault(name, f"is {text!r}; it must read like 10.0.0.5, 10.1.0.0/16 or be none")
            return ()
        if any(each.prefixlen == 0 for each in told):
            self.fault(name, "trusts everybody, who could each choose an address: name the proxies")
            return ()
        return told

    def quiet_hours(self) -> QuietHours | None:
        """Return the hours in which staff has no mail, if any are told."""
        text = self.text("QMAS_QUIET_HOURS")
        if text is None:
            return None
        begins, _, ends = text.partition("-")
        try:
            return QuietHours(begins=_clock(begins), ends=_clock(ends))
        except ValueError:
            self.fault("QMAS_QUIET_HOURS", f"is {text!r}; it must read like 22:00-08:00")
            return None

    def staff(self) -> tuple[Colleague, ...]:
        """The staff that QMAS_STAFF tells, or more often the file that QMAS_STAFF_FILE names."""
        text = self.text("QMAS_STAFF")
        try:
            return () if text is None else read_staff(text)
        except StaffFault as fault:
            self.fault("QMAS_STAFF", str(fault))
            return ()

    def key(self, name: str, otherwise: _Made | None) -> bytes:
        """A key of 32 bytes told in base64; b"" with a fault when it is missing or weak."""
        text = self._told(name, otherwise)
        if not text:
            return b""
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            self.fault(name, f"must be {KEY_BYTES} random bytes in base64; {_HOW_TO_MAKE}")
            return b""
        counted_up = bits(key.decode("latin-1")) < _LEAST_BITS
        if len(set(key)) < _LEAST_DISTINCT or counted_up or is_typed(key):
            self.fault(name, f"is not random; {_HOW_TO_MAKE}")
        return key

    def secret(self, name: str, otherwise: _Made | None) -> str:
        """Return a secret that is a text, which has to be long and random; "" for none."""
        text = self._told(name, otherwise)
        weak = len(text) < _LEAST_SECRET or bits(text) < _LEAST_BITS or is_worded(text)
        if text and weak:
            self.fault(name, f"must be random and at least {_LEAST_SECRET} long; {_HOW_TO_MAKE}")
        return text

    def _told(self, name: str, otherwise: _Made | None) -> str:
        text = self.text(name)
        if text is None and otherwise is None:
            self.fault(name, _MISSING)
        return text or (otherwise() if otherwise else "")


def _leads_nowhere(parts: SplitResult) -> str:
    """Return what a server cannot be reached by in a URL; empty where it can."""
    if parts.scheme in DATABASE_SCHEMES:
        return ""  # libpq knows where a server is that is not named
    if parts.scheme in _SOCKETS:
        return "" if parts.netloc or parts.path else "names no socket"
    if not parts.hostname:
        return "names no host"
    number = parts.path.removeprefix("/")
    if parts.scheme in _NUMBERED and number and not (number.isascii() and number.isdigit()):
        return "must end in the number of a database, as in redis://broker.example:6379/0"
    return ""


def _clock(text: str) -> time:
    hours, minutes = text.strip().split(":")
    return time(int(hours), int(minutes))


def _reason(fault: OSError | UnicodeDecodeError) -> str:
    return fault.strerror or "no reason" if isinstance(fault, OSError) else "it is not text"
