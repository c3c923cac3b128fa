"""Facts as people read them: instants in Hong Kong time, money, words for vocabularies.

Law: whatever the domain records can be shown without a page knowing its shape, so that a new
event or field needs words and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from domain import events as e
from domain.application import AchievementKind, Correspondence, Level, Relative, Sector
from domain.days import HONG_KONG, hong_kong_date, written_out
from domain.overrides import OverrideApplied
from domain.rules.reasons import Reason
from domain.rules.types import (
    Award,
    CriterionFinding,
    FactorScore,
    PrerequisiteFinding,
    Shortfall,
)
from domain.slugs import slug
from services.catalogue import Catalogue
from services.overrides import override_told
from services.reasons import say, word

ENGLISH: Final = Correspondence.ENGLISH
NOTHING: Final = "\N{EN DASH}"
_OWN_SECTION: Final = "personal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A label with its text and entries of its own; `code` is an id that the text stands for."""

    label: str
    text: str = ""
    code: str = ""
    entries: tuple["Entry", ...] = ()


def clock_time(at: datetime | None, language: str = ENGLISH) -> str:
    """Return an aware instant as Hong Kong's clocks had it: 1 May 2019, 09:30."""
    if at is None:
        return NOTHING
    local = at.astimezone(HONG_KONG)
    return f"{day(local.date(), language)}{', ' if language == ENGLISH else ' '}{local:%H:%M}"


def second_time(at: datetime | None, language: str = ENGLISH) -> str:
    """Return an instant as `clock_time` does, with its seconds, and their parts where it has any.

    Who came first is seen by these alone.
    """
    if at is None:
        return NOTHING
    parts = f"{at:.%f}".rstrip("0").rstrip(".")
    return f"{clock_time(at, language)}:{at:%S}{parts}"


def exact_time(at: datetime | None) -> str:
    """Return an aware instant to the millisecond, in Hong Kong time with its offset."""
    if at is None:
        return NOTHING
    return at.astimezone(HONG_KONG).isoformat(sep=" ", timespec="milliseconds")


def day(on: date | None, language: str = ENGLISH) -> str:
    """Return a day, or the day of an instant in Hong Kong, as a sentence has it: 1 May 2019."""
    if on is None:
        return NOTHING
    on = hong_kong_date(on) if isinstance(on, datetime) else on
    return written_out(on) if language == ENGLISH else f"{on.year}年{on.month}月{on.day}日"


def number(counted: int | None) -> str:
    """Return a number with its thousands set off: 1,299."""
    return NOTHING if counted is None else f"{counted:,}"


def money(hkd: int | None) -> str:
    """Return whole Hong Kong dollars: HK$1,300."""
    return NOTHING if hkd is None else f"HK${hkd:,}"


def stage_name(words: Catalogue, stage: str) -> str:
    """Return a stage as the office calls it, which is more direct than what applicants read."""
    return words.maybe(f"office-stage.{stage}", words(f"stage.{stage}.label"))


def size(number: int) -> str:
    """Return a number of bytes as people say it: 70 kB, 5 MB."""
    kilobytes = number / 1024
    if kilobytes < 1024:  # noqa: PLR2004 - kilobytes of a megabyte
        return f"{max(1, round(kilobytes))} kB"
    return f"{kilobytes / 1024:.1f} MB".replace(".0 ", " ")


def plain(words: Catalogue, value: Any) -> str:  # noqa: PLR0911 - one arm per kind of value
    """Return one value, not a dataclass, as text; a word of a vocabulary as people say it."""
    match value:
        case None | "" | ():
            return NOTHING
        case bool():
            return "Yes" if value else "No"
        case datetime():
            return clock_time(value)
        case date():
            return written_out(value)
        case tuple():
            return ", ".join(plain(words, each) for each in value)
        case StrEnum():
            return _word(words, value)
        case _:
            return str(value)


def _word(words: Catalogue, value: StrEnum) -> str:
    """Return a word of a vocabulary as people say it, where there are words for it."""
    match value:
        case Level() | Sector() | Relative() | AchievementKind():
            return _begun(word(value, ENGLISH))
        case _:
            place = f"{slug(type(value).__name__)}.{value}"
            return words.maybe(place, value.replace("_", " "))


