"""A case into which every door put words that occur nowhere else, and what finds them again."""

import base64
import re
import subprocess
from binascii import Error as Base64Fault
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from redis import Redis

from domain import commands as c
from domain import legal_holds as h
from domain import papers as p
from domain import work_commands as w
from domain.access import Person, Role
from domain.application import (
    Achievement,
    AchievementKind,
    Application,
    Business,
    TravelDocument,
)
from domain.data_access import AccessChannel, AccessGround, AccessOutcome
from domain.days import hong_kong_date
from domain.decisions import Matter
from domain.errors import DuplicateApplication
from domain.overrides import OverrideCode
from domain.particulars import Relation
from services import work
from services.cases import carry_out, submit
from services.documents.receiving import Upload, receive
from services.privacy.kept import preview_digest
from services.projections.names import person_token
from services.stack.binaries import postgres_programs
from services.wiring import Office
from tests.services.asking import OFFICER, SECOND, SUPERVISOR, asked, filed_by
from tests.services.sample_files import pdf
from tests.services.visiting import TO_POOL

STEM: Final = "Zqjxv"
"""What every marker begins with; no word of the program does."""
CHINESE: Final = "龘靐齉"
BORN: Final = date(1971, 3, 7)
SHARED: Final = frozenset({CHINESE, CHINESE[1:], BORN.isoformat()})
"""The marks that every person here has."""
_MADE: Final[list[str]] = []


def marker() -> str:
    """Return a word that occurs nowhere else in its test."""
    _MADE.append(f"{STEM}{len(_MADE):05d}")
    return _MADE[-1]


def begin() -> None:
    """No marker was made yet."""
    _MADE.clear()


def made() -> set[str]:
    """Return every marker that there was, as it is found."""
    return {each.lower() for each in _MADE}


def address() -> str:
    return f"{marker()}@{marker()}.example.com".lower()


