"""Case references: short, fit to be read aloud, with a check character, not to be guessed.

`QM-4K7RT-9XWPR`: nine random characters of an alphabet of 31 without 0, 1, I, L, O, and one check
character, a weighted sum modulo the prime 31, which catches every single wrong character and
every swap of two neighbours. About 2 to the power of 44 references, so none is guessed or counted.
"""

import re
from typing import Final

PREFIX: Final = "QM-"
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM_CHARACTERS: Final = 9
RANDOM_BYTES: Final = 8

_WRITTEN: Final = re.compile(rf"{PREFIX}[{ALPHABET}]{{5}}-[{ALPHABET}]{{5}}")


def make_reference(random: bytes) -> str:
    """Return the reference made of `RANDOM_BYTES` random bytes."""
    number = int.from_bytes(random[:RANDOM_BYTES], "big")
    body = ""
    for _ in range(RANDOM_CHARACTERS):
        number, digit = divmod(number, len(ALPHABET))
        body += ALPHABET[digit]
    return _grouped(body + _check(body))


def parse_reference(text: str) -> str | None:
    """Return the reference in its one written form, or None when `text` is none.

    Case, spaces and hyphens do not matter, nor whether the leading QM is given.
    """
    bare = "".join(text.upper().replace("-", " ").split())
    body = bare.removeprefix("QM") if len(bare) > RANDOM_CHARACTERS + 1 else bare
    if len(body) != RANDOM_CHARACTERS + 1 or not set(body) <= set(ALPHABET):
        return None
    return _grouped(body) if _check(body[:-1]) == body[-1] else None


def references_in(text: str) -> frozenset[str]:
    """Return every reference that stands in a text in its one written form."""
    return frozenset(each for each in _WRITTEN.findall(text) if parse_reference(each) == each)


def _check(body: str) -> str:
    weighted = sum((place + 2) * ALPHABET.index(letter) for place, letter in enumerate(body))
    return ALPHABET[weighted % len(ALPHABET)]


def _grouped(body: str) -> str:
    return f"{PREFIX}{body[:5]}-{body[5:]}"
