"""Everything this installation is told from outside, read once into one frozen value.

Nothing else reads the environment, but OpenTelemetry the rest of its own variables. Each setting
`QMAS_X` may come instead from a file named by `QMAS_X_FILE`, as container secrets do. Whatever is
not told is embedded: servers of our own in the data folder, with secrets made once and kept there.
In production nothing is made up: all must be given, and all that is wrong is reported together.
"""

import base64
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from domain.hours import QuietHours
from services.addresses import Network, is_loopback
from services.oidc import Oidc, host_of, read_oidc
from services.settings_reader import (
    HIGHEST_PORT,
    KEY_BYTES,
    NO_PROXY,
    Environment,
    SettingsFault,
    SettingsReader,
    Smtp,
    SmtpSecurity,
    Webhooks,
)
from services.stack.errors import NothingRuns
from services.stack.keys import kept
from services.stack.places import Places, secrets_folder, settle
from services.stack.postgres import APP, OWNER, passwords_of, socket_url
from services.stack.redis import broker_url
from services.staff import Colleague

__all__ = ["Environment", "Settings", "SettingsFault", "Smtp", "SmtpSecurity", "Webhooks"]

_BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "unix", "amqp", "amqps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation knows about itself. URLs and keys stay out of its representation.

    `database_url` is the application's, without rights to the schema; `owner_database_url` runs
    migrations and is None where this process is not to know it. Keys are 32 bytes each. `staff`
    and `collector_url`, where spans go, are empty if untold; only staff has mail in `quiet_hours`.
    Who has the `scrape_token`, if one is told, reads figures from elsewhere.
    Without `oidc` the people are the embedded stack's own.
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
    oidc: Oidc | None
    web_host: str
    web_port: int
    public_url: str
    web_processes: int
    web_body_seconds: int
    trusted_proxies: tuple[Network, ...]
    scrape_token: str = field(repr=False)
    worker_processes: int
    master_key: bytes = field(repr=False)
    master_key_former: bytes = field(repr=False)
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
        is made with its secrets; whoever only `asks` of a database of its own meets NothingRuns.
        """
        reader = SettingsReader(environ)
        env = reader.environment()
        folder = reader.home(home)
        made = _Embedded(folder) if env is Environment.EMBEDDED else None
        if asks and made and not reader.has("QMAS_DATABASE_URL") and not folder.exists():
            raise NothingRuns(folder)
        make = made or _Nothing()
        host = reader.text("QMAS_WEB_HOST") or "127.0.0.1"
        port = reader.number("QMAS_WEB_PORT", 8600, highest=HIGHEST_PORT)
        return cls(
            env=env,
            home=folder,
            fence_folder=_beside(folder, reader.text("QMAS_FENCE_FOLDER")),
            database_url=reader.database_url("QMAS_DATABASE_URL", make.app_url),
            owner_database_url=_owner_url(reader, made),
            broker_url=reader.url("QMAS_BROKER_URL", _BROKER_SCHEMES, make.broker_url),
            collector_url=reader.url("OTEL_EXPORTER_OTLP_ENDPOINT", ("http", "https"), str),
            smtp=reader.smtp(embedded=made is not None),
            mail_sender=reader.sender("QMAS_MAIL_SENDER"),
            webhooks=reader.webhooks(),
            quiet_hours=reader.quiet_hours(),
            staff=reader.staff(),
            oidc=read_oidc(reader, env),
            web_host=host,
            web_port=port,
            public_url=reader.public_url("QMAS_PUBLIC_URL", f"http://{host}:{port}"),
            web_processes=reader.number("QMAS_WEB_PROCESSES", 2, highest=256),
            web_body_seconds=reader.number("QMAS_WEB_BODY_SECONDS", 120, highest=3600),
            trusted_proxies=reader.proxies("QMAS_TRUSTED_PROXIES"),
            scrape_token=reader.secret("QMAS_SCRAPE_TOKEN", str),
            worker_processes=reader.number("QMAS_WORKER_PROCESSES", 2, highest=256),
            master_key=reader.key("QMAS_MASTER_KEY", make.master_key),
            master_key_former=reader.key("QMAS_MASTER_KEY_FORMER", str),
            blind_index_key=reader.key("QMAS_BLIND_INDEX_KEY", make.blind_index_key),
            session_secret=reader.secret("QMAS_SESSION_SECRET", make.session_secret),
            embedded_postgres=made is not None and not reader.has("QMAS_DATABASE_URL"),
            embedded_redis=made is not None and not reader.has("QMAS_BROKER_URL"),
            embedded_mail=made is not None and not reader.has("QMAS_SMTP_URL"),
            environ=dict(environ),
        ).without_faults(reader)

    def without_faults(self, reader: SettingsReader) -> Self:
        """Return this; raise with all that is wrong, also between settings that are right alone."""
        seen: dict[str, str] = {}
        for name, secret in self._secrets():
            if secret in seen:
                reader.fault(name, f"must not be the same as {seen[secret]}")
            elif secret:
                seen[secret] = name
        if self.env is Environment.PRODUCTION:
            self._refuse_unsafe_ways(reader)
        reader.refuse_faults()
        return self

    def _secrets(self) -> Iterator[tuple[str, str]]:
        """Yield each secret by its setting, as a text; one that is not told is empty."""
        for name, key in (
            ("QMAS_MASTER_KEY", self.master_key),
            ("QMAS_MASTER_KEY_FORMER", self.master_key_former),
            ("QMAS_BLIND_INDEX_KEY", self.blind_index_key),
        ):
            yield name, base64.b64encode(key).decode()
        yield "QMAS_SESSION_SECRET", self.session_secret
        yield "QMAS_SCRAPE_TOKEN", self.scrape_token
        yield "QMAS_OIDC_CLIENT_SECRET", self.oidc.client_secret if self.oidc else ""

    def _refuse_unsafe_ways(self, reader: SettingsReader) -> None:
        """It is told where somebody on the way could read, or be taken for everybody else."""
        name, told = "QMAS_TRUSTED_PROXIES", reader.has("QMAS_TRUSTED_PROXIES")
        if not _is_safe(self.public_url):
            reader.fault("QMAS_PUBLIC_URL", "must begin with https://: people sign in there")
        elif not self.public_url.startswith("https://") and self.trusted_proxies:
            reader.fault("QMAS_PUBLIC_URL", f"must begin with https://: {name} tells of a proxy")
        elif self.public_url.startswith("https://") and not told:
            reader.fault(
                name,
                "is missing: name the proxies in front of QMAS_PUBLIC_URL, or say "
                f"{NO_PROXY}; or all who come through one count as one client",
            )

    @classmethod
    def from_environment(
        cls, home: Path | None = None, *, asks: bool = False, **given: str
    ) -> Self:
        """Return the settings of this process; `given` (from a command line) wins over them."""
        return cls.load({**os.environ, **given}, home, asks=asks)

    def child_environ(self) -> dict[str, str]:
        """Return the environment in which a process of ours loads these same settings."""
        return {**self.environ, "QMAS_HOME": str(self.home)}


def _is_safe(public_url: str) -> bool:
    """Say whether nobody on the way can read what a browser sends to that address."""
    return public_url.startswith("https://") or is_loopback(host_of(public_url))


def _beside(home: Path, told: str | None) -> Path:
    """The folder for what must outlive a restore of `home`: never in it, unless told so."""
    return Path(told).absolute() if told else home.with_name(f"{home.name}.fence")


def _owner_url(reader: SettingsReader, made: "_Embedded | None") -> str | None:
    """The owner's URL: told, or the embedded server's; unknown on a server of somebody else."""
    if reader.has("QMAS_OWNER_DATABASE_URL"):
        return reader.database_url("QMAS_OWNER_DATABASE_URL", None)
    if made is None or reader.has("QMAS_DATABASE_URL"):
        return None
    return made.owner_url()


class _Nothing:
    """What production makes up."""

    app_url = broker_url = master_key = blind_index_key = session_secret = None


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
        return kept(secrets_folder(self._home) / name, _new_key).decode("ascii").strip()


def _new_key() -> bytes:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"
