"""Looks at an installation's doors: who knows its people, and whose requests are passed on."""

from collections.abc import Iterator
from typing import Final

from services.forwarding import ELSEWHERE, passed_on_by
from services.identity import refuse_open_door
from services.identity.faults import ProviderAway
from services.settings import Settings
from services.stack.finding import Finding
from services.wiring import provider_of

_PROXIES: Final = "QMAS_TRUSTED_PROXIES"
_NAMED_TWICE: Final = (
    "has another sub for the same person at each of its clients: its tokens open nothing over the "
    "API, where one person would be two"
)
_ONE_NAME: Final = (
    "set QMAS_OIDC_ACCOUNT to oid (Entra ID) or preferred_username before anybody decides "
    "anything, or take QMAS_API_AUDIENCE away"
)


def people(settings: Settings) -> Iterator[Finding]:
    """Yield what is found; raises `SettingsFault` where local people have an open door."""
    refuse_open_door(settings)
    provider = provider_of(settings)
    if provider is None:
        says = "local people, on this machine alone"
        yield Finding(subject="people", is_well=True, says=says)
        return
    remedy = "check QMAS_OIDC_ISSUER, and that this machine reaches it"
    try:
        provider.look()
        is_well, says = True, "the identity provider answers"
        if provider.names_twice():
            is_well, says, remedy = False, f"{says}, and {_NAMED_TWICE}", _ONE_NAME
    except ProviderAway as fault:
        is_well, says = False, str(fault)
    yield Finding(subject="people", is_well=is_well, says=says, remedy=remedy)


def proxies(settings: Settings) -> Iterator[Finding]:
    """Yield a warning where clients may count as one, because a proxy in front is not named.

    Tries at codes and signing in are counted by address.
    """
    by, named = passed_on_by(settings), ", ".join(map(str, settings.trusted_proxies)) or "none"
    which = "its address" if by == ELSEWHERE else by
    nobody_said = not settings.environ.keys() & {_PROXIES, f"{_PROXIES}_FILE"}
    if by is not None:
        yield Finding(
            subject="proxies",
            is_well=True,
            warns=True,
            says=f"X-Forwarded-For came from {by} within a day and was not believed; "
            f"trusted: {named}",
            remedy=f"if that is a proxy of yours, all who come through it count as one client and "
            f"shut each other out: add {which} to QMAS_TRUSTED_PROXIES and start the web server "
            "again; if not, somebody sends the header themselves, and nothing is to be done",
        )
    elif settings.public_url.startswith("https://") and nobody_said and named == "none":
        yield Finding(
            subject="proxies",
            is_well=True,
            warns=True,
            says="QMAS_PUBLIC_URL begins with https://, and no proxy is trusted that ends it",
            remedy="set QMAS_TRUSTED_PROXIES to the addresses of the proxies in front, or to none",
        )
    else:
        yield Finding(subject="proxies", is_well=True, says=f"trusted: {named}")
