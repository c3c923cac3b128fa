"""Anything that is recorded as plain names and values, and those as a page that anybody can read.

Law: a reason is told as data and in words; whoever is of the office is told by a number. The page
runs no script and fetches nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from html import escape
from typing import Any, Final

from domain.application import Correspondence
from domain.days import HONG_KONG
from domain.exports import BEFORE_IS_STAFF, STAFF_FIELDS, StaffNumbers
from domain.rules.reasons import Reason
from services.reasons import say

IN_WORDS: Final = "in_words"
"""What a reason is said under."""

_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?\+00:00")

Section = tuple[str, Any]
"""A heading, and what is told below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Tells values: reasons in a language, the person by their reference, officers by numbers."""

    reference: str
    language: Correspondence
    staff: StaffNumbers

    def told(self, value: Any) -> Any:
        """Return a value as names, texts, numbers and lists of these."""
        if is_dataclass(value):
            return self._fields(value)
        if isinstance(value, Mapping):
            return {str(name): self.told(each) for name, each in value.items()}
        if isinstance(value, tuple | list | frozenset):
            return [self.told(each) for each in value]
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, date):  # an instant is one as well
            return instant_told(value) if isinstance(value, datetime) else value.isoformat()
        return value

    def by(self, name: str) -> str:
        """Return what stands for somebody who is named."""
        return "applicant" if name == self.reference else self.staff.told(name)

    def _fields(self, value: Any) -> dict[str, Any]:
        said = {IN_WORDS: say(value, self.language)} if isinstance(value, Reason) else {}
        return {each.name: self._field(value, each.name) for each in fields(value)} | said

    def _field(self, value: Any, field: str) -> Any:
        found = getattr(value, field)
        if isinstance(found, str) and _names(value, field):
            return self.by(found)
        return self.told(found)


def instant_told(instant: datetime) -> str:
    """Return an instant as data has it."""
    return instant.astimezone(UTC).isoformat()


def _names(value: Any, field: str) -> bool:
    """Say whether the field of a value names somebody of the office, or whoever did something."""
    return field in STAFF_FIELDS or (field == "before" and type(value) in BEFORE_IS_STAFF)


def page(title: str, language: Correspondence, begin: str, sections: Sequence[Section]) -> str:
    """Return what is told as one page of HTML, its sections linked from its beginning."""
    links = "".join(
        f'<li><a href="#part-{number}">{escape(heading)}</a></li>\n'
        for number, (heading, _) in enumerate(sections, start=1)
    )
    parts = "".join(
        f'<h2 id="part-{number}">{escape(heading)}</h2>\n{_shown(value)}\n'
        for number, (heading, value) in enumerate(sections, start=1)
    )
    paragraphs = "".join(f"<p>{escape(each)}</p>\n" for each in begin.strip().splitlines() if each)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n{paragraphs}<ol>\n{links}</ol>\n{parts}</main>\n</body>\n</html>\n"
    )


_STYLE: Final = (
    "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "dl{margin:0 0 .5rem 0;padding-left:1rem;border-left:2px solid #bbb}"
    "dt{font-weight:bold}dd{margin:0 0 .25rem 1rem;white-space:pre-wrap}"
)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        told = "".join(_row(name, each) for name, each in value.items() if not _empty(each))
        return f"<dl>\n{told}</dl>"
    if isinstance(value, list):
        return "<ul>\n" + "".join(f"<li>{_shown(each)}</li>\n" for each in value) + "</ul>"
    return escape(_said(value))


def _row(name: str, value: Any) -> str:
    # Without a break before it, for whoever reads sees it as it stands.
    return f"<dt>{escape(_title(name))}</dt><dd>{_shown(value)}</dd>\n"


def _title(name: str) -> str:
    plain = name.replace("_", " ").replace("-", " ")
    return plain[:1].upper() + plain[1:]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    if _INSTANT.fullmatch(text):
        there = datetime.fromisoformat(text).astimezone(HONG_KONG)
        return f"{there:%Y-%m-%d %H:%M:%S} +08:00"
    return text


def _empty(value: Any) -> bool:
    return value is None or value in ([], "")
