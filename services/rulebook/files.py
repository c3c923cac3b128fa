"""Rule files as documents.

Law: a file that cannot be read is a fault like any other, with its name and what is wrong.
"""

import errno
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from domain.errors import Reportable

ENDING: Final = ".toml"
LARGEST: Final = 4 * 1024 * 1024  # bytes; the largest that ships has some ten thousand
DEEPEST: Final = 32  # tables and lists within each other
_WHOLE_NUMBERS: Final = range(-(2**63), 2**63)
"""What TOML holds of whole numbers; one written in hexadecimal may be too long to be said."""
_TOO_DEEP: Final = "is nested too deeply"


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
            document = tomllib.loads(_text(file))
        except (OSError, ValueError, RecursionError) as fault:
            unread[name] = _said(fault)
            continue
        if (beyond := _beyond_bounds(document)) is None:
            documents[name] = document
        else:
            unread[name] = beyond
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


def _text(file: Traversable) -> str:
    if isinstance(file, Path) and (file.is_fifo() or file.is_char_device()):
        # Such a one may never begin, or never end.
        raise OSError(errno.EINVAL, "not a file")
    with file.open("rb") as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"larger than {LARGEST} bytes")
    return data.decode("utf-8")


def _beyond_bounds(document: object) -> str | None:
    """What in a document nobody could work with or even name; dotted keys may go deep unnested."""
    level = [document]
    for _ in range(DEEPEST):
        if any(type(each) is int and each not in _WHOLE_NUMBERS for each in level):
            return "holds a whole number of more than 64 bits"
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return None
    return _TOO_DEEP


def _inside(value: object) -> Iterable[object]:
    match value:
        case Mapping():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _said(fault: OSError | ValueError | RecursionError) -> str:
    match fault:
        case OSError():
            return f"cannot be read: {fault.strerror}"
        case UnicodeDecodeError():
            return f"is not UTF-8 (byte {fault.start})"
        case RecursionError():
            return _TOO_DEEP
        case _:
            return f"is not TOML: {fault}"
