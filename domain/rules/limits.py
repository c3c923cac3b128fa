"""Limits as dated data: how long, how often, how much, on what, and what approvals wait for."""

from dataclasses import dataclass
from enum import StrEnum

from domain.papers import DocumentKind
from domain.rules.life import Life


class Limit(StrEnum):
    """What is limited, and in which unit."""

    PAYMENT_MONTHS = "payment-months"
    ORIGINALS_MONTHS = "originals-months"
    ACTIVATION_MONTHS = "activation-months"
    EXTENSION_WEEKS = "extension-weeks"
    RECONSIDERATION_MONTHS = "reconsideration-months"
    RECONSIDERATIONS = "reconsiderations"
    ABODE_YEARS = "abode-years"
    DEPENDANT_UNDER_AGE = "dependant-under-age"
    FIRST_REMINDER_DAYS = "first-reminder-days"
    LAST_REMINDER_DAYS = "last-reminder-days"
    SILENCE_WEEKS = "silence-weeks"
    NEWS_DAYS = "news-days"
    DATA_ACCESS_DAYS = "data-access-days"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedLimit:
    """How much of something is allowed to whoever submitted while it is in force."""

    limit: Limit
    value: int
    life: Life


class OriginalsSeen(StrEnum):
    """Whether an approval waits until the originals were seen."""

    ALWAYS = "always"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Originals:
    """Whether the originals are seen before an approval, for whoever submitted meanwhile."""

    seen: OriginalsSeen
    life: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Whether applications are taken on paper, of whoever submits meanwhile."""

    taken: bool
    life: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSize:
    """Bytes that the file of a document may have at most."""

    bytes_at_most: int
    life: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCount:
    """Files of a kind of document that are taken of one case at most."""

    kind: DocumentKind
    files_at_most: int
    life: Life
