"""Looks at who knows the people of an installation, and whether that one answers."""

from collections.abc import Iterator

from services.identity import refuse_open_door
from services.identity.faults import ProviderAway
from services.settings import Settings
from services.stack.finding import Finding
from services.wiring import provider_of


def people(settings: Settings) -> Iterator[Finding]:
    """Yield what is found; raises `SettingsFault` where local people have an open door."""
    refuse_open_door(settings)
    provider = provider_of(settings)
    if provider is None:
        says = "local people, on this machine alone"
        yield Finding(subject="people", is_well=True, says=says)
        return
    try:
        provider.look()
    except ProviderAway as fault:
        is_well, says = False, str(fault)
    else:
        is_well, says = True, "the identity provider answers"
    yield Finding(
        subject="people",
        is_well=is_well,
        says=says,
        remedy="check QMAS_OIDC_ISSUER, and that this machine reaches it",
    )
