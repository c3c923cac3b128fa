"""Old shapes of events, brought to the present one while they are read; never rewritten.

The key is the wire name and the version that is read; the function returns the payload of the
next version. Each entry is pinned by a golden file of the old shape that is kept for ever.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.record import Upcast
from domain.rules.reasons import Message


def _with_reasons_as_facts(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return an assessment's event whose reasons were English sentences, without their sources."""
    found = old["personal"]
    if found is None:
        return dict(old)
    factors = [
        {
            **factor,
            "awards": [_as_facts(each) for each in factor["awards"]],
            "shortfalls": [{**_as_facts(each), "evidence": []} for each in factor["shortfalls"]],
        }
        for factor in found["factors"]
    ]
    single = {name: [_as_facts(each) for each in found[name]] for name in _SINGLE}
    return {**old, "personal": {**found, **single, "factors": factors}}


def _with_places_that_may_be_unlimited(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the opening of an exercise, which had places and a shortlist of so many always."""
    return dict(old)


_SINGLE: Final = ("prerequisites", "criteria")


def _as_facts(old: Mapping[str, Any]) -> dict[str, Any]:
    said = {"message": Message.AS_WRITTEN.value, "facts": {"text": old["reason"]}}
    return {**old, "reason": said, "source": []}


UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = MappingProxyType(
    {
        ("prerequisites-assessed", 1): _with_reasons_as_facts,
        ("application-scored", 1): _with_reasons_as_facts,
        ("exercise-opened", 1): _with_places_that_may_be_unlimited,
    }
)
