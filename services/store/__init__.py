"""The event store: every fact, appended once, never changed, in an order nothing disturbs."""

from services.store.commit import Appended, Commit, NewEvent, StreamWrite
from services.store.errors import (
    CommandReused,
    Conflict,
    EventOfLater,
    EventUnreadable,
    KeyDestroyed,
    LogCorrupt,
    MigrationFault,
    Reserved,
    StoreFault,
    StoreUnreachable,
    Unwritable,
)
from services.store.sealing import BlindIndex, CaseKey, CaseKeys, MasterKeyChanged, SealBroken
from services.store.shards import Shard, Stretch, number_of
from services.store.store import Store
from services.store.together import Bodies, Since, Together

__all__ = [
    "Appended",
    "BlindIndex",
    "Bodies",
    "CaseKey",
    "CaseKeys",
    "CommandReused",
    "Commit",
    "Conflict",
    "EventOfLater",
    "EventUnreadable",
    "KeyDestroyed",
    "LogCorrupt",
    "MasterKeyChanged",
    "MigrationFault",
    "NewEvent",
    "Reserved",
    "SealBroken",
    "Shard",
    "Since",
    "Store",
    "StoreFault",
    "StoreUnreachable",
    "StreamWrite",
    "Stretch",
    "Together",
    "Unwritable",
    "number_of",
]
