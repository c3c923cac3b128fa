"""What a file of an export is checked against: its own manifest, and what the log says was made."""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from domain.data_access import DataExported
from domain.errors import Reportable
from domain.looks import Look
from domain.projections.stage_after import WORK_STREAM
from domain.record import Recorded
from domain.references import parse_reference
from services.privacy.export import MANIFEST
from services.privacy.gathering import FORMAT
from services.wiring import Office

_CHUNK: Final = 1024 * 1024
_FLAGS: Final = 0x0808
"""What an entry of ours may say of itself: a name in UTF-8, its length after its content."""


class NoExport(Reportable):
    """What was given is no export of the data on a person."""

    def __init__(self) -> None:
        super().__init__("this file is no export of the data on a person")


def about(file: Path) -> Mapping[str, Any]:
    """Return what an export says of itself; raises `NoExport`."""
    try:
        with _opened(file) as archive:
            said = json.loads(archive.read(MANIFEST))
        reference = said["reference"]
        # What is looked at is kept for ever, so that nothing but a reference may be taken for one.
        if said["format"] != FORMAT or parse_reference(str(reference)) != reference:
            raise NoExport
    except (zipfile.BadZipFile, ValueError, TypeError, KeyError, RecursionError) as fault:
        raise NoExport from fault
    found: Mapping[str, Any] = said
    return found


def faults(file: Path) -> Iterator[str]:
    """Yield everything in which an export is not what its own manifest says."""
    said = about(file)
    try:
        with _opened(file) as archive:
            listed = {each["name"]: each["sha256"] for each in said["files"]}
            there = archive.namelist()
            for name in sorted({*there} - {*listed} - {MANIFEST}):
                yield f"{name} is not in the manifest"
            for name, digest in listed.items():
                if there.count(name) != 1:
                    yield f"{name} is missing or there twice"
                elif not _is(archive, name, digest):
                    yield f"{name} was changed"
    except (zipfile.BadZipFile, TypeError, KeyError) as fault:
        raise NoExport from fault


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """Yield an archive; `NoExport` where it has an entry that no export has."""
    with zipfile.ZipFile(file) as archive:
        for each in archive.infolist():
            # Neither encrypted nor compressed: what is read is as long as the file, and no longer.
            if each.compress_type != zipfile.ZIP_STORED or each.flag_bits & ~_FLAGS:
                raise NoExport
        yield archive


def made(office: Office, look: Look, file: Path) -> Recorded[DataExported] | None:
    """Return what is on record of the making of exactly this file, None where nothing is.

    The look at the case is recorded by the statement that reads.
    """
    reference, digest = about(file)["reference"], _digest_of(file)
    stream = f"{WORK_STREAM}{reference}"
    for each in office.store.read_seen(look, reference, (stream,), personal=False)[stream]:
        if isinstance(each.event, DataExported) and each.event.digest == digest:
            return each  # type: ignore[return-value]  # the event was looked at just now
    return None


def _digest_of(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _is(archive: zipfile.ZipFile, name: str, wanted: str) -> bool:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as source:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
    except zipfile.BadZipFile:
        return False  # its checksum is of other bytes
    return digest.hexdigest() == wanted
