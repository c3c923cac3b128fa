"""`qmas webhooks`: other systems that are told of events as they are recorded."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Final
from uuid import uuid4

import click

from domain.access import Role
from domain.errors import Reportable
from services.cli.asking import office, operator
from services.notifications import calling, cloud_events, signing
from services.notifications.destinations import addresses, destination
from services.notifications.replies import Verdict
from services.notifications.subscriptions import EVERYTHING, Activity, Subscription

_HOURS: Final = 24
_ALLOWED: Final = (
    "qmas: this command went by QMAS_WEBHOOKS_ALLOW_PRIVATE=yes of this shell. Events are sent by "
    "a worker, by its own settings: set it there too, which is before `qmas up` where that starts "
    "it"
)
_ID: Final = click.argument("subscription")


class NotTaken(Reportable):
    """The subscribed system did not take the message."""


@click.group()
def webhooks() -> None:
    """Systems that are told of events: add them, change their secrets, pause them."""


@webhooks.command()
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    help="These; `*`, and without it, all of a case that its applicant is told, and results.",
)
def add(url: str, events: tuple[str, ...]) -> None:
    """Tell URL of events from now on; show the secret by which it knows them."""
    _known(events)
    with office() as opened:
        inside = opened.settings.webhooks.inside
        is_known = _leads_somewhere(url, inside=inside)
        made, secret = opened.subscriptions.add(url, events or (EVERYTHING,), _by())
    click.echo(f"{made.id}  {made.url}")
    _show(secret)
    if not is_known:
        click.echo("qmas: the URL's host has no address now; it is looked up each time", err=True)
    if inside:
        click.echo(_ALLOWED, err=True)


@webhooks.command("list")
def list_() -> None:
    """Show every subscribed system."""
    with office() as opened:
        found = opened.subscriptions.all()
    for each in found:
        click.echo(f"{each.id}  {each.state:<6}  {each.url}  {' '.join(each.events)}")
        for line in _noted(each):
            click.echo(f"          {line}")
    if not found:
        click.echo("no webhooks")


@webhooks.command()
@_ID
def show(subscription: str) -> None:
    """Show SUBSCRIPTION, removed or not, and who did what to it when."""
    with office() as opened:
        found = opened.subscriptions.known(subscription)
        changes = opened.subscriptions.changes(subscription)
    click.echo(f"{found.id}  {found.state}  {found.url}  {' '.join(found.events)}")
    for line in _noted(found):
        click.echo(line)
    click.echo(f"{_moment(found.created_at)}  added by {found.created_by}")
    for each in changes:
        click.echo(f"{_moment(each.at)}  {each.what} by {each.by}")


@webhooks.command()
@_ID
@click.option(
    "--keep",
    type=click.IntRange(0, 24 * 90),
    default=_HOURS,
    show_default=True,
    metavar="HOURS",
    help="How long the present secret is valid beside the new one.",
)
@click.option("--at-once", is_flag=True, help="End the former secret, if one is valid still.")
def rotate(subscription: str, keep: int, *, at_once: bool) -> None:
    """Make a new secret for SUBSCRIPTION, and show it."""
    kept = timedelta(hours=keep)
    with office() as opened:
        secret = opened.subscriptions.rotate(subscription, kept, _by(), at_once=at_once)
    _show(secret)
    signed = f"both for {keep} hours" if keep else "the new one alone from now on"
    click.echo(f"messages are signed with {signed}")


@webhooks.command()
@_ID
def pause(subscription: str) -> None:
    """Send SUBSCRIPTION nothing for now; what happens waits for it."""
    with office() as opened:
        opened.subscriptions.pause(subscription, _by())
    click.echo(f"{subscription} is paused")


@webhooks.command()
@_ID
def resume(subscription: str) -> None:
    """Send SUBSCRIPTION what waits, and what happens from now on."""
    with office() as opened:
        opened.subscriptions.resume(subscription, _by())
        opened.pokes.planned()
    click.echo(f"{subscription} is active")


@webhooks.command()
@_ID
def remove(subscription: str) -> None:
    """Tell SUBSCRIPTION nothing any more, for good."""
    with office() as opened:
        withheld = opened.subscriptions.remove(subscription, _by())
    click.echo(f"{subscription} is removed; {withheld} that waited are not sent")


@webhooks.command()
@_ID
def test(subscription: str) -> None:
    """Send SUBSCRIPTION one event that says nothing, and tell what it answers."""
    with office() as opened:
        served = opened.subscriptions.served(subscription)
        reply = calling.attempt(opened, served, uuid4())
        inside = opened.settings.webhooks.inside
    if reply.verdict is not Verdict.TAKEN:
        raise NotTaken(f"{served.url} did not take it: {reply.reason}")
    click.echo(f"{served.url} took it")
    if inside:
        click.echo(_ALLOWED, err=True)


COMMANDS: tuple[click.Command, ...] = (webhooks,)


def _by() -> str:
    return operator(Role.ADMINISTRATOR).name


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _known(events: tuple[str, ...]) -> None:
    """Every name is one of an event that is told, or it is said which may be meant."""
    for name in events:
        if name not in (EVERYTHING, *cloud_events.NAMES):
            close = get_close_matches(name, cloud_events.NAMES, n=1)
            meant = f"do you mean {close[0]}?" if close else "names are as `qmas history` has them"
            raise click.BadParameter(f"no event is called {name}; {meant}", param_hint="--event")


def _leads_somewhere(url: str, *, inside: bool) -> bool:
    """Say whether the URL's host has an address now; `UnusableDestination` where none may be."""
    to = destination(url, inside=inside)
    try:
        addresses(to, inside=inside)
    except (OSError, UnicodeError):
        return False
    return True


def _show(secret: bytes) -> None:
    click.echo(f"secret    {signing.written(secret)}")
    click.echo("          it is not shown again: give it to the system that receives")


def _noted(each: Subscription) -> Iterator[str]:
    if each.state is Activity.PAUSED:
        yield f"paused: {each.paused_because}"
    elif each.failures and each.rests_until is not None:
        again = f"{each.rests_until:%Y-%m-%d %H:%M} UTC"
        yield f"took nothing {each.failures} times in a row; asked again at {again}"
