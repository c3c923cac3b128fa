"""Whose request it is where tries are counted, and who passed requests on and was not believed.

Law: what is kept of the latter is the address of a machine inside, and of nobody on the internet,
who may be anybody that sends the header themselves.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

from redis import RedisError

from services.addresses import client_of, is_of
from services.pokes import redis_of
from services.settings import Settings
from services.wiring import Office

_KEY: Final = "qmas:passed-on-by"
_KEPT_SECONDS: Final = 24 * 60 * 60
ELSEWHERE: Final = "an address on the internet"
"""What stands for whoever is not inside."""


def client(office: Office, peer: str, forwarded: Sequence[str]) -> str:
    """Return the address that a request comes from, as far as it can be believed.

    `forwarded` is each X-Forwarded-For that came with it. That a peer sent one and is no trusted
    proxy is remembered for a day, for the doctor.
    """
    trusted = office.settings.trusted_proxies
    if forwarded and not is_of(peer, trusted):
        office.guesses.remember(_KEY, _told(peer), _KEPT_SECONDS)
    return client_of(peer, ",".join(forwarded), trusted)


def passed_on_by(settings: Settings) -> str | None:
    """Return who last passed on a request within a day and was not believed; None for nobody.

    It is None as well where that cannot be told, because Redis is away or is none.
    """
    shared = redis_of(settings.broker_url)
    if shared is None:
        return None
    try:
        found = shared.get(_KEY)
    except (RedisError, OSError):
        return None  # that the broker is away is told by itself
    finally:
        shared.close()
    told = found.decode() if isinstance(found, bytes) else ""
    # It may have been named since.
    return None if not told or is_of(told, settings.trusted_proxies) else told


def _told(peer: str) -> str:
    try:
        return peer if ip_address(peer).is_private else ELSEWHERE
    except ValueError:
        return ELSEWHERE
