"""What a case is found by, as blind tokens: whole words of its applicant's name, and the person.

A person is a travel document and a day of birth: nobody types a token of one, so that no search
for names meets it.
"""

import re
from datetime import date
from typing import Final

from domain.application import TravelDocument
from domain.projections.case_list import Names
from services.store import BlindIndex

_BETWEEN: Final = re.compile(r"[\s,;.\-'\u2019\u00b7]+")  # the last is the middle dot in Chinese
_KIND: Final = "name"


def tokens_of(blind: BlindIndex, names: Names) -> frozenset[bytes]:
    """Return the token of every word of a name, one in Chinese being one word, and the person's."""
    chinese = "".join((names.name_in_chinese or "").split())
    text = f"{names.family_name} {names.given_names} {chinese}"
    person = person_token(blind, names.travel_document, names.date_of_birth)
    return frozenset((*searched(blind, text), person))


def person_token(blind: BlindIndex, document: TravelDocument, born: date) -> bytes:
    """Return the token of a person; it tells nothing of them."""
    # The index makes case and width alike; blanks and hyphens people put in as they like.
    number = "".join(filter(str.isalnum, document.number))
    return blind.token("person", f"{document.issued_by} {number} {born}")


def searched(blind: BlindIndex, text: str) -> tuple[bytes, ...]:
    """Return the tokens of the words that somebody typed; all of them must occur in a name."""
    words = dict.fromkeys(word for word in _BETWEEN.split(text) if word)
    return tuple(blind.token(_KIND, word) for word in words)
