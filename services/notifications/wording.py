"""Texts of letters: one template makes the plain text and the page of it (HTML).

A template is `templates/EFFECT.toml` with a table for each language: `subject` and `text`. A text
is blocks with an empty line between them:

    Words over any number of lines are a paragraph.
    ## A heading
    - a list            and a list of steps, whose lines begin with 1. and so on
        An indented line stands by itself: a reference, or an address that becomes a link.

`$name` stands for a fact. Law: a template is read before its facts are filled in, so that no fact
can make a block, a heading or a tag; and a block with a fact that is empty is left out, with its
heading. An item that is one fact with several texts becomes an item for each.
"""

import re
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from domain.application import Correspondence

Facts = Mapping[str, str | tuple[str, ...]]

FRAME: Final = "frame"
"""The words around every letter, which are a template of their own."""

_COLUMNS: Final = 76
_STEP: Final = re.compile(r"\d+\. ")
_INDENT: Final = "    "
_STYLE: Final = (
    "font:16px/1.5 sans-serif;color:#0b0c0c;max-width:38em;margin:1em auto;padding:0 1em"
)


class Kind(StrEnum):
    """What a block is."""

    PARAGRAPH = "p"
    HEADING = "h2"
    LIST = "ul"
    STEPS = "ol"
    APART = "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a template, or of a letter once its facts are filled in: its lines or items."""

    kind: Kind
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One template in one language; `named` are single words and sentences by their names."""

    subject: str
    blocks: tuple[Block, ...]
    named: Mapping[str, str]


@cache
def words_of(template: str, language: Correspondence) -> Words:
    """Return a template in a language; KeyError where it has none."""
    path = files("services.notifications") / "templates" / f"{template}.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))[language]
    named = dict(_named(table))
    return Words(
        subject=named.pop("subject", ""),
        blocks=tuple(blocks_of(named.pop("text", ""), language)),
        named=named,
    )


def blocks_of(text: str, language: Correspondence) -> Iterator[Block]:
    """Yield the blocks of a template in a language."""
    # A line ends between two words in English, and in Chinese between any two characters.
    space = " " if language is Correspondence.ENGLISH else ""
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        lines = part.splitlines()
        if not part.strip():
            continue
        if lines[0].startswith(_INDENT):
            yield Block(kind=Kind.APART, lines=tuple(line.strip() for line in lines))
        elif lines[0].startswith("## "):
            yield Block(kind=Kind.HEADING, lines=(lines[0][3:],))
        elif lines[0].startswith("- "):
            yield Block(kind=Kind.LIST, lines=tuple(_items(lines, space)))
        elif _STEP.match(lines[0]):
            yield Block(kind=Kind.STEPS, lines=tuple(_items(lines, space)))
        else:
            yield Block(kind=Kind.PARAGRAPH, lines=(space.join(map(str.strip, lines)),))


def filled(text: str, facts: Facts) -> str:
    """Return one line with its facts; KeyError names one that is missing."""
    return Template(text).substitute({name: _line(facts[name]) for name in _named_in(text)})


def filled_blocks(blocks: Iterable[Block], facts: Facts) -> tuple[Block, ...]:
    """Return the blocks with their facts, without those that have an empty one.

    The heading of a block that is left out is left out with it.
    """
    kept: list[Block] = []
    for block in blocks:
        if all(facts[name] for line in block.lines for name in _named_in(line)):
            kept.append(Block(kind=block.kind, lines=tuple(_filled_lines(block, facts))))
        elif kept and kept[-1].kind is Kind.HEADING:
            kept.pop()
    return tuple(kept)


def as_text(blocks: Sequence[Block]) -> str:
    """Return blocks as plain text."""
    return "\n\n".join(_as_text(each) for each in blocks) + "\n"


def as_page(title: str, language: Correspondence, blocks: Sequence[Block]) -> str:
    """Return blocks as a page that loads nothing from anywhere."""
    body = "\n".join(_as_markup(each) for each in blocks)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n</head>\n<body>\n"
        f'<div style="{_STYLE}">\n{body}\n</div>\n</body>\n</html>\n'
    )


def _named(table: Mapping[str, object], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _named(value, f"{within}{name}.")
        else:
            yield f"{within}{name}", str(value)


def _items(lines: Sequence[str], space: str) -> Iterator[str]:
    item = ""
    for line in lines:
        begun = line.startswith("- ") or _STEP.match(line)
        if begun and item:
            yield item
        text = line.partition(" ")[2] if begun else line.strip()
        item = text if begun else f"{item}{space}{text}"
    yield item


@cache
def _named_in(text: str) -> tuple[str, ...]:
    """Return the facts that a line of a template names."""
    return tuple(Template(text).get_identifiers())


def _filled_lines(block: Block, facts: Facts) -> Iterator[str]:
    for line in block.lines:
        several = facts.get(line[1:]) if line.startswith("$") else None
        if block.kind in {Kind.LIST, Kind.APART} and isinstance(several, tuple):
            yield from map(_line, several)
        else:
            yield filled(line, facts) if _named_in(line) else line.replace("$$", "$")


def _line(value: str | tuple[str, ...]) -> str:
    """Return a fact on one line, whatever its writer typed."""
    return " ".join((value if isinstance(value, str) else ", ".join(value)).split())


def _as_text(block: Block) -> str:
    match block.kind:
        case Kind.LIST:
            return "\n".join(_wrapped(line, "- ") for line in block.lines)
        case Kind.STEPS:
            return "\n".join(
                _wrapped(line, f"{number}. ") for number, line in enumerate(block.lines, start=1)
            )
        case Kind.APART:
            return "\n".join(f"{_INDENT}{line}" for line in block.lines)
        case Kind.PARAGRAPH | Kind.HEADING:
            return "\n".join(map(_wrapped, block.lines))


def _wrapped(line: str, lead: str = "") -> str:
    return textwrap.fill(
        line,
        _COLUMNS,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _as_markup(block: Block) -> str:
    lines = [escape(line) for line in block.lines]
    match block.kind:
        case Kind.LIST | Kind.STEPS:
            items = "".join(f"\n<li>{line}</li>" for line in lines)
            return f"<{block.kind}>{items}\n</{block.kind}>"
        case Kind.APART:
            return f"<p><strong>{'<br>'.join(map(_linked, lines))}</strong></p>"
        case Kind.HEADING:
            return f'<h2 style="font-size:1.1em">{lines[0]}</h2>'
        case Kind.PARAGRAPH:
            return f"<p>{lines[0]}</p>"


def _linked(line: str) -> str:
    is_address = line.startswith(("https://", "http://")) and " " not in line
    return f'<a href="{line}">{line}</a>' if is_address else line
