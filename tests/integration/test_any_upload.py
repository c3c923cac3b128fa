"""Whatever is sent as a file is taken whole and served safely, or refused and nothing is kept."""

import re
import unicodedata
from typing import Final
from uuid import uuid4
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from services.api.app import create_api
from services.api.documents import UNNAMED_TYPE
from tests.integration.test_any_form import refused_in_words, visitor_named
from tests.integration.walking import Walked
from tests.services.api.calling import V1, Caller
from tests.services.sample_files import PROGRAM, ZIP, gif, jpeg, pdf, png
from tests.services.visiting import Visitor

CONTENTS: Final = (
    *(pdf(), png(), gif(), jpeg(), b"", PROGRAM, ZIP, b"<!doctype html><script>alert(1)</script>"),
    *(pdf() + ZIP, gif() + ZIP, png() + b"<script>alert(1)</script>", b"GIF89a" + pdf()),
    *(pdf(b"<script>alert(1)</script>"), png()[:-9], pdf()[:40], b"\xff" * 7_000),
)
NAMES: Final = (
    *("letter.pdf", "picture.png", "letter.exe", "letter.pdf.html", "", ".", "..", "CON.pdf"),
    *("../../etc/passwd", "C:\\Windows\\win.ini", "a\0b.pdf", "\u202egnp.exe", "x" * 300 + ".pdf"),
    *("\r\nSet-Cookie: a=b", '"; filename="b.html', "证明.pdf", "\ud800.pdf", "%2e%2e%2fa.pdf"),
)
SHAPES: Final = (
    "whole",
    "cut",
    "no boundary",
    "another boundary",
    "two",
    "a text",
    "short",
    "long",
)
_EXAMPLES: Final = 80
_CONTENT: Final = st.one_of(
    st.integers(0, len(CONTENTS) - 1).map(CONTENTS.__getitem__), st.binary(max_size=200)
)
_NAMED: Final = re.compile(r'attachment; filename="([^"]*)"; ')


def parts(form: dict[str, str], files: list[tuple[str, bytes]], bound: str, shape: str) -> bytes:
    """Return the body of a form with files, as no browser may have made it."""
    lines = [
        f'--{bound}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    ]
    for name, content in files:
        called = "" if shape == "a text" else f'; filename="{name}"'
        head = f'--{bound}\r\nContent-Disposition: form-data; name="file"{called}\r\n'
        kind = "Content-Type: image/png\r\n\r\n"
        lines.append((head + kind).encode(errors="surrogatepass") + content + b"\r\n")
    return b"".join(lines) + f"--{bound}--\r\n".encode()


def send(
    visitor: Visitor, way: tuple[str, str], shape: str, file: tuple[str, bytes]
) -> TestResponse:
    """Send the form of a page that brings a file; `way` is the page and where it leads."""
    page, action = way
    form = {**visitor.get(page).form(action), "kind": "work"}
    files = [file] * (2 if shape == "two" else 1)
    body = parts(form, files, "b0undary", shape)
    body = body[: len(body) * 2 // 3] if shape == "cut" else body
    said = {"no boundary": "", "another boundary": "; boundary=other"}
    kind = "multipart/form-data" + said.get(shape, "; boundary=b0undary")
    length = {"short": len(body) // 2, "long": len(body) + 100}.get(shape, len(body))
    environ = {"CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind}
    return visitor.client.post(action, data=body, environ_overrides=environ)


@pytest.fixture(scope="module")
def visitors(walked: Walked) -> dict[str, Visitor]:
    """Those who send files on pages."""
    return {name: visitor_named(walked, name) for name in ("officer.chan", "applicant")}


@pytest.fixture(scope="module")
def called(walked: Walked) -> tuple[Walked, Caller]:
    """The office, and whoever sends files to its API."""
    return walked, Caller(app=create_api(walked.office), office=walked.office)


def kept(walked: Walked) -> int:
    """Return how many files are kept."""
    return int(str(walked._one("SELECT count(*) FROM document_files")))


def is_safe(answer: TestResponse) -> None:
    """Assert that a browser saves a file and makes nothing else of it."""
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    named = _NAMED.match(answer.headers["Content-Disposition"])
    assert named is not None
    assert not re.search(r'[/\\<>:|?*"]|\.(exe|html|ini)$', named[1]), named[1]
    assert all(unicodedata.category(each)[0] != "C" for each in named[1])
    assert answer.mimetype in {"application/pdf", "image/png", "image/gif", "image/jpeg"}


_DRAWN = settings(
    max_examples=_EXAMPLES,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@_DRAWN
@seed(crc32(b"uploads"))
@given(
    who=st.sampled_from(["officer.chan", "applicant"]),
    shape=st.just("whole") | st.sampled_from(SHAPES),
    file=st.tuples(st.sampled_from(NAMES), _CONTENT),
)
def test_whatever_a_form_brings_is_taken_whole_or_nothing_is_kept(
    walked: Walked, visitors: dict[str, Visitor], who: str, shape: str, file: tuple[str, bytes]
) -> None:
    visitor = visitors[who]
    case = f"/staff/cases/{walked.case}"
    page = "/status" if who == "applicant" else case
    action = "/status/documents" if who == "applicant" else f"{case}/documents"
    before, files = walked.office.store.sequence(), kept(walked)
    answer = send(visitor, (page, action), shape, file)
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert (walked.office.store.sequence(), kept(walked)) == (before, files)
        refused_in_words(visitor._page(answer))
        return
    assert (walked.office.store.sequence(), kept(walked)) == (before + 1, files + 1)
    clerk = visitors["officer.chan"]
    links = [
        each.given["href"]
        for each in clerk.get(case).root.all("a")
        if "/documents/" in each.given["href"]
    ]
    is_safe(clerk.client.get(links[-1]))


@_DRAWN
@seed(crc32(b"bodies"))
@given(
    name=st.sampled_from(NAMES),
    content=_CONTENT,
    kind=st.just(UNNAMED_TYPE)
    | st.sampled_from(
        [UNNAMED_TYPE, "application/pdf", "text/html", "", "multipart/form-data", "\u00e9"]
    ),
    length=st.sampled_from([0, 0, 0, 0, 0, -1, 1000]),
)
def test_whatever_a_body_is_it_is_taken_whole_or_nothing_is_kept(
    called: tuple[Walked, Caller], name: str, content: bytes, kind: str, length: int
) -> None:
    walked, caller = called
    path = f"{V1}/cases/{walked.case}/documents"
    version = len(walked.office.store.read_stream(f"case-{walked.case}"))
    before, files = walked.office.store.sequence(), kept(walked)
    said = max(0, len(content) + length)
    answer = caller.call(
        "POST",
        path,
        query_string={"kind": "work", "name": name.encode(errors="replace").decode()},
        data=content,
        headers={"Idempotency-Key": str(uuid4()), "If-Match": f'"{version}"'},
        environ_overrides={"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(said)},
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        assert (walked.office.store.sequence(), kept(walked)) == (before, files)
        return
    assert (walked.office.store.sequence(), kept(walked)) == (before + 1, files + 1)
    listed = caller.get(f"/cases/{walked.case}/documents").json["documents"]
    is_safe(caller.get(f"/cases/{walked.case}/documents/{listed[-1]['document']}"))
