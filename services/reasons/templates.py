"""Templates of one sentence: text with the facts that fill it in.

A placeholder is `{name}` or `{name:saying}`; `{number:one|many}` is a number with its noun in the
form that the number asks for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final

from domain.rules.reasons import Kind

PLAIN: Final = ""
PLURAL: Final = "one|many"

SAYINGS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.NUMBER: (PLAIN, PLURAL),
    Kind.TEXT: (PLAIN,),
    Kind.TEXTS: ("texts-and",),
    Kind.DAY: ("day",),
    Kind.DAYS: ("span", "span-about"),
    Kind.HKD: ("hkd",),
    Kind.COUNTRY: ("country",),
    Kind.LANGUAGES: ("languages-and", "languages-or"),
    Kind.LEVEL: ("level",),
    Kind.LEVELS: ("levels-or",),
    Kind.COUNTED_LEVELS: ("levels-counted", "levels-wanted"),
    Kind.SECTORS: ("sectors-or",),
    Kind.RELATIVE: ("relative",),
}
"""How a fact of each kind may be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """A fact and how it is said; `forms` are one and many where it is a number with its noun."""

    fact: str
    saying: str
    forms: tuple[str, str] = ("", "")


Template = tuple[str | Placeholder, ...]


def read_template(text: str) -> Template:
    """Return the template that a text writes, or raise ValueError naming what is wrong with it."""
    return tuple(_parts(text))


def faults_of(template: Template, facts: Mapping[str, Kind]) -> Iterator[str]:
    """Yield what keeps a template from saying these facts, each of them and no others."""
    said = [each for each in template if isinstance(each, Placeholder)]
    for each in said:
        kind = facts.get(each.fact)
        if kind is None:
            yield f"says {each.fact}, which is no fact of it"
        elif each.saying not in SAYINGS[kind]:
            ways = " or ".join(f"{{{each.fact}{way and f':{way}'}}}" for way in SAYINGS[kind])
            yield f"cannot say {each.fact}, a fact of kind {kind}, but as {ways}"
    yield from (
        f"leaves {name} unsaid" for name in facts if name not in {each.fact for each in said}
    )


def _parts(text: str) -> Iterator[str | Placeholder]:
    for before, name, saying, conversion in Formatter().parse(text):
        if before:
            yield before
        if name is None:
            continue
        if not name or conversion:
            raise ValueError("a placeholder is {name} or {name:saying}")
        yield _placeholder(name, saying or PLAIN)


def _placeholder(name: str, saying: str) -> Placeholder:
    one, bar, many = saying.partition("|")
    if not bar:
        return Placeholder(fact=name, saying=saying)
    if not one or not many or "|" in many:
        raise ValueError(f"{{{name}:{saying}}} needs two forms, one|many")
    return Placeholder(fact=name, saying=PLURAL, forms=(one, many))
