"""How hard a secret is to guess, as far as it can be seen from the secret itself.

What was typed, repeated or counted up looks unlike what was drawn. That a secret passes does not
make it a random one.
"""

from collections import Counter
from itertools import pairwise
from math import log2
from typing import Any, Final

_SORTS: Final = 2
_WORDS: Final = (
    *("change", "default", "example", "insert", "passphrase", "password"),
    *("placeholder", "production", "random", "replace", "secret", "session"),
)
"""What placeholders say; six letters in a row come about by lot once in ten million texts."""


def bits(text: str) -> float:
    """Return how many bits a text holds at most, by its characters and by the steps between them.

    A random text of 43 letters and digits looks like some 200 of its 256; `abcdef…` like none.
    """
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    return len(text) * min(_entropy(Counter(text)), _entropy(Counter(steps)))


def is_worded(text: str) -> bool:
    """Say whether a text was written by somebody: of words, for others to replace, or of one again.

    What was drawn has small and capital letters or figures beside each other, and no spaces.
    """
    sorts = sum(any(map(sort, text)) for sort in (str.islower, str.isupper, str.isdecimal))
    again = text in f"{text}{text}"[1:-1]
    told = text.lower()
    return sorts < _SORTS or again or any(map(str.isspace, text)) or any(w in told for w in _WORDS)


def is_typed(key: bytes) -> bool:
    """Say whether every byte of a key is a printable character, as of 32 random ones none are."""
    return key.isascii() and key.decode("ascii").isprintable()


def _entropy(counted: Counter[Any]) -> float:
    whole = counted.total()
    return -sum(each / whole * log2(each / whole) for each in counted.values())