def _begun(said: str) -> str:
    return said[:1].upper() + said[1:]


def outline(words: Catalogue, shown: Any, *, leave_out: Iterable[str] = ()) -> tuple[Entry, ...]:
    """Return every field of a dataclass with its label, in order; nested ones with their own.

    A member called `personal` is left out: it is shown where its reader asks for it.
    """
    skipped = {_OWN_SECTION, *leave_out}
    return tuple(
        _entry(words, each.name, getattr(shown, each.name))
        for each in fields(shown)
        if each.name not in skipped
    )


def _item(words: Catalogue, item: Any, label: str) -> Entry:
    """Return one of many: a flat one on a single line that its first field begins."""
    scored = _scored(words, item)
    if scored is not None:
        return scored
    entries = outline(words, item)
    if any(each.entries for each in entries):
        return Entry(label=label, entries=entries)
    first, *others = entries
    text = "; ".join(f"{each.label}: {each.text}" for each in others)
    return Entry(label=first.text, text=text)


def _scored(words: Catalogue, item: Any) -> Entry | None:
    """Return a part of an assessment as a list of points has it; None for anything else."""
    match item:
        case e.FactorPoints() | FactorScore():
            parts = (*item.awards, *getattr(item, "shortfalls", ()))
            return Entry(
                label=label_of(words, item.factor),
                text=f"{item.points} of {item.max} points{_computed(item.computed)}",
                entries=tuple(_item(words, each, "") for each in parts),
            )
        case e.RulePoints() | Award():
            return Entry(
                label=_points(item.points),
                text=_because(_reason(item), item),
                code=item.rule,
            )
        case Shortfall():
            return Entry(
                label=f"{_points(item.points)} not given",
                text=_because(_reason(item), item),
                code=item.rule,
            )
        case (
            e.PrerequisiteResult()
            | e.CriterionResult()
            | PrerequisiteFinding()
            | CriterionFinding()
        ):
            met = "Met" if item.met else "Not met"
            reason = _reason(item)
            said = f"{met}: {reason}" if reason else met
            return Entry(label=label_of(words, item.id), text=_because(said, item))
        case Reason() | OverrideApplied():
            return _said(item)
        case _:
            return None


def _said(item: Reason | OverrideApplied) -> Entry:
    if isinstance(item, Reason):
        return Entry(label="Found", text=in_english(item))
    return Entry(label="Decided by officers", text=override_told(item))


def in_english(reason: Reason) -> str:
    """Return a reason as the office reads it."""
    return say(reason, Correspondence.ENGLISH)


def _reason(item: Any) -> str:
    reason = getattr(item, "reason", None)
    return in_english(reason) if reason else ""


def _computed(points: int | None) -> str:
    """Return what the tests alone gave, where officers decided otherwise."""
    return "" if points is None else f", {points} computed"


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"


def _because(said: str, item: Any) -> str:
    """Return what is said of a finding, with the list, evidence and sources that it rests on."""
    edition, evidence = getattr(item, "edition", None), getattr(item, "evidence", ())
    source = getattr(item, "source", ())
    told = [f"list: {edition}"] if edition else []
    told += [f"evidence: {', '.join(evidence)}"] if evidence else []
    told += [f"source: {', '.join(source)}"] if source else []
    return f"{said} ({'; '.join(told)})".strip() if told else said


def label_of(words: Catalogue, name: str) -> str:
    """Return the label of a field: its words, or its own name spelled out."""
    spelled = name.replace("_", " ")
    return words.maybe(f"shown.{name}", _begun(spelled))


def _entry(words: Catalogue, name: str, value: Any) -> Entry:
    label = label_of(words, name)
    if is_dataclass(value):
        return Entry(label=label, entries=outline(words, value))
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        return Entry(
            label=label,
            entries=tuple(
                _item(words, each, f"{label} {number}") for number, each in enumerate(value, 1)
            ),
        )
    if name.endswith("_hkd") and isinstance(value, int):
        return Entry(label=label, text=money(value))
    return Entry(label=label, text=plain(words, value))
