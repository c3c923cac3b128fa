"""Small whole files of every format that is taken, made byte by byte."""

import struct
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.papers import MediaType


def pdf(said: bytes = b"A letter of reference") -> bytes:
    """Return a PDF of one empty page with a remark in it."""
    parts = [b"%PDF-1.7\n", b"% " + said + b"\n"]
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    )
    places = []
    for number, each in enumerate(objects, start=1):
        places.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, each))
    begins = sum(map(len, parts))
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    parts.append(b"xref\n0 4\n0000000000 65535 f \n" + table)
    parts.append(b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % begins)
    return b"".join(parts)


def pdf_of(size: int) -> bytes:
    """Return a PDF of exactly so many bytes."""
    filled = pdf(b"x" * (size - len(pdf(b"")) - 8))
    return pdf(b"x" * (size - len(pdf(b"")) - 8 + size - len(filled)))


def png() -> bytes:
    """Return a picture of one grey dot."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    dots = zlib.compress(b"\0\x80")
    parts = ((b"IHDR", header), (b"IDAT", dots), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def gif() -> bytes:
    """Return a picture of one dot with a remark before it."""
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    remark = b"!\xfe\x05hello\0"
    picture = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02D\x01\0"
    return b"GIF89a" + screen + remark + picture + b";"


def jpeg() -> bytes:
    """Return the segments of a picture of one dot, in two scans, one of them restarted."""
    return (
        b"\xff\xd8"
        + _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + _segment(0xDB, b"\0" + bytes(range(1, 65)))
        + _segment(0xC0, b"\x08\0\x01\0\x01\x01\x01\x11\0")
        + b"\xff"
        + _segment(0xC4, b"\0\x01" + b"\0" * 15 + b"\0")
        + _segment(0xDA, b"\x01\x01\0\0\x3f\0")
        + b"\x3f\xff\0\x12\xff\xd0\x34"
        + _segment(0xDA, b"\x01\x01\0\0\x3f\0")
        + b"\x56\xff\xd9"
    )


def tiff(order: str = "<") -> bytes:
    """Return a picture of one dot, its numbers written in either order."""
    entries = ((256, 3, 1, 1), (257, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 1))
    page = b"".join(
        struct.pack(f"{order}HHI", tag, kind, count)
        + struct.pack(f"{order}{'HH' if kind == 3 else 'I'}", value, *([0] if kind == 3 else []))
        for tag, kind, count, value in entries
    )
    mark = b"II*\0" if order == "<" else b"MM\0*"
    number = struct.pack(f"{order}H", len(entries))
    return mark + struct.pack(f"{order}I", 10) + b"\x80\0" + number + page + b"\0\0\0\0"


def _segment(kind: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data


SAMPLES: Final[Mapping[str, tuple[MediaType, bytes]]] = MappingProxyType(
    {
        "pdf": (MediaType.PDF, pdf()),
        "jpeg": (MediaType.JPEG, jpeg()),
        "png": (MediaType.PNG, png()),
        "gif": (MediaType.GIF, gif()),
        "tiff": (MediaType.TIFF, tiff()),
        "tiff-big-endian": (MediaType.TIFF, tiff(">")),
    }
)
"""A whole file of each format."""

ZIP: Final = b"PK\x05\x06" + b"\0" * 18
"""An archive that holds nothing."""

PROGRAM: Final = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + b"\0" * 64
"""The beginning of a program for Windows."""
