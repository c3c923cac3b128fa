"""Everything this installation is told from outside, read once into one frozen value.

Nothing else reads the environment, but OpenTelemetry the rest of its own variables. Each setting
`QMAS_X` may come instead from a file named by `QMAS_X_FILE`, as container secrets do. Whatever is
not told is embedded: servers of our own in the data folder, with secrets made once and kept there.
In production nothing is made up: all must be given, and all that is wrong is reported together.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from domain.hours import QuietHours
from services.stack.errors import NothingRuns, StackFault
from services.stack.keys import kept
from services.stack.places import Places, settle
from services.stack.postgres import APP, OWNER, passwords_of, socket_url
from services.stack.redis import broker_url
from services.staff import Colleague, StaffFault, read_staff

KEY_BYTES = 32
_LEAST_DISTINCT = 12  # of 32 random bytes about 30 differ; a typed or repeated key has few
_LEAST_SESSION_SECRET = 32
_HIGHEST_PORT = 65_535
_DATABASE_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "unix", "amqp", "amqps")

_REVERSED = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_SMTP_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation knows about itself. URLs and keys stay out of its representation.

    `database_url` is the application's, without rights to the schema; `owner_database_url` runs
    migrations and is None where this process is not to know it. Keys are 32 bytes each. `staff`
    and `collector_url`, where spans go, are empty if untold; only staff has mail in `quiet_hours`.
    """

    env: Environment
    home: Path
    fence_folder: Path
    database_url: str = field(repr=False)
    owner_database_url: str | None = field(repr=False)
    broker_url: str = field(repr=False)
    collector_url: str = field(repr=False)
    smtp: Smtp
    mail_sender: str
    webhooks: Webhooks
    quiet_hours: QuietHours | None
    staff: tuple[Colleague, ...] = field(repr=False)
    web_host: str
    web_port: int
    public_url: str
    web_processes: int
    worker_processes: int
    master_key: bytes = field(repr=False)
    blind_index_key: bytes = field(repr=False)
    session_secret: str = field(repr=False)
    embedded_postgres: bool
    embedded_redis: bool
    embedded_mail: bool
    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def load(
        cls, environ: Mapping[str, str], home: Path | None = None, *, asks: bool = False
    ) -> Self:
        """Return the settings `environ` tells; raise SettingsFault with everything wrong in it.

        `home` wins over QMAS_HOME; with neither it is `.qmas` in the current folder. Embedded, it
        is made with its secrets; whoever only `asks` makes none, and meets NothingRuns.
        """
        reader = _Reader(environ)
        env = reader.environment()
        folder = (home or Path(reader.text("QMAS_HOME") or ".qmas")).absolute()
        made = _Embedded(folder) if env is Environment.EMBEDDED else None
        if asks and made and not reader.has("QMAS_DATABASE_URL") and not folder.exists():
            raise NothingRuns(folder)
        host = reader.text("QMAS_WEB_HOST") or "127.0.0.1"
        port = reader.number("QMAS_WEB_PORT", 8600, highest=_HIGHEST_PORT)
        settings = cls(
            env=env,
            home=folder,
            fence_folder=_beside(folder, reader.text("QMAS_FENCE_FOLDER")),
            database_url=reader.database_url("QMAS_DATABASE_URL", made.app_url if made else None),
            owner_database_url=_owner_url(reader, made),
            broker_url=reader.url(
                "QMAS_BROKER_URL", _BROKER_SCHEMES, made.broker_url if made else None
            ),
            collector_url=reader.url("OTEL_EXPORTER_OTLP_ENDPOINT", ("http", "https"), str),
            smtp=reader.smtp(embedded=made is not None),
            mail_sender=reader.text("QMAS_MAIL_SENDER") or "no-reply@qmas.invalid",
            webhooks=reader.webhooks(),
            quiet_hours=reader.quiet_hours(),
            staff=reader.staff(),
            web_host=host,
            web_port=port,
            public_url=(reader.text("QMAS_PUBLIC_URL") or f"http://{host}:{port}").rstrip("/"),
            web_processes=reader.number("QMAS_WEB_PROCESSES", 2, highest=256),
            worker_processes=reader.number("QMAS_WORKER_PROCESSES", 2, highest=256),
            master_key=reader.key("QMAS_MASTER_KEY", made.master_key if made else None),
            blind_index_key=reader.key(
                "QMAS_BLIND_INDEX_KEY", made.blind_index_key if made else None
            ),
            session_secret=reader.session_secret(made.session_secret if made else None),
            embedded_postgres=made is not None and not reader.has("QMAS_DATABASE_URL"),
            embedded_redis=made is not None and not reader.has("QMAS_BROKER_URL"),
            embedded_mail=made is not None and not reader.has("QMAS_SMTP_URL"),
            environ=dict(environ),
        )
        if settings.master_key and settings.master_key == settings.blind_index_key:
            reader.fault("QMAS_BLIND_INDEX_KEY", "must not be the same key as QMAS_MASTER_KEY")
        reader.refuse_faults()
        return settings

    @classmethod
    def from_environment(
        cls, home: Path | None = None, *, asks: bool = False, **given: str
    ) -> Self:
        """Return the settings of this process; `given` (from a command line) wins over them."""
        return cls.load({**os.environ, **given}, home, asks=asks)

    def child_environ(self) -> dict[str, str]:
        """Return the environment in which a process of ours loads these same settings."""
        return {**self.environ, "QMAS_HOME": str(self.home)}