def application(template: str = "john") -> Application:
    """Return an application in which all that somebody typed is a marker."""
    filed = filed_by(template)
    applicant = replace(
        filed.applicant,
        family_name=marker(),
        given_names=f"{marker()} {marker()}",
        name_in_chinese=CHINESE,
        date_of_birth=BORN,
        email=address(),
        travel_document=TravelDocument(
            number=marker(), issued_by="USA", expires_on=date(2031, 2, 1)
        ),
    )
    return replace(
        filed,
        applicant=applicant,
        qualifications=tuple(
            replace(each, title=marker(), subject=marker(), institution=marker())
            for each in filed.qualifications
        ),
        employment=tuple(
            replace(each, employer=marker(), position=marker()) for each in filed.employment
        ),
        businesses=(
            Business(name=marker(), listed=False, ownership_percent=10, annual_profit_hkd=1),
        ),
        achievements=(
            Achievement(
                kind=AchievementKind.PEER_ACCLAIM, title=marker(), awarded_by=marker(), year=2015
            ),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A case full of markers; `filed` is what it was filed with, and `corrected` what it says now.

    `words` are all the words of which a token may be kept.
    """

    reference: str
    filed: Application
    corrected: Application

    @property
    def words(self) -> Iterator[str]:
        for each in (self.filed.applicant, self.corrected.applicant):
            yield from (each.family_name, *each.given_names.split(), CHINESE)


def file_marked(office: Office) -> Marked:
    """Return a new case of a person who has none, in the pool."""
    filed = application()
    reference = submit(office, c.SubmitApplication(application=filed), asked()).reference
    for command in TO_POOL:
        carry_out(office, reference, command, asked())
    changed = replace(filed.applicant, family_name=marker())
    return Marked(reference=reference, filed=filed, corrected=replace(filed, applicant=changed))


def fill(office: Office, marked: Marked) -> None:
    """Words come in through every door that there is for a case on which nothing was decided."""
    reference = marked.reference

    def given(command: c.CaseCommand, by: Person = OFFICER) -> None:
        carry_out(office, reference, command, asked(by, at=None))

    def noted(command: w.WorkCommand, by: Person = OFFICER) -> None:
        work.carry_out(office, reference, command, asked(by, at=None))

    _refused(office, marked)
    given(_points())
    given(c.DeclineOverride(rule="renowned-institution", reason=marker()), SECOND)
    _papers(office, reference)
    given(
        c.AppointRepresentative(name=marker(), organisation=marker(), email=address()),
    )
    given(c.RemoveRepresentative())
    given(c.AppointRepresentative(name=marker(), organisation=marker(), email=address()))
    given(
        c.AddDependant(
            relation=Relation.SPOUSE,
            family_name=marker(),
            given_names=marker(),
            date_of_birth=date(1971, 3, 8),
            nationality="USA",
        )
    )
    given(h.PlaceLegalHold(authority=h.Authority.COURT, reason=marker()))
    given(h.LiftLegalHold(hold=1, reason=marker()), SUPERVISOR)
    given(c.HoldCase(reason=marker()))
    given(c.LiftHold(reason=marker()))
    for email in (address(), marked.corrected.applicant.email):
        given(c.ProposeContactChange(email=email, evidence=marker()))
        given(c.ConfirmDecision(matter=Matter.CONTACT_CHANGE), SECOND)
    given(c.CorrectApplication(application=marked.corrected, reason=marker()))
    for email in (address(), marked.corrected.applicant.email):
        given(c.ProposeContactChange(email=email, evidence=marker()))
        given(c.ConfirmDecision(matter=Matter.CONTACT_CHANGE), SECOND)
    noted(w.TakeCase())
    noted(w.AddNote(text=marker()))
    noted(w.SupersedeNote(note=1, text=marker()))
    noted(w.ReturnCase(reason=marker()))
    _asked_for_data(office, noted)
    recused = Person(name="officer.lee", role=Role.OFFICER)
    given(c.RecuseOfficer(reason=marker()), recused)
    given(c.WithdrawApplication(reason=marker()))


def propose(office: Office, reference: str) -> None:
    """The erasure is proposed for the second time; the first was declined in words."""
    carry_out(office, reference, c.ProposeErasure(), asked(at=None))
    declined = c.DeclineDecision(matter=Matter.ERASURE, reason=marker())
    carry_out(office, reference, declined, asked(SUPERVISOR, at=None))
    carry_out(office, reference, c.ProposeErasure(), asked(at=None))


def confirm(office: Office, reference: str) -> None:
    """The person is erased."""
    digest = preview_digest(office, reference)
    command = c.ConfirmDecision(matter=Matter.ERASURE, preview=digest)
    carry_out(office, reference, command, asked(SECOND, at=None))


def dumped(url: str) -> bytes:
    """Return the whole of a database as text."""
    done = subprocess.run(
        [postgres_programs().path("pg_dump"), "-d", url], check=True, capture_output=True
    )
    return done.stdout


def keyspace(redis: Redis) -> bytes:
    """Return every key with what it holds."""
    reading = {b"string": redis.get, b"hash": redis.hgetall, b"set": redis.smembers}
    parts: list[object] = []
    for key in redis.scan_iter(count=1000):
        kind = redis.type(key)
        if kind == b"list":
            parts.append((key, redis.lrange(key, 0, -1)))
        elif kind == b"zset":
            parts.append((key, redis.zrange(key, 0, -1)))
        elif kind != b"none":  # it has ended since it was found
            parts.append((key, reading[kind](key)))
    return repr(parts).encode()


_HEX: Final = re.compile(rb"[0-9a-fA-F]{16,}")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")


def decoded(text: bytes) -> Iterator[bytes]:
    """Yield all in a text that reads as hex or base64, as the bytes that it spells."""
    for each in _HEX.findall(text):
        yield bytes.fromhex(each[: len(each) // 2 * 2].decode())
    for each in _BASE64.findall(text):
        plain = each.rstrip(b"=")
        # A run of letters may begin with something else, so that the rest is out of step.
        for start in range(4):
            part = plain[start : start + (len(plain) - start) // 4 * 4 + 3]
            padded = part + b"=" * (-len(part) % 4)
            try:
                yield base64.b64decode(padded, altchars=b"-_" if _is_urls(padded) else None)
            except (Base64Fault, ValueError):
                continue


def _is_urls(text: bytes) -> bool:
    return b"-" in text or b"_" in text


def told(text: bytes) -> set[str]:
    """Return which of the marks stand in these bytes, however they are spelled."""
    found = {each.decode().lower() for each in re.findall(rb"(?i)zqjxv\d{5}", text)}
    for mark in (CHINESE, CHINESE[1:], BORN.isoformat()):
        spelled = (
            mark.encode(),
            mark.encode("utf-16-le"),
            mark.encode("unicode_escape"),
            mark.encode("unicode_escape").upper().replace(b"\\U", b"\\u"),
        )
        if any(each in text for each in spelled):
            found.add(mark)
    return found


def told_anywhere(text: bytes) -> set[str]:
    """Return which marks stand in a text or in what it spells in hex or base64."""
    found = told(text)
    for each in decoded(text):
        found |= told(each)
    return found


def told_under(secrets: Iterable[bytes], text: bytes) -> set[str]:
    """Return which marks a text tells to whoever has these keys, whatever they were bound to.

    What is sealed is a nonce, the ciphertext and a tag; without the tag it is a stream cipher, so
    that neither the place nor the associated data keep anything from being read.
    """
    blobs = [each for each in decoded(text) if len(each) > 28]
    found: set[str] = set()
    for secret in secrets:
        for each in blobs:
            counter = each[:12] + (2).to_bytes(4, "big")
            cipher = Cipher(algorithms.AES(secret), modes.CTR(counter)).decryptor()
            found |= told(cipher.update(each[12:-16]))
    return found


def tokens(office: Office, marked: Marked) -> set[bytes]:
    """Return every token of the person, as they are found by name and told from others."""
    words = {office.blind.token("name", word) for word in marked.words}
    people = {
        person_token(office.blind, each.travel_document, each.date_of_birth)
        for each in (marked.filed.applicant, marked.corrected.applicant)
    }
    return words | people


def kept_tokens(wanted: Iterable[bytes], text: bytes) -> set[bytes]:
    """Return which tokens stand in a text, in hex, base64 or as they are."""
    low = text.lower()
    return {
        each
        for each in wanted
        if each.hex().encode() in low
        or each in text
        or base64.b64encode(each).rstrip(b"=") in text
        or base64.urlsafe_b64encode(each).rstrip(b"=") in text
    }


def _refused(office: Office, marked: Marked) -> None:
    """A second application by the same person is refused, and the live case tells so."""
    again = c.SubmitApplication(application=marked.filed)
    try:
        submit(office, again, asked(at=None))
    except DuplicateApplication:
        return
    raise AssertionError("somebody has two live applications")


def _points() -> c.ProposeOverride:
    return c.ProposeOverride(
        rule="renowned-institution",
        points=0,
        code=OverrideCode.DOCUMENTS_SHOW_LESS,
        evidence=(marker(),),
        reason=marker(),
    )


def _papers(office: Office, reference: str) -> None:
    for _ in range(2):
        content = pdf(f"{marker()} {CHINESE}".encode())
        upload = Upload(kind=p.DocumentKind.WORK, name=f"{marker()}.pdf", content=content)
        receive(office, reference, upload, asked(at=None))
    due = hong_kong_date(office.clock()) + timedelta(days=30)
    for command in (
        p.CheckDocument(document=1, outcome=p.CheckOutcome.INSUFFICIENT, remarks=marker()),
        p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=due, text=marker()),
        p.CancelDocumentRequest(reason=marker()),
    ):
        carry_out(office, reference, command, asked(at=None, command_id=uuid4()))


def _asked_for_data(office: Office, noted: Callable[[w.WorkCommand], None]) -> None:
    today = hong_kong_date(office.clock())
    noted(
        w.RecordDataAccessRequest(
            received_on=today, channel=AccessChannel.LETTER, asked_by=marker(), text=marker()
        )
    )
    noted(w.DelayDataAccess(due_on=today + timedelta(days=60), reason=marker()))
    noted(
        w.AnswerDataAccess(
            outcome=AccessOutcome.IN_PART, ground=AccessGround.ANOTHER_PERSON, reason=marker()
        )
    )
