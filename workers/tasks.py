"""The tasks: each a name and one call. All that they do can be done without them."""

from typing import Final

from services import deadlines, enquiries, statistics
from services.notifications import calling, code_mail, delivery, planning
from services.privacy import again
from services.projections import runner, watching
from workers.app import app
from workers.office import office, stillness

_PATIENCE: Final = 2.0
"""Seconds. Other read models wait in the same queue, and the next poke or beat comes back to it."""


@app.task(name="store.sequence")
def sequence() -> int:
    """Every commit has a position in the log."""
    return office().store.sequence()


@app.task(name="projections.catch_up")
def catch_up(name: str) -> int | None:
    """The read model holds the log as far as it goes, or somebody else is at work on it.

    Where it stands still, that is told.
    """
    store, models = office().store, office().models
    return stillness().told(name, lambda: runner.catch_up(store, models, name, patience=_PATIENCE))


@app.task(name="notifications.plan")
def plan() -> int:
    """Every effect of the log is in the ledger, and its delivery is on its way.

    Where planning stands still, that is told.
    """
    entered = stillness().told("notifications", lambda: planning.plan(office()))
    if entered:
        office().pokes.planned()
    return entered or 0


@app.task(name="notifications.deliver")
def deliver() -> int:
    """Every notification that is due was handed over, or will be tried again."""
    return delivery.deliver_alone(office())


@app.task(name="codes.send")
def send_codes() -> int:
    """Every code that was asked for was sent or dropped, or will be tried again."""
    return code_mail.send(office())


@app.task(name="codes.tidy")
def tidy_codes() -> int:
    """No code is kept that is older than it has to be."""
    return enquiries.tidy(office())


@app.task(name="deadlines.fire")
def fire() -> int:
    """Everything that is due by now is told of, once."""
    return deadlines.fire(office())


@app.task(name="webhooks.deliver")
def call() -> int:
    """Every subscribed system was told what is due, or will be asked again."""
    return calling.call(office())


@app.task(name="statistics.count")
def count() -> bool:
    """The figures of the office are new enough."""
    return statistics.count_when_due(office())


@app.task(name="privacy.keep_watch")
def keep_watch() -> int:
    """What was erased is so, whatever was restored; and it is kept outside of the database."""
    return again.keep_watch(office())


@app.task(name="projections.verify")
def verify() -> int:
    """One more stretch of the log was compared with the read models."""
    return watching.watch(office().store, office().models, office().clock())