def _beside(home: Path, told: str | None) -> Path:
    """The folder for what must outlive a restore of `home`: never in it, unless told so."""
    return Path(told).absolute() if told else home.with_name(f"{home.name}.fence")


def _owner_url(reader: "_Reader", made: "_Embedded | None") -> str | None:
    """The owner's URL: told, or the embedded server's; unknown on a server of somebody else."""
    if reader.has("QMAS_OWNER_DATABASE_URL"):
        return reader.database_url("QMAS_OWNER_DATABASE_URL", None)
    if made is None or reader.has("QMAS_DATABASE_URL"):
        return None
    return made.owner_url()


class _Embedded:
    """What is made up in the data folder where nothing was told, and is the same ever after."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @cached_property
    def _places(self) -> Places:
        return settle(self._home)

    def app_url(self) -> str:
        return socket_url(self._places, APP, passwords_of(self._places)[APP])

    def owner_url(self) -> str:
        return socket_url(self._places, OWNER, passwords_of(self._places)[OWNER])

    def broker_url(self) -> str:
        return broker_url(self._places)

    def master_key(self) -> str:
        return self._kept("master.key")

    def blind_index_key(self) -> str:
        return self._kept("blind-index.key")

    def session_secret(self) -> str:
        return self._kept("session.key")

    def _kept(self, name: str) -> str:
        return kept(self._places.secrets / name, _new_key).decode("ascii").strip()


def _new_key() -> bytes:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"


class _Reader:
    """Reads settings one by one and collects what is wrong, so that all of it is told at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: dict[str, None] = {}

    def fault(self, name: str, what: str) -> None:
        self._faults[f"{name} {what}"] = None

    def refuse_faults(self) -> None:
        if self._faults:
            raise SettingsFault(tuple(self._faults))

    def has(self, name: str) -> bool:
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

    def environment(self) -> Environment:
        text = self.text("QMAS_ENV") or Environment.EMBEDDED
        try:
            return Environment(text)
        except ValueError:
            self.fault("QMAS_ENV", f"is {text!r}; it must be one of {', '.join(Environment)}")
            self.refuse_faults()
            raise

    def number(self, name: str, default: int, *, highest: int) -> int:
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
        text = self._told(name, otherwise)
        if text and self.parsed(name, text, schemes) is None:
            return ""
        return text

    def database_url(self, name: str, otherwise: _Made | None) -> str:
        """A libpq URL, whichever of the usual schemes it was told with."""
        url = self.url(name, _DATABASE_SCHEMES, otherwise)
        return f"postgresql:{url.partition(':')[2]}" if url else ""

    def parsed(self, name: str, text: str, schemes: Sequence[str]) -> SplitResult | None:
        """The parts of a URL; None, with a fault that does not repeat it, when it is none."""
        try:
            parts = urlsplit(text)
            usable = parts.scheme in schemes and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if usable:
            return parts
        self.fault(name, f"is not a URL that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return None

    def smtp(self, *, embedded: bool) -> Smtp:
        text = self.text("QMAS_SMTP_URL")
        port = self.number("QMAS_MAIL_PORT", 8625, highest=_HIGHEST_PORT)
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
        return Smtp(
            host=parts.hostname or "",
            port=parts.port or _SMTP_PORTS[security],
            security=security,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    def quiet_hours(self) -> QuietHours | None:
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
        if len(set(key)) < _LEAST_DISTINCT:
            self.fault(name, f"is not random; {_HOW_TO_MAKE}")
        return key

    def session_secret(self, otherwise: _Made | None) -> str:
        name = "QMAS_SESSION_SECRET"
        text = self._told(name, otherwise)
        if text and (len(text) < _LEAST_SESSION_SECRET or len(set(text)) < _LEAST_DISTINCT):
            self.fault(
                name, f"must be random and at least {_LEAST_SESSION_SECRET} long; {_HOW_TO_MAKE}"
            )
        return text

    def _told(self, name: str, otherwise: _Made | None) -> str:
        text = self.text(name)
        if text is None and otherwise is None:
            self.fault(name, _MISSING)
        return text or (otherwise() if otherwise else "")


def _clock(text: str) -> time:
    hours, minutes = text.strip().split(":")
    return time(int(hours), int(minutes))


def _reason(fault: OSError | UnicodeDecodeError) -> str:
    return fault.strerror or "no reason" if isinstance(fault, OSError) else "it is not text"
