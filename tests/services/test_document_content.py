"""What a file is, told by its content: whole, of a format that is taken, and of no other."""

import random
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotADocument
from domain.papers import DocumentKind, MediaType
from services.documents.content import recognised
from services.documents.naming import cleaned, disposition
from tests.services.sample_files import PROGRAM, SAMPLES, ZIP, gif, jpeg, pdf, png, tiff

PICTURES = [name for name in SAMPLES if not name.startswith(("pdf", "tiff"))]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_file_is_known_by_its_content(name: str) -> None:
    media_type, content = SAMPLES[name]
    assert recognised(content) is media_type


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_was_cut_off_anywhere_is_refused(name: str) -> None:
    _, content = SAMPLES[name]
    # Without its last line's end a PDF is whole; without its last link a TIFF is not.
    whole = len(content.rstrip(b"\n"))
    for length in range(whole):
        with pytest.raises(NotADocument):
            recognised(content[:length])


@pytest.mark.parametrize("content", [b"", b"\0", b"hello", PROGRAM, ZIP, b"<html>", b"%PDF", b"II"])
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(NotADocument):
        recognised(content)


def test_an_empty_file_is_told_as_such() -> None:
    with pytest.raises(NotADocument, match="the file is empty"):
        recognised(b"")


@pytest.mark.parametrize("name", SAMPLES)
def test_an_archive_in_a_document_s_clothes_is_refused(name: str) -> None:
    _, content = SAMPLES[name]
    comment = b"\n" if name == "pdf" else b""
    archive = ZIP[:-2] + len(comment).to_bytes(2, "little") + comment
    with pytest.raises(NotADocument):
        recognised(content + archive)


def test_an_archive_that_ends_as_a_pdf_does_is_refused() -> None:
    ending = b"startxref\n9\n%%EOF\n"
    archive = ZIP[:-2] + len(ending).to_bytes(2, "little") + ending
    with pytest.raises(NotADocument, match="an archive as well"):
        recognised(pdf() + archive)


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_may_follow_a_picture(name: str) -> None:
    _, content = SAMPLES[name]
    with pytest.raises(NotADocument, match="after the end of the picture"):
        recognised(content + PROGRAM)
    assert recognised(content + b"\0\0")


def test_smaller_pictures_may_follow_a_photograph() -> None:
    assert recognised(jpeg() + b"\0\0" + jpeg()) is MediaType.JPEG


@pytest.mark.parametrize("page", [b"<script>", b"<!DOCTYPE html>", b"<HTML ", b"<?php", b"<svg "])
def test_a_page_in_a_picture_is_refused(page: bytes) -> None:
    remark = b"!\xfe" + bytes([len(page)]) + page + b"\0"
    with pytest.raises(NotADocument, match="a page or a program as well"):
        recognised(gif().replace(b"!\xfe\x05hello\0", remark))


def test_a_pdf_in_a_picture_is_refused() -> None:
    remark = b"!\xfe\x09%PDF-1.7\n\0"
    with pytest.raises(NotADocument, match="a PDF as well"):
        recognised(gif().replace(b"!\xfe\x05hello\0", remark))


def test_a_damaged_part_of_a_picture_is_noticed() -> None:
    with pytest.raises(NotADocument, match="damaged"):
        recognised(png().replace(b"\0\x80", b"\0\x81").replace(b"IHDR\0", b"IHDR\1"))


def test_the_pages_of_a_picture_that_lead_in_a_circle_are_refused() -> None:
    with pytest.raises(NotADocument, match="in a circle"):
        recognised(tiff()[:-4] + (10).to_bytes(4, "little"))


