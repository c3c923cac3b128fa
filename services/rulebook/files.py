"""Rule files as documents.

Law: a file that cannot be read is a fault like any other, with its name and what is wrong.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from domain.errors import Reportable

ENDING: Final = ".toml"


class FolderUnreadable(Reportable):
    """The folder of rules cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFiles:
    """What a folder holds by name: the documents, and what is wrong with files that are none."""

    documents: Mapping[str, Mapping[str, object]]
    unread: Mapping[str, str]


def read_files(folder: Path | None = None) -> RuleFiles:
    """Every rule file of a folder, or of those that ship; FolderUnreadable where none is found."""
    documents: dict[str, Mapping[str, object]] = {}
    unread: dict[str, str] = {}
    for file in _files(folder):
        name = file.name.removesuffix(ENDING)
        try:
            documents[name] = tomllib.loads(file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as fault:
            unread[name] = _said(fault)
    return RuleFiles(documents=documents, unread=unread)


def _files(folder: Path | None) -> list[Traversable]:
    place: Traversable = resources.files("rulesets") if folder is None else folder
    try:
        found: Iterable[Traversable] = list(place.iterdir())
    except OSError as fault:
        raise FolderUnreadable(f"{folder} cannot be read: {fault.strerror}") from None
    files = sorted((each for each in found if each.name.endswith(ENDING)), key=lambda it: it.name)
    if not files:
        raise FolderUnreadable(f"{folder} holds no rule file (*{ENDING})")
    return files


def _said(fault: OSError | ValueError | RecursionError) -> str:
    match fault:
        case OSError():
            return f"cannot be read: {fault.strerror}"
        case UnicodeDecodeError():
            return f"is not UTF-8 (byte {fault.start})"
        case RecursionError():
            return "is nested too deeply"
        case _:
            return f"is not TOML: {fault}"
