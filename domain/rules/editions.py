"""Corrections of rulesets: each a document of its own, laid over the edition before it.

Law: what was used never changes. A correction says what it corrects, takes the next number, became
known later, and replaces whole top-level keys; everything else stands as it stood.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from domain.rules.parse import ReadRuleset, read_ruleset
from domain.rules.reading import Notes
from domain.rules.types import Lists

Document = Mapping[str, object]

_KEPT = ("id", "route", "test")
"""What a correction cannot change: with another of these it would be another ruleset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The document of one edition of a ruleset, as it reads with those before it."""

    name: str
    data: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """The editions of each ruleset, the first one first, and the documents that fit nowhere."""

    editions: tuple[tuple[Written, ...], ...]
    faults: tuple[str, ...]


def chained(documents: Mapping[str, Document], unread: Collection[str] = ()) -> Chains:
    """The documents of rulesets put in order of their editions, of which some may be unread."""
    faults: list[str] = []
    first = {name: each for name, each in documents.items() if "corrects" not in each}
    corrections = {name: each for name, each in documents.items() if "corrects" in each}
    for name, each in corrections.items():
        if each["corrects"] not in [*first, *unread]:
            faults.append(f"{name}: corrects: no ruleset is called {each['corrects']!r}")
    chains = []
    for name, document in sorted(first.items()):
        faults.extend(_misnamed(name, document))
        ours = {other: each for other, each in corrections.items() if each["corrects"] == name}
        whole = not any(other.startswith(f"{name}.") for other in unread)
        faults.extend(_misnumbered(name, ours, whole=whole))
        chains.append(tuple(_laid_over(Written(name=name, data=document), ours)))
    return Chains(editions=tuple(chains), faults=tuple(faults))


def beginnings(chains: Chains) -> dict[str, date]:
    """The first day of each ruleset that has one of its own, as it was corrected last."""
    lives = {each[0].name: each[-1].data.get("life") for each in chains.editions}
    days = {name: life.get("from") for name, life in lives.items() if isinstance(life, Mapping)}
    return {
        name: day
        for name, day in days.items()
        if isinstance(day, date) and not isinstance(day, datetime)
    }


def read_editions(
    chain: Iterable[Written], lists: Lists, notes: Notes, faults: list[str]
) -> tuple[ReadRuleset, ...]:
    """Each edition as far as it reads; what an earlier one says already is no fault again."""
    found: list[ReadRuleset] = []
    said: set[str] = set()
    for each in chain:
        read = read_ruleset(each.data, lists, Notes(notes.sources, notes.beginnings))
        faults.extend(f"{each.name}: {fault}" for fault in read.faults if fault not in said)
        said.update(read.faults)
        found.append(read)
    faults.extend(_known_too_early(found))
    return tuple(found)


def _misnamed(name: str, document: Document) -> Iterator[str]:
    if document.get("id", name) != name:
        yield f"{name}: id: is {document['id']!r}, but the document is called {name}"
    if "edition" in document:
        yield f"{name}: edition: is only for a document that corrects another"


def _misnumbered(
    ruleset_id: str, corrections: Mapping[str, Document], *, whole: bool
) -> Iterator[str]:
    for name, each in corrections.items():
        number = each.get("edition")
        if name != f"{ruleset_id}.{number}":
            yield f"{name}: edition: is {number!r}, so it must be called {ruleset_id}.{number}"
        yield from (f"{name}: {key}: a correction keeps it" for key in _KEPT if key in each)
    numbers = sorted(each for each in _numbers(corrections))
    wanted = list(range(2, len(corrections) + 2))
    if whole and len(numbers) == len(wanted) and numbers != wanted:
        yield f"{ruleset_id}: its corrections are editions {_and(numbers)}, not {_and(wanted)}"


def _numbers(corrections: Mapping[str, Document]) -> Iterator[int]:
    numbers = [each.get("edition") for each in corrections.values()]
    yield from (each for each in numbers if isinstance(each, int))


def _and(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _laid_over(first: Written, corrections: Mapping[str, Document]) -> Iterator[Written]:
    yield first
    so_far = dict(first.data)
    for name, each in sorted(corrections.items(), key=lambda item: _order(*item)):
        so_far |= {key: value for key, value in each.items() if key not in {"corrects", *_KEPT}}
        yield Written(name=name, data=dict(so_far))


def _order(name: str, document: Document) -> tuple[int, str]:
    number = document.get("edition")
    return (number if isinstance(number, int) else 0, name)


def _known_too_early(editions: Iterable[ReadRuleset]) -> Iterator[str]:
    known = [each.ruleset for each in editions if "life.known_from" not in each.unread]
    for before, after in pairwise(known):
        if after.life.known_from <= before.life.known_from:
            yield (
                f"{after.id}.{after.edition}: life.known_from: {after.life.known_from} is not "
                f"after {before.life.known_from}, from which edition {before.edition} was known"
            )
