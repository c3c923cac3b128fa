"""What the file of a document is called: as its sender has it, made safe to show and to save."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from domain.papers import DocumentKind, MediaType

_LONGEST: Final = 120
# Whatever they end in, Windows saves none of these to a file.
_DEVICE: Final = re.compile("con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3]", re.IGNORECASE)
_EXTENSIONS: Final = {
    MediaType.PDF: ("pdf",),
    MediaType.JPEG: ("jpg", "jpeg"),
    MediaType.PNG: ("png",),
    MediaType.GIF: ("gif",),
    MediaType.TIFF: ("tif", "tiff"),
}


def cleaned(name: str, kind: DocumentKind, media_type: MediaType) -> str:
    """Return the last part of a path without what cannot be seen, ending as its format does.

    A name that nothing is left of becomes that of its kind.
    """
    last = re.split(r"[/\\]", name)[-1]
    # Controls, and what turns the direction of writing, would show another name than is saved.
    seen = "".join(each if unicodedata.category(each)[0] != "C" else " " for each in last)
    plain = re.sub(r'[<>:"|?*]', "-", " ".join(seen.split())).strip(". ")
    stem, dot, extension = plain.rpartition(".")
    if not dot or extension.lower() not in _EXTENSIONS[media_type]:
        stem, extension = plain, _EXTENSIONS[media_type][0]
    if _DEVICE.fullmatch(stem.split(".")[0].strip()):
        stem = f"{kind}-{stem}"
    stem = stem[: _LONGEST - len(extension) - 1].strip(". ") or str(kind)
    return f"{stem}.{extension}"


def disposition(name: str) -> str:
    """Return the Content-Disposition that has a browser save a file under a cleaned name."""
    # Every program saves under the second name that can, and under the first that cannot.
    plain = "".join(each if each.isascii() else "_" for each in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
