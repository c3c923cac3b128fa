"""What is found of what keeps people's data closed: the erasures that are kept, the master key."""

from collections.abc import Iterator
from contextlib import closing

from services.pokes import redis_of
from services.privacy.places import Look, Places
from services.settings import Settings
from services.stack.finding import Finding
from services.store import CaseKeys, Store
from services.store.rewrapping import counts
from services.store.sealing import name_of


def erasures(settings: Settings) -> Finding:
    """Erasures are kept where a restore undoes nothing; a place that is no answer is told."""
    key, redis = settings.blind_index_key, redis_of(settings.broker_url)
    with closing(Places(settings.fence_folder, redis, key)) as places:
        found = places.look()
    faults = [fault for each in found.looks if (fault := _fault(each))]
    return Finding(
        subject="erasures",
        is_well=found.is_enough and not found.broken,
        warns=bool(faults),
        says="; ".join((f"{len(found.erasures)} kept outside of the database", *faults)),
        remedy="see to it that both can be read; take away what was not written by `qmas`, and run "
        "`qmas up`: the place that is whole makes the other one good, and while neither is nobody "
        "is shown anything",
    )


def keys_left(settings: Settings) -> Iterator[Finding]:
    """An erasure that is in the log while the key is there is told: its person can be read."""
    store = Store.connect(settings.database_url, keys_of(settings), pool_size=1)
    try:
        left = store.evidence.keys_left()
    finally:
        store.dispose()
    if left:
        yield Finding(
            subject="keys of the erased",
            is_well=False,
            says=f"the log says that they were erased, and their keys are there: {', '.join(left)}",
            remedy="somebody wrote past this program: find out who, and whether two officers "
            "decided it; restore a backup from before, or destroy the keys as the schema's owner",
        )


def _fault(look: Look) -> str:
    """Return what is wrong with one of the places, empty where nothing is."""
    if not look.answers:
        return f"{look.name} does not answer"
    if look.strange:
        return f"not all in {look.name} was written by this installation, or it was cut off"
    return "" if look.whole else f"{look.name} holds nothing, or not all"


def keys_of(settings: Settings) -> CaseKeys:
    """Return what unwraps the keys of cases."""
    return CaseKeys(settings.master_key, settings.master_key_former)


def master_keys(settings: Settings) -> Iterator[Finding]:
    """Keys that no master key opens that is told; and a former one, whether it is still needed."""
    found, former = counts(settings.database_url), settings.master_key_former
    now = name_of(settings.master_key).hex()
    known = {now, None} | ({name_of(former).hex()} if former else set())
    others = sum(count for name, count in found.items() if name != now)
    unknown = sum(count for name, count in found.items() if name not in known)
    if unknown:
        yield Finding(
            subject="master key",
            is_well=False,
            says=f"keys that were wrapped by a master key that is not told: {unknown}",
            remedy="`qmas keys status` names it; tell it as QMAS_MASTER_KEY_FORMER",
        )
    elif former:
        yield Finding(
            subject="master key",
            is_well=True,
            warns=True,
            says=f"keys that another than QMAS_MASTER_KEY wraps: {others}",
            remedy="run `qmas keys rotate`" if others else "take QMAS_MASTER_KEY_FORMER away",
        )
