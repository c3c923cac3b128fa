"""What is found of what keeps people's data closed: the erasures that are kept, the master key."""

from collections.abc import Iterator
from contextlib import closing

from services.pokes import redis_of
from services.privacy.places import ErasuresAway, Places
from services.settings import Settings
from services.stack.finding import Finding
from services.store import CaseKeys
from services.store.rewrapping import counts
from services.store.sealing import name_of


def erasures(settings: Settings) -> Finding:
    """Erasures are kept where a restore undoes nothing; a line that is none of ours is told."""
    key, redis = settings.blind_index_key, redis_of(settings.broker_url)
    with closing(Places(settings.fence_folder, redis, key)) as places:
        try:
            found = places.found()
        except ErasuresAway as fault:
            return Finding(subject="erasures", is_well=False, says=str(fault))
    remedy = "take away what `qmas up` did not write; it writes anew what is missing"
    says = f"{len(found.erasures)} kept outside of the database"
    if found.broken:
        says = f"not all in {' and in '.join(found.broken)} was written by this installation"
    return Finding(subject="erasures", is_well=not found.broken, says=says, remedy=remedy)


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