def in_parts(pages: int, facts: int, parts: int) -> bytes:
    """Return a TIFF each of whose facts on each of whose pages says of so many parts of nothing."""
    size = 2 + 12 * facts + 4
    nothing = 8 + pages * size
    told = b"".join(
        struct.pack("<HHII", (273, 279)[number % 2], 4, parts, nothing) for number in range(facts)
    )
    following = (8 + (number + 1) * size for number in range(pages))
    each = (
        struct.pack("<H", facts) + told + struct.pack("<I", at if at < nothing else 0)
        for at in following
    )
    return b"II*\0\x08\0\0\0" + b"".join(each) + b"\0" * 4 * parts


@pytest.mark.parametrize(("pages", "facts"), [(1, 500), (250, 2), (60, 10)])
def test_what_a_picture_says_again_and_again_of_its_parts_is_not_gone_through(
    pages: int, facts: int
) -> None:
    with pytest.raises(NotADocument, match="in too many parts"):
        recognised(in_parts(pages, facts, 2_001))


def test_a_picture_of_many_pages_in_many_parts_is_taken() -> None:
    assert recognised(in_parts(250, 2, 2_000)) is MediaType.TIFF


def test_headers_alone_are_no_picture() -> None:
    for content in (
        b"\xff\xd8\xff\xd9",
        png()[:33] + png()[-12:],
        b"GIF89a\1\0\1\0\0\0\0;",
        b"II*\0\0\0\0\0",
    ):
        with pytest.raises(NotADocument, match="no picture"):
            recognised(content)


@given(name=st.sampled_from(sorted(SAMPLES)), seed=st.integers(0, 2**32), count=st.integers(1, 8))
def test_whatever_is_changed_in_a_file_it_is_known_or_refused(
    name: str, seed: int, count: int
) -> None:
    content = bytearray(SAMPLES[name][1])
    chance = random.Random(seed)  # noqa: S311 - the same change for the same seed
    for _ in range(count):
        content[chance.randrange(len(content))] = chance.randrange(256)
    with suppress(NotADocument):
        assert recognised(bytes(content)) is SAMPLES[name][0]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("letter.pdf", "letter.pdf"),
        ("Letter.PDF", "Letter.PDF"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Tai Man\\letter.pdf", "letter.pdf"),
        ("..", "work.pdf"),
        ("", "work.pdf"),
        ("\0", "work.pdf"),
        ("a\0b.pdf", "a b.pdf"),
        ("invoice\u202efdp.exe", "invoice fdp.exe.pdf"),
        ("program.exe", "program.exe.pdf"),
        ("CON.pdf", "work-CON.pdf"),
        ("nul", "work-nul.pdf"),
        ("com1.tar.pdf", "work-com1.tar.pdf"),
        ("contract.pdf", "contract.pdf"),
        ('a"b<c>.pdf', "a-b-c-.pdf"),
        ("推薦信.pdf", "推薦信.pdf"),
        ("two  lines\r\nSet-Cookie: x.pdf", "two lines Set-Cookie- x.pdf"),
        ("x" * 500 + ".pdf", "x" * 116 + ".pdf"),
        ("\ud800.pdf", "pdf.pdf"),
    ],
)
def test_a_name_is_made_safe_to_show_and_to_save(name: str, shown: str) -> None:
    assert cleaned(name, DocumentKind.WORK, MediaType.PDF) == shown


@given(st.text(max_size=200))
def test_any_name_becomes_one_that_is_safe(name: str) -> None:
    shown = cleaned(name, DocumentKind.OTHER, MediaType.JPEG)
    assert 5 <= len(shown) <= 120
    assert shown.isprintable() or all(each.isprintable() or each == "\u3000" for each in shown)
    assert not set(shown) & set('/\\<>:"|?*\0\r\n')
    assert shown.lower().endswith((".jpg", ".jpeg"))
    assert not shown.startswith(".")
    assert cleaned(shown, DocumentKind.OTHER, MediaType.JPEG) == shown
    disposition(shown).encode("ascii")


def test_a_name_in_any_script_reaches_the_browser() -> None:
    assert disposition("推薦.pdf") == (
        "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E6%8E%A8%E8%96%A6.pdf"
    )
