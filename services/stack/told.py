"""With which settings each process of a home was started, so that whoever asks can be told.

Law: of a setting only a keyed digest is kept, and the key lies with the home's other secrets.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from services.settings import Settings
from services.stack.keys import kept
from services.stack.places import Places
from services.stack.processes import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where a process was told to listen, empty if nowhere, and a digest of each setting."""

    address: str
    digests: Mapping[str, str]

    def differing(self, places: Places, settings: Settings) -> tuple[str, ...]:
        """Return the names of the settings that are others now, in order."""
        now = _digests(places, settings)
        return tuple(sorted(n for n in now if n in self.digests and now[n] != self.digests[n]))


def note(places: Places, name: str, address: str, settings: Settings) -> None:
    """What the process `name` is about to be started with is on record."""
    fields = {"address": address, "settings": dict(_digests(places, settings))}
    write_whole(told_file(places, name), json.dumps(fields) + "\n")


def noted(places: Places, name: str) -> Told | None:
    """Return what the process was started with; None where no readable record is."""
    try:
        fields = json.loads(told_file(places, name).read_text(encoding="utf-8"))
        digests = {str(name): str(digest) for name, digest in fields["settings"].items()}
        return Told(address=str(fields["address"]), digests=digests)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def told_file(places: Places, name: str) -> Path:
    """Return where it is on record."""
    return places.run / f"{name}.told"


def values(settings: Settings) -> Mapping[str, object]:
    """Return what the processes go by, under the name of the setting that tells it.

    What is the same whether it was told or is the default is the same here.
    """
    oidc = settings.oidc
    made_up = f"http://{settings.web_host}:{settings.web_port}"
    return {
        "QMAS_ENV": settings.env.value,
        "QMAS_FENCE_FOLDER": str(settings.fence_folder),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": settings.collector_url,
        "QMAS_SMTP_URL": None if settings.embedded_mail else astuple(settings.smtp),
        "QMAS_MAIL_PORT": settings.smtp.port if settings.embedded_mail else None,
        "QMAS_MAIL_SENDER": settings.mail_sender,
        "QMAS_WEBHOOKS_ALLOW_PRIVATE": settings.webhooks.inside,
        "QMAS_WEBHOOKS_PREFIX": settings.webhooks.prefix,
        "QMAS_QUIET_HOURS": settings.quiet_hours,
        "QMAS_STAFF": settings.staff,
        "QMAS_OIDC_ISSUER": oidc and oidc.issuer,
        "QMAS_OIDC_CLIENT_ID": oidc and oidc.client_id,
        "QMAS_OIDC_CLIENT_SECRET": oidc and oidc.client_secret,
        "QMAS_OIDC_ROLES": oidc and oidc.roles,
        "QMAS_OIDC_ACCOUNT": oidc and oidc.account,
        "QMAS_OIDC_SCOPES": oidc and oidc.scopes,
        "QMAS_OIDC_AUTHORITIES": oidc and oidc.authorities,
        "QMAS_API_AUDIENCE": oidc and oidc.audience,
        "QMAS_WEB_HOST": settings.web_host,
        "QMAS_WEB_PORT": settings.web_port,
        "QMAS_PUBLIC_URL": None if settings.public_url == made_up else settings.public_url,
        "QMAS_WEB_PROCESSES": settings.web_processes,
        "QMAS_WEB_BODY_SECONDS": settings.web_body_seconds,
        "QMAS_TRUSTED_PROXIES": settings.trusted_proxies,
        "QMAS_SCRAPE_TOKEN": settings.scrape_token,
        "QMAS_WORKER_PROCESSES": settings.worker_processes,
        "QMAS_MASTER_KEY": settings.master_key,
        "QMAS_MASTER_KEY_FORMER": settings.master_key_former,
        "QMAS_BLIND_INDEX_KEY": settings.blind_index_key,
        "QMAS_SESSION_SECRET": settings.session_secret,
    }


def _digests(places: Places, settings: Settings) -> Mapping[str, str]:
    # Without a key, a short password could be guessed from its digest.
    key = kept(places.secrets / "told.key", lambda: secrets.token_bytes(32))
    return {
        name: hmac.new(key, f"{name} {value!r}".encode(), hashlib.sha256).hexdigest()
        for name, value in values(settings).items()
    }
