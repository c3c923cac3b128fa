"""Tables of rule data, read so that every fault is found in one pass.

Law: reading never stops at a fault. It notes the path and what is wrong and goes on with a
stand-in; whoever reads raises once at the end if anything was noted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from domain.errors import Reportable
from domain.rules.counting import subtag_of
from domain.rules.factors import Citation, Confidence, Figure
from domain.rules.life import Life

_Enum = TypeVar("_Enum", bound=StrEnum)


class RulesetFaults(Reportable, ValueError):
    """Rule data cannot be used; ``faults`` holds each fault with its path."""

    def __init__(self, name: str, faults: tuple[str, ...]) -> None:
        self.name, self.faults = name, faults
        super().__init__("\n".join(f"{name}: {fault}" for fault in faults))


_CITED: Final = frozenset({"source", "confidence", "day_uncertain", "note"})
"""The keys of a citation: a fault in one leaves every figure as it was read."""


@dataclass(slots=True)
class Notes:
    """Faults noted so far, and what a table may refer to.

    ``sources`` may be cited (None: any); ``beginnings`` are the first days of the rulesets that a
    life may begin with. ``unread`` are the paths that have a stand-in.
    """

    sources: frozenset[str] | None = None
    beginnings: Mapping[str, date] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Table:
    """One table of the data at a path; keys not asked for by the end are faults."""

    data: Mapping[str, object]
    path: str
    notes: Notes
    asked: set[str] = field(default_factory=set)
    inner: list["Table"] = field(default_factory=list)

    def fault(self, key: str, what: str) -> None:
        """Notes a fault at a key of this table."""
        self.notes.faults.append(f"{self._at(key)}: {what}")
        if key not in _CITED:
            self.notes.unread.add(self._at(key))

    def has(self, key: str) -> bool:
        """True when the key is there."""
        return key in self.data

    def whole(self, key: str, *, least: int = 0) -> int:
        """A whole number of at least ``least``."""
        value = self._value(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self._wrong(key, f"a whole number of at least {least}")
        return least

    def whole_or_none(self, key: str, *, least: int = 0) -> int | None:
        """A whole number, or None where the key is absent."""
        return self.whole(key, least=least) if self.has(key) else None

    def wholes(self, key: str, *, least: int = 0) -> tuple[int, ...]:
        """A list, not empty, of whole numbers of at least ``least``."""
        value = self._value(key)
        numbers = value if isinstance(value, list) else []
        if numbers and all(type(each) is int and each >= least for each in numbers):
            return tuple(numbers)
        self._wrong(key, f"a list of whole numbers of at least {least}")
        return (least,)

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._value(key)
        if isinstance(value, str) and value:
            return value
        self._wrong(key, "a text")
        return f"({self._at(key)})"

    def text_or_empty(self, key: str) -> str:
        """A text, empty where the key is absent."""
        return self.text(key) if self.has(key) else ""

    def truth_or_false(self, key: str) -> bool:
        """True or false, false where the key is absent."""
        self.asked.add(key)
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self._wrong(key, "true or false")
        return value is True

    def texts(self, key: str, *, least: int = 0) -> tuple[str, ...]:
        """A list of at least so many texts, none twice."""
        value = self._value(key)
        if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
            twice = sorted({each for each in value if value.count(each) > 1})
            if len(value) >= least and not twice:
                return tuple(value)
            for each in twice:
                self.fault(key, f"names {each!r} {value.count(each)} times")
            if len(value) < least:
                self.fault(key, f"needs at least {least}, and has {len(value)}")
        else:
            self._wrong(key, "a list of texts")
        return ()

    def language(self, key: str) -> str:
        """A language as it is counted: its primary subtag in lower case, Chinese as ``zh``."""
        language = self.text(key)
        return language if self._at(key) in self.notes.unread else self._counted(key, language)

    def languages(self, key: str, *, least: int = 0) -> tuple[str, ...]:
        """A list of at least so many languages as they are counted, none twice."""
        return tuple(self._counted(key, each) for each in self.texts(key, least=least))

    def day(self, key: str) -> date:
        """A date without a time."""
        value = self._value(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self._wrong(key, "a date")
        return date.min

    def instant(self, key: str) -> datetime:
        """A date and time with its offset."""
        value = self._value(key)
        # At either end of the calendar an instant need not have a day in Hong Kong.
        if isinstance(value, datetime) and value.utcoffset() is not None:
            if date.min.year < value.year < date.max.year:
                return value
            self.fault(key, f"{value.isoformat()} is at the end of the calendar")
            return value.replace(year=2000)
        self._wrong(key, "a date and time with an offset")
        return datetime.fromisoformat("0001-01-02T00:00:00+00:00")

    def one_of(self, key: str, kind: type[_Enum]) -> _Enum:
        """One word of a vocabulary."""
        return self._word(key, kind, self._value(key))

    def known(self, key: str, words: Sequence[str]) -> str | None:
        """One of some words, or None with a fault."""
        value = self._value(key)
        if isinstance(value, str) and value in words:
            return value
        self._wrong(key, f"one of {', '.join(words)}")
        return None

    def some_of(self, key: str, kind: type[_Enum]) -> tuple[_Enum, ...]:
        """At least one word of a vocabulary."""
        return tuple(self._word(key, kind, each) for each in self.texts(key, least=1))

    def table(self, key: str) -> "Table":
        """The table under a key; one that is not there has that one fault, and none inside."""
        value = self._value(key)
        if isinstance(value, Mapping):
            return self._enter(value, self._at(key))
        self._wrong(key, "a table")
        return Table({}, self._at(key), Notes())

    def rows(self, key: str, *, least: int = 0) -> Iterator["Table"]:
        """The tables of a list of at least so many."""
        value = self._value(key) if least or self.has(key) else []
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            self._wrong(key, "a list of tables")
            value = []
        elif len(value) < least:
            self.fault(key, f"needs at least {least}, and has {len(value)}")
        for number, each in enumerate(value):
            yield self._enter(each, f"{self._at(key)}[{number}]")

    def citation(self) -> Citation:
        """The authority of this table's values."""
        source = self.texts("source", least=1)
        for each in source:
            if self.notes.sources is not None and each not in self.notes.sources:
                self.fault("source", f"{each} is not among the sources")
        return Citation(
            source=source,
            confidence=self.one_of("confidence", Confidence),
            day_uncertain=self.truth_or_false("day_uncertain"),
            note=self.text_or_empty("note"),
        )

    def figure(self, key: str) -> Figure:
        """A number with its authority under a key."""
        table = self.table(key)
        return Figure(value=table.whole("value"), cited=table.citation())

    def life(self) -> Life:
        """The days on which this table holds."""
        begins_with = self.text("begins_with") if self.has("begins_with") else None
        first = self.day("from") if begins_with is None else self._beginning(begins_with)
        until = self.day("until") if self.has("until") else None
        if until is not None and date.min < until < first:
            self.fault("until", f"{until} is before {first}")
        return Life(
            first=first,
            until=until,
            known_from=self.day("known_from"),
            cited=self.citation(),
            begins_with=begins_with,
        )

    def close(self) -> None:
        """Notes every key, here and below, that nothing asked for."""
        for key in sorted(set(self.data) - self.asked):
            self.notes.faults.append(f"{self._at(key)}: is not known here")
        for each in self.inner:
            each.close()

    def _beginning(self, ruleset_id: str) -> date:
        if self.has("from"):
            self.asked.add("from")
            self.fault("from", "must not stand beside begins_with")
        if ruleset_id not in self.notes.beginnings:
            self.fault("begins_with", f"no ruleset with a day of its own is called {ruleset_id}")
        return self.notes.beginnings.get(ruleset_id, date.min)

    def _counted(self, key: str, language: str) -> str:
        counted = subtag_of(language)
        if counted != language:
            self.fault(key, f"{language} is counted as {counted}; write that")
        return counted

    def _enter(self, data: Mapping[str, object], path: str) -> "Table":
        table = Table(data, path, self.notes)
        self.inner.append(table)
        return table

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _value(self, key: str) -> object:
        self.asked.add(key)
        return self.data.get(key)

    def _wrong(self, key: str, wanted: str) -> None:
        found = f", not {self.data[key]!r}" if key in self.data else " and is missing"
        self.fault(key, f"must be {wanted}{found}")

    def _word(self, key: str, kind: type[_Enum], value: object) -> _Enum:
        words = [each.value for each in kind]
        if value in words:
            return kind(value)
        self._wrong(key, f"one of {', '.join(words)}")
        return next(iter(kind))
