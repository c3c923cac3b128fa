"""A stratum and its places as people type them: `finance=10`, or `finance=10/15`."""

import re
from typing import Final

from domain.rules.terms import StratumPlaces

EXAMPLE: Final = "finance=10, or finance=10/15 where the committee sees 15 of them"

_TYPED: Final = re.compile(r"([a-z_]+) ?[ =:] ?([0-9]{1,7})(?:/([0-9]{1,7}))?")


def read_stratum(text: str) -> StratumPlaces:
    """Return the stratum that a text names with its places; ValueError for any other text."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a stratum with its places, such as {EXAMPLE}")
    name, places, size = found.groups()
    return StratumPlaces(
        stratum=name, places=int(places), shortlist_size=None if size is None else int(size)
    )
