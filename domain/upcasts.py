"""Old shapes of events, brought to the present one while they are read; never rewritten.

The key is the wire name and the version that is read; the function returns the payload of the
next version. Each entry is pinned by a golden file of the old shape that is kept for ever.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.record import Upcast

UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = MappingProxyType({})
