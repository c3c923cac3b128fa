"""Names as blind tokens: a case is found by whole words of its applicant's name, never by parts."""

import re
from typing import Final

from domain.projections.case_list import Names
from services.store import BlindIndex

_BETWEEN: Final = re.compile(r"[\s,;.\-'\u2019\u00b7]+")  # the last is the middle dot in Chinese
_KIND: Final = "name"


def tokens_of(blind: BlindIndex, names: Names) -> frozenset[bytes]:
    """Return the token of every word of a name; a name in Chinese is one word."""
    chinese = "".join((names.name_in_chinese or "").split())
    text = f"{names.family_name} {names.given_names} {chinese}"
    return frozenset(searched(blind, text))


def searched(blind: BlindIndex, text: str) -> tuple[bytes, ...]:
    """Return the tokens of the words that somebody typed; all of them must occur in a name."""
    words = dict.fromkeys(word for word in _BETWEEN.split(text) if word)
    return tuple(blind.token(_KIND, word) for word in words)
