"""Applications filed from files: one file an application, or many in a JSONL or CSV file.

Each row is a command whose id follows from what the row says, so an import that was cut short is
simply run again: what was filed is recognised, what is new is filed, and a bad row costs only
itself.
"""

import csv
import hmac
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

from domain.access import Person
from domain.application import Application, Channel
from domain.commands import SubmitApplication
from domain.days import HONG_KONG, hong_kong_date
from domain.errors import Refusal, Reportable
from domain.looks import Door
from services.cases import Outcome, submit
from services.intake.application import application_from
from services.intake.document import parse_document
from services.intake.faults import ApplicationFaults, Fault, below
from services.intake.fields import day_or_none, instant_or_none
from services.intake.table import column_of, header_faults, nested
from services.requests import Request
from services.store import CommandReused, Unwritable
from services.wiring import Office

ROWS: Final = UUID("5b1f6a0e-8a39-4f0b-9f0e-2f5a5f0f3c11")
"""The namespace of the command ids of rows."""

ENVELOPE: Final = frozenset({"application", "channel", "received_at"})
THREADS: Final = 8
AT_ONCE: Final = 256
LARGEST_CELL: Final = 1024 * 1024
"""Characters of a cell: as many as bytes of a body, and more than any application has."""

_ENDLESS: Final = "unexpected end of data"
"""How the csv module says that a quote never ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """An application as it is to be filed; `received_at` is None for now."""

    application: Application
    channel: Channel
    received_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a file, from line `line`: what it spells, or why it spells nothing.

    `named` turns the path of a fault into the one by which the file knows it.
    """

    line: int
    document: object
    faults: tuple[Fault, ...]
    named: Callable[[str], str] = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one row: filed, or the reasons why not."""

    line: int
    outcome: Outcome | None
    faults: tuple[str, ...]


class UnreadableFile(Reportable):
    """A file of applications cannot be read at all."""


def import_rows(
    office: Office, rows: Iterator[Row], person: Person, done: Callable[[Result], None]
) -> None:
    """File every good row and call `done` with each row's result, in their order.

    No look at a row's case is recorded, so `done` tells nobody which one it is.
    """

    def file(row: Row) -> Result:
        return _file(office, row, person)

    with ThreadPoolExecutor(THREADS) as pool:
        while batch := list(islice(rows, AT_ONCE)):
            for result in pool.map(file, batch):
                done(result)


def rows_of(path: Path) -> Iterator[Row]:
    """Return the rows of a `.jsonl` or `.csv` file, blank ones left out."""
    readers = {".jsonl": _jsonl, ".csv": _csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UnreadableFile(f"{path} is neither .jsonl nor .csv")
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UnreadableFile(f"{path} cannot be read: {fault.strerror}") from fault
    return reader(path, data)


def json_lines(data: bytes) -> Iterator[Row]:
    """Return the rows of JSON lines, blank ones left out."""
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            document, faults = parse_document(line)
            yield Row(line=number, document=document, faults=faults)


def filing_from(
    document: object,
    today: date,
    found: tuple[Fault, ...] = (),
    told: datetime | None = None,
) -> Filing:
    """Return the filing that a document spells, or raise every fault of it at once.

    The document is an application, or an object of `application`, `channel` and `received_at`.
    When it was received as it is `told` outside the document wins over what stands there.
    """
    if document is None:
        raise ApplicationFaults(found or (Fault(path="", message="must be a JSON object"),))
    faults = list(found)
    if not (isinstance(document, dict) and "application" in document):
        on = hong_kong_date(told) if told else today
        application = application_from(document, on, found=found)
        return Filing(application=application, channel=Channel.ONLINE, received_at=told)
    faults += [
        Fault(path=below("", str(key)), message="is not a key of this format")
        for key in document
        if key not in ENVELOPE
    ]
    in_it = _received_at(document.get("received_at"), faults)
    received_at = told or in_it
    channel = _channel(document.get("channel", "online"), faults)
    on = hong_kong_date(received_at) if received_at else today
    try:
        application = application_from(document["application"], on)
    except ApplicationFaults as more:
        raise ApplicationFaults((*faults, *more.faults)) from None
    if faults:
        raise ApplicationFaults(tuple(faults))
    return Filing(application=application, channel=channel, received_at=received_at)


def start_of(day: date) -> datetime:
    """Return the first instant of a Hong Kong day."""
    return datetime.combine(day, time(0), HONG_KONG)


def instant_of(value: object) -> datetime | None:
    """Return the instant that a text means: one with its offset, or the first of a Hong Kong day.

    None for anything else, and for the first day that there is: in UTC it begins before.
    """
    day = day_or_none(value)
    return start_of(day) if day and day > date.min else instant_or_none(value)


def file_one(
    office: Office, filing: Filing, person: Person, command_id: UUID, *, is_told: bool = True
) -> Outcome:
    """File one application and return the case; `is_told` as in `submit`."""
    return submit(
        office,
        SubmitApplication(application=filing.application, channel=filing.channel),
        Request(
            person=person,
            command_id=command_id,
            correlation_id=str(command_id),
            effective_at=filing.received_at,
            door=Door.CLI,
        ),
        is_told=is_told,
    )


def command_id_of(office: Office, document: object) -> UUID:
    """Return the command id of a row: the same for the same content, whatever its spelling.

    It stands in clear for ever, so it is made under a key: nobody can hold a row against it.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    key = hmac.digest(office.settings.blind_index_key, b"row of an import", "sha256")
    return uuid5(ROWS, hmac.digest(key, text.encode(), "sha256").hex())


