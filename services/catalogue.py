"""Every word that is not an applicant's or an officer's own, found by its key.

A language is one TOML file in `texts`; a key that a language lacks is a `KeyError` naming both, so
that a page never shows a gap. Tests hold the file against every stage, event and command.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The words of one language, by dotted key; `language` is its BCP 47 tag."""

    language: str
    entries: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the words at `key` with `values` put in; KeyError when there are none."""
        if key not in self.entries:
            raise KeyError(f"no words for {key} in {self.language}")
        return self.entries[key].format(**values)

    def maybe(self, key: str, otherwise: str) -> str:
        """Return the words at `key`, or `otherwise` where this language has none."""
        return self.entries.get(key, otherwise)


def label_of(words: Catalogue, command: str, name: str) -> str:
    """Return what a field is called in a command, where it has a name of its own there."""
    return words.maybe(f"command.{command}.{name}", words(f"field.{name}"))


@cache
def load_catalogue(language: str = "en") -> Catalogue:
    """Return the words of a language that ships; FileNotFoundError for any other."""
    file = resources.files("services").joinpath("texts", f"{language}.toml")
    return Catalogue(
        language=language, entries=dict(_flat("", tomllib.loads(file.read_text("utf-8"))))
    )


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str):
            yield key, value
        else:
            yield from _flat(f"{key}.", value)
