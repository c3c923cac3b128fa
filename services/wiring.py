"""The handful of long-lived things, built once per process and passed to whoever needs them."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from domain.rules.types import Rulebook
from services.documents.files import Files
from services.guesses import Guesses
from services.identity import RETURN_PATH, issuer
from services.identity.rows import Rows
from services.identity.sessions import Sessions
from services.identity.tokens import Tokens
from services.latest_pool import LatestPool
from services.notifications.codes import Codes
from services.notifications.ledger import Ledger
from services.notifications.marks import Marks
from services.notifications.subscriptions import Subscriptions
from services.pokes import Pokes, redis_of
from services.privacy.places import Places
from services.projections.models import ReadModels
from services.rules import load_rulebook
from services.settings import Settings
from services.store import BlindIndex, CaseKeys, Store
from services.store.sameness import Sameness

if TYPE_CHECKING:
    from services.identity.provider import IdentityProvider

_BETWEEN_COLLECTIONS: Final = 100_000
"""New containers before the interpreter looks for cycles. At its own 700 it looks through the
hundred thousand rows of a pool again and again, and spends almost half of an exercise on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything a command, a query or a task works with."""

    settings: Settings
    store: Store
    models: ReadModels
    ledger: Ledger
    codes: Codes
    subscriptions: Subscriptions
    files: Files
    doors: Rows
    erasures: Places
    same: Sameness
    pokes: Pokes
    guesses: Guesses
    sessions: Sessions
    tokens: Tokens
    provider: Callable[[], "IdentityProvider | None"]
    rulebook: Rulebook
    blind: BlindIndex
    latest_pool: LatestPool
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Give every connection back."""
        self.store.dispose()
        self.models.dispose()
        self.ledger.dispose()
        self.files.dispose()
        self.erasures.close()
        self.pokes.dispose()
        self.guesses.dispose()
        self.doors.dispose()

    def forget(self) -> None:
        """What a parent process had opened is forgotten in its child, and closed in neither.

        The store, the files and the broker's clients see by themselves where they were opened.
        """
        for held in (self.models, self.ledger):
            held.engine.dispose(close=False)


def open_office(settings: Settings) -> Office:
    """Return the office that `settings` describe; connections are opened when first needed."""
    gc.set_threshold(_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    keys = CaseKeys(settings.master_key, settings.master_key_former)
    blind = BlindIndex(settings.blind_index_key)
    same = Sameness()
    ledger = Ledger.connect(
        settings.database_url,
        keys,
        Marks(settings.fence_folder, redis_of(settings.broker_url)),
        same,
    )
    doors = Rows.connect(settings.database_url)
    return Office(
        settings=settings,
        store=Store.connect(settings.database_url, keys, same=same),
        models=ReadModels.connect(settings.database_url, keys, blind, same=same),
        files=Files.connect(settings.database_url, keys, same),
        erasures=Places(
            settings.fence_folder, redis_of(settings.broker_url), settings.blind_index_key
        ),
        same=same,
        ledger=ledger,
        codes=Codes(ledger.engine, ledger.fence, blind),
        subscriptions=Subscriptions(ledger.engine, keys),
        pokes=Pokes.connect(settings.broker_url),
        doors=doors,
        sessions=Sessions(doors, issuer(settings)),
        guesses=Guesses.connect(settings.broker_url, sharing=settings.web_processes),
        tokens=Tokens(doors),
        provider=cache(partial(provider_of, settings)),
        rulebook=_rulebook(),
        blind=blind,
        latest_pool=LatestPool(),
        clock=lambda: datetime.now(UTC),
    )


def provider_of(settings: Settings) -> "IdentityProvider | None":
    """Return the identity provider that is told, of which nothing is asked yet."""
    if settings.oidc is None:
        return None
    # What checks signatures takes a second to import, which only a door has to pay.
    from services.identity.provider import IdentityProvider  # noqa: PLC0415 - see above

    return IdentityProvider(settings.oidc, f"{settings.public_url}{RETURN_PATH}")


@cache
def _rulebook() -> Rulebook:
    """The rules that ship stay as they are while a process runs, and are read once in it."""
    return load_rulebook()
