"""What a file is, told by its content and never by its name or by what its sender calls it.

Law: only a file that is whole, of one of the formats that are taken, and of no other one besides,
is a document. Its structure is followed to its end; its pictures and pages are not drawn.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from domain.errors import NotADocument
from domain.papers import MediaType

TAKEN: Final = "PDF, JPEG, PNG, GIF and TIFF"

_HEAD: Final = 1024
_TAIL: Final = 2048
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_BYTES: Final = 22
_ZIP_COMMENT: Final = 0xFFFF
_PAGE: Final = re.compile(rb"<(?:!doctype|html|script|svg|body|iframe)\b|<\?php", re.IGNORECASE)
_PDF_BEGIN: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_PDF_END: Final = re.compile(rb"startxref\s+[0-9]+\s+%%EOF[\s\0]*\Z")
# Within a scan of a JPEG a marker is 0xFF and anything but a stuffed zero, a restart or a filler.
_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TIFF_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_TIFF_PARTS: Final = ((273, 279), (324, 325))
_TIFF_SHORT: Final = 3
_TIFF_MOST: Final = 500
_TIFF_MOST_PARTS: Final = 1_000_000  # twice as many as 500 pages scanned at 300 dpi, in thin strips


class _Broken(Exception):
    """The file is not what it begins as; its text says why."""


def recognised(content: bytes) -> MediaType:
    """Return the format of a file, or raise `NotADocument` saying why it is none that is taken."""
    if not content:
        raise NotADocument("the file is empty; choose the document once more")
    for beginning, media_type, follow in _FORMATS:
        if content.startswith(beginning):
            name = media_type.name
            try:
                follow(content)
                _demand_nothing_else(content, media_type)
            except (_Broken, struct.error, IndexError) as fault:
                why = str(fault) if isinstance(fault, _Broken) else "it ends too early"
                raise NotADocument(
                    f"the file begins as a {name}, but {why}; save it anew as a {name} and send "
                    "that"
                ) from None
            return media_type
    raise NotADocument(f"the file is none of {TAKEN}, whatever it is called; send one of these")


def _demand_nothing_else(content: bytes, media_type: MediaType) -> None:
    """Refuse what other programs would read as something else: an archive, a page, a PDF."""
    for at in _zip_ends(content):
        (comment,) = struct.unpack_from("<H", content, at + _ZIP_END_BYTES - 2)
        if at + _ZIP_END_BYTES + comment == len(content):
            raise _Broken("it is an archive as well")
    head = content[:_HEAD]
    if _PAGE.search(head):
        raise _Broken("it holds a page or a program as well")
    if media_type is not MediaType.PDF and b"%PDF-" in head:
        raise _Broken("it is a PDF as well")


def _zip_ends(content: bytes) -> Iterator[int]:
    last = len(content) - _ZIP_END_BYTES
    at = content.rfind(_ZIP_END, max(0, last - _ZIP_COMMENT), last + len(_ZIP_END))
    while at >= 0:
        yield at
        at = content.rfind(_ZIP_END, max(0, last - _ZIP_COMMENT), at + len(_ZIP_END) - 1)


def _follow_pdf(content: bytes) -> None:
    if not _PDF_BEGIN.match(content):
        raise _Broken("it names no version")
    if not _PDF_END.search(content[-_TAIL:]):
        raise _Broken("it has no end, or something after it")


def _follow_png(content: bytes) -> None:
    at = len(_PNG)
    kinds: list[bytes] = []
    while not kinds or kinds[-1] != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 8 + length
        (crc,) = struct.unpack_from(">I", content, end)
        if zlib.crc32(content[at + 4 : end]) != crc:
            raise _Broken("a part of it is damaged")
        kinds.append(kind)
        at = end + 4
    if kinds[0] != b"IHDR" or b"IDAT" not in kinds:
        raise _Broken("it holds no picture")
    _demand_end(content, at)


def _follow_gif(content: bytes) -> None:
    at, pictures = _after_colours(content, 10, 13), 0
    while content[at] != ord(";"):
        if content[at] == ord("!"):
            at += 2
        elif content[at] == ord(","):
            at, pictures = _after_colours(content, at + 9, at + 10) + 1, pictures + 1
        else:
            raise _Broken("a part of it is damaged")
        while content[at]:
            at += content[at] + 1
        at += 1
    if not pictures:
        raise _Broken("it holds no picture")
    _demand_end(content, at + 1)


def _after_colours(content: bytes, flags_at: int, at: int) -> int:
    """Return where a table of colours ends that begins at `at` if the flags say there is one."""
    flags = content[flags_at]
    return at + 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else at


def _follow_jpeg(content: bytes) -> None:
    at = 0
    # Cameras put smaller pictures behind the picture; nothing else may follow.
    while content.startswith(b"\xff\xd8\xff", at):
        at = _after_picture(content, at + 2)
        while at < len(content) and content[at] == 0:
            at += 1
    _demand_end(content, at)


def _after_picture(content: bytes, at: int) -> int:
    """Return where the picture ends whose first segment begins at `at`."""
    framed = scanned = False
    while True:
        marker, kind = content[at], content[at + 1]
        if marker != 0xFF:  # noqa: PLR2004 - what every segment begins with
            raise _Broken("a part of it is damaged")
        if kind == 0xFF:  # noqa: PLR2004 - a filler
            at += 1
            continue
        if kind == 0xD9:  # noqa: PLR2004 - the end of the picture
            break
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
        framed = framed or kind in _JPEG_FRAMES
        if kind == 0xDA:  # noqa: PLR2004 - the start of a scan, whose length nothing tells
            scanned = True
            found = _JPEG_MARKER.search(content, at)
            if found is None:
                raise IndexError
            at = found.start()
    if not (framed and scanned):
        raise _Broken("it holds no picture")
    return at + 2


def _follow_tiff(content: bytes) -> None:
    order = "<" if content[0] == ord("I") else ">"
    (at,) = struct.unpack_from(f"{order}I", content, 4)
    seen: set[int] = set()
    left = _TIFF_MOST_PARTS
    while at:
        if at in seen:
            raise _Broken("its pages lead in a circle")
        seen.add(at)
        (count,) = struct.unpack_from(f"{order}H", content, at)
        # Pages may overlap, so the size of the file does not bound the work of following them.
        if max(count, len(seen)) > _TIFF_MOST:
            raise _Broken(f"it has more than {_TIFF_MOST} pages, or facts on one of them")
        left = _follow_page(content, order, at + 2, count, left)
        (at,) = struct.unpack_from(f"{order}I", content, at + 2 + 12 * count)
    if not seen:
        raise _Broken("it holds no picture")


def _follow_page(content: bytes, order: str, at: int, count: int, left: int) -> int:
    """Demand that all that a page of a TIFF points to is there.

    Return how many parts may follow where `left` may be on this page and all that do.
    """
    values: dict[int, tuple[int, ...]] = {}
    for entry in range(at, at + 12 * count, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", content, entry)
        size = _TIFF_SIZES.get(kind, 1) * number
        (where,) = struct.unpack_from(f"{order}I", content, entry + 8)
        where = entry + 8 if size <= 4 else where  # noqa: PLR2004 - what fits stands in place
        if where + size > len(content):
            raise IndexError
        if any(tag in each for each in _TIFF_PARTS):
            # However often it is said where they are, and on however many pages.
            left -= number
            if left < 0:
                raise _Broken("its pictures are in too many parts")
            form = "H" if kind == _TIFF_SHORT else "I"
            values[tag] = struct.unpack_from(f"{order}{number}{form}", content, where)
    parts = [
        (values[offsets], values[sizes])
        for offsets, sizes in _TIFF_PARTS
        if offsets in values and sizes in values
    ]
    if not parts:
        raise _Broken("it holds no picture")
    for offsets, sizes in parts:
        if any(at + size > len(content) for at, size in zip(offsets, sizes, strict=False)):
            raise IndexError
    return left


def _demand_end(content: bytes, at: int) -> None:
    if content[at:].strip(b"\0"):
        raise _Broken("it holds something after the end of the picture")


_FORMATS: Final[tuple[tuple[bytes, MediaType, Callable[[bytes], None]], ...]] = (
    (b"%PDF-", MediaType.PDF, _follow_pdf),
    (b"\xff\xd8\xff", MediaType.JPEG, _follow_jpeg),
    (_PNG, MediaType.PNG, _follow_png),
    (b"GIF87a", MediaType.GIF, _follow_gif),
    (b"GIF89a", MediaType.GIF, _follow_gif),
    (b"II*\0", MediaType.TIFF, _follow_tiff),
    (b"MM\0*", MediaType.TIFF, _follow_tiff),
)
