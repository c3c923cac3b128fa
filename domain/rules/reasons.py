"""Why something was found, as a message and its facts: said in any language, checked in none.

Law: a message's name is permanent, because recorded assessments keep it. Its wording may be mended
in every language; what it means, and the names and kinds of its facts, may not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

FactValue = int | str | tuple[str, ...] | Mapping[str, int]
"""A number, a text (a day in ISO 8601), several texts, or how many of each."""


class Message(StrEnum):
    """Everything that an assessment can say."""

    AS_WRITTEN = "as-written"
    """Words recorded as they were said, in the one fact ``text``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing said, with the facts that fill it in.

    The facts concern the person and are sealed wherever they are kept.
    """

    message: Message
    facts: Mapping[str, FactValue]
