"""What is found of letters and webhooks: whether they are planned and sent, and what is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from services.counts import Count
from services.notifications.another_log import OF_LOST
from services.notifications.entries import PlannedFromAnotherLog, State
from services.notifications.fence import REMEDY
from services.notifications.ledger import Ledger
from services.notifications.marks import Marks
from services.notifications.statements import AT_MOST
from services.notifications.subscriptions import Activity, Subscriptions
from services.pokes import redis_of
from services.settings import Settings
from services.stack.finding import Finding
from services.stack.secrecy import keys_of
from services.store.errors import StoreFault

_PROMPT: Final = timedelta(minutes=3)
"""How long a letter that is due waits at most while somebody sends and few do."""


def sending(settings: Settings) -> Iterator[Finding]:
    """A fence that a restore closed, or will close, is told, for nothing is sent behind it.

    So are what was given up and whoever takes nothing, as warnings: nobody's fault here.
    """
    marks = Marks(settings.fence_folder, redis_of(settings.broker_url))
    ledger = Ledger.connect(settings.database_url, keys_of(settings), marks)
    try:
        state = ledger.fence.state()
        yield Finding(
            subject="notifications",
            is_well=state.closed_because is None and state.fault is None,
            says=state.closed_because or state.fault or "sent as they are due",
            remedy=state.remedy,
        )
        yield from _letters(ledger)
        yield from _webhooks(Subscriptions(ledger.engine, ledger.keys))
    except StoreFault as fault:
        yield Finding(subject="notifications", is_well=False, says=f"cannot be read: {fault}")
    finally:
        ledger.dispose()


def _letters(ledger: Ledger) -> Iterator[Finding]:
    standing, mail = ledger.standing(), ledger.mail.now()
    counts, oldest = standing.counts, standing.oldest_due
    if standing.of_another_log:
        yield Finding(
            subject="planning",
            is_well=False,
            says=str(PlannedFromAnotherLog(standing.position)),
            remedy=REMEDY,
        )
    elif standing.of_lost_events:
        yield Finding(
            subject="planning",
            is_well=False,
            says=OF_LOST,
            remedy=REMEDY,
        )
    if oldest is not None and mail.until is None and datetime.now(UTC) - oldest > _PROMPT:
        yield Finding(
            subject="due",
            is_well=True,
            warns=True,
            says=f"letters and webhooks wait to be sent, the oldest since {_minute(oldest)}: "
            f"{Count.counted(standing.due, AT_MOST)}",
            remedy="where they do not become fewer, whoever sends stands still: start the workers "
            "anew (`qmas down`, `qmas up`)",
        )
    failed, planned = (
        Count.counted(counts[state], AT_MOST) for state in (State.FAILED, State.PLANNED)
    )
    if failed:
        yield Finding(
            subject="given up",
            is_well=True,
            warns=True,
            says=f"letters and webhooks after their last attempt: {failed}",
            remedy="`qmas notifications list --state failed` says why; when that is mended, "
            "`qmas notifications retry NUMBER`",
        )
    if mail.until is not None:
        yield Finding(
            subject="mail server",
            is_well=True,
            warns=True,
            says=f"away {mail.failures} times in a row, asked again at {_minute(mail.until)}; "
            f"letters and webhooks that wait: {planned}",
            remedy="look at the mail server or QMAS_SMTP_URL; `qmas notifications retry --all` "
            "asks it at once",
        )


def _webhooks(subscriptions: Subscriptions) -> Iterator[Finding]:
    for each in subscriptions.all():
        if each.state is Activity.PAUSED:
            says = f"paused: {each.paused_because}"
        elif each.failures and each.rests_until is not None:
            again = _minute(each.rests_until)
            says = f"took nothing {each.failures} times in a row, asked again at {again}"
        else:
            continue
        yield Finding(
            subject=f"webhook {each.id}",
            is_well=True,
            warns=True,
            says=says,
            remedy=f"`qmas webhooks test {each.id}` tells what it answers; when that is mended, "
            f"`qmas webhooks resume {each.id}`",
        )


def _minute(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
