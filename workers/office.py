"""The office of a worker process, opened by its first task: never before the process is forked."""

from functools import cache

from services.settings import Settings
from services.wiring import Office, open_office


@cache
def office() -> Office:
    """Return this process's office."""
    return open_office(Settings.from_environment())


def close_office() -> None:
    """Every connection of this process is given back."""
    if office.cache_info().currsize:
        office().close()
        office.cache_clear()