def _file(office: Office, row: Row, person: Person) -> Result:
    today = hong_kong_date(office.clock())
    try:
        filing = filing_from(row.document, today, row.faults)
        command_id = command_id_of(office, row.document)
        outcome = file_one(office, filing, person, command_id, is_told=False)
    except ApplicationFaults as refused:
        found = tuple(str(replace(each, path=row.named(each.path))) for each in refused.faults)
        return Result(line=row.line, outcome=None, faults=found)
    except (Refusal, CommandReused, Unwritable) as refused:
        return Result(line=row.line, outcome=None, faults=(str(refused),))
    return Result(line=row.line, outcome=outcome, faults=())


def _jsonl(_path: Path, data: bytes) -> Iterator[Row]:
    return json_lines(data)


def _csv(path: Path, data: bytes) -> Iterator[Row]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UnreadableFile(f"{path} is not UTF-8: byte {fault.start + 1}") from fault
    return _csv_rows(path, text)


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    """Yield the rows, each under the line that it begins on; a malformed one is a fault alone.

    After one the reader goes on with the line that follows, unless a quote took all of them.
    """
    csv.field_size_limit(LARGEST_CELL)  # of the whole process, where nothing else reads CSV
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
    except csv.Error as fault:
        raise UnreadableFile(f"{path}, line 1: {_malformed(str(fault))}") from fault
    _refuse_header(path, header)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as fault:
            said = str(fault)
            reach = "" if said == _ENDLESS else _reach(line, reader.line_num)
            yield _unread(line, _malformed(said) + reach)
            continue
        if cells is None:
            return
        if any(cells) and len(cells) != len(header):
            counted = f"has {len(cells)} cells under {len(header)} columns"
            yield _unread(line, counted + _reach(line, reader.line_num))
        elif any(cells):
            yield _csv_row(line, header, cells)


def _refuse_header(path: Path, header: list[str]) -> None:
    faults = [fault.message for fault in header_faults(header)]
    faults += ["'application' is a whole, which no cell can hold"] * ("application" in header)
    if not header:
        faults = ["there is no header line"]
    if faults:
        raise UnreadableFile(f"{path}, line 1: {'; '.join(dict.fromkeys(faults))}")


def _malformed(said: str) -> str:
    if said == _ENDLESS:
        return "a quote that begins in it never ends, so nothing from here on was read or filed"
    return f"is not CSV: {said}"


def _reach(first: int, last: int) -> str:
    """Say how far a row reaches of which all lines are lost, where that is more than its own."""
    if last <= first:
        return ""
    return f"; lines {first} to {last} are one row by their quotes, and none of them was filed"


def _unread(line: int, message: str) -> Row:
    return Row(line=line, document=None, faults=(Fault(path="", message=message),))


def _csv_row(line: int, header: list[str], cells: list[str]) -> Row:
    row = dict(zip(header, cells, strict=True))
    envelope: dict[str, Any] = {
        name: row.pop(name) for name in ("channel", "received_at") if row.get(name)
    }
    row = {name: cell for name, cell in row.items() if name not in ENVELOPE}  # the empty ones
    application = nested(row, Application)

    def named(path: str) -> str:
        return column_of(path, application)

    document = {**envelope, "application": application}
    return Row(line=line, document=document, faults=(), named=named)


def _received_at(value: object, faults: list[Fault]) -> datetime | None:
    if value is None:
        return None
    instant = instant_of(value)
    if instant is None:
        message = "must be a day, or an instant with its offset such as 2019-03-04T10:15:00+08:00"
        faults.append(Fault(path="received_at", message=message))
    return instant


def _channel(value: object, faults: list[Fault]) -> Channel:
    if isinstance(value, str) and value in set(Channel):
        return Channel(value)
    faults.append(Fault(path="channel", message=f"must be one of {', '.join(Channel)}"))
    return Channel.ONLINE
