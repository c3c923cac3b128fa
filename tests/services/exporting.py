"""An export of the data on a person, as tests of it ask for one and read it."""

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

from domain import work_commands as c
from domain.data_access import DataExported
from domain.looks import Purpose, What
from services.privacy.export import Export, export
from services.requests import Request
from services.wiring import Office
from tests.services import seeing
from tests.services.asking import asked

EVERYTHING = c.ExportData()


def exported(
    office: Office,
    reference: str,
    command: c.ExportData = EVERYTHING,
    request: Request | None = None,
) -> Export:
    asking = request or asked(at=None)
    look = replace(
        seeing.looking(What.EXPORT, asking.person),
        purpose=Purpose.DATA_ACCESS,
        correlation_id=asking.correlation_id,
    )
    return export(office, reference, command, asking, look)


def archive_of(made: Export) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(made.chunks())))


def data_of(made: Export) -> dict[str, Any]:
    return dict(json.loads(archive_of(made).read("data.json")))


def exports_of(office: Office, reference: str) -> list[DataExported]:
    events = (each.event for each in office.store.read_stream(f"work-{reference}"))
    return [each for each in events if isinstance(each, DataExported)]
