"""The office of a worker process, opened by its first task: never before the process is forked.

Law: processes share no connection. Whatever a parent had opened is its own; a child forgets it, and
closes none of it, for the end of the wire is the same one.
"""

from functools import cache

from redis import Redis

from services import tracing
from services.pokes import redis_of
from services.settings import Settings
from services.stillness import Stillness
from services.wiring import Office, open_office


@cache
def office() -> Office:
    """Return this process's office."""
    settings = Settings.from_environment()
    tracing.start(settings, "worker")
    return open_office(settings)


@cache
def stillness() -> Stillness:
    """Return what this process told of that stands still."""
    return Stillness()


@cache
def broker() -> Redis | None:
    """Return a client of the broker's Redis for a worker's own process; None without Redis."""
    return redis_of(Settings.from_environment().broker_url)


def close_office() -> None:
    """Every connection of this process is given back, and its last spans are told."""
    tracing.stop()
    if office.cache_info().currsize:
        office().close()
        office.cache_clear()


def forget_office() -> None:
    """This process, newly forked, has no office; that of its parent is as it was."""
    if office.cache_info().currsize:
        office().forget()
        office.cache_clear()
