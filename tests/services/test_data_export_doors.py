"""The terminal and the page by which an export of the data on a person is made and checked."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from domain import work_commands as c
from domain.access import Person, Role
from domain.commands import RecuseOfficer
from domain.data_access import AccessOutcome, KeptBack
from domain.errors import NoDataAccessOpen
from domain.looks import What
from services.api.app import create_api
from services.cases import carry_out
from services.cli.privacy import privacy
from services.privacy import checking
from services.projections.looks import LookFilter, looks, words_of
from services.settings import Settings
from services.wiring import Office
from tests.services.api.calling import V1, Caller
from tests.services.asking import OFFICER, asked
from tests.services.exporting import exports_of
from tests.services.seeing import looking, recorded
from tests.services.test_data_access import ask, came_in, environment
from tests.services.visiting import file_case, signed_in

LEE = Person(name="officer.lee", role=Role.OFFICER)


@pytest.fixture
def asked_for(office: Office) -> str:
    """A case whose person asks for their data."""
    reference = file_case(office, "john")
    ask(office, reference, came_in(office))
    return reference


def test_the_terminal_writes_an_export_and_checks_it(
    office: Office, settings: Settings, asked_for: str, tmp_path: Path
) -> None:
    env, file = environment(settings), tmp_path / "data.zip"
    asking = ["export", asked_for, "--to", str(file), "--keep-back", "notes"]
    said = CliRunner().invoke(privacy, asking, env=env)
    assert said.exit_code == 0, said.output
    (fact,) = exports_of(office, asked_for)
    assert said.output == f"{asked_for} {file}\nFor request 1, sha256:{fact.digest}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    twice = CliRunner().invoke(privacy, asking, env=env)
    assert "is there already" in twice.output
    assert len(exports_of(office, asked_for)) == 1

    checked = CliRunner().invoke(privacy, ["verify-export", str(file)], env=env)
    assert checked.output.startswith(
        f"The export of {asked_for} is whole, and was made for request 1"
    )
    alone = CliRunner().invoke(privacy, ["verify-export", "--offline", str(file)])
    assert alone.output == f"The export of {asked_for} is whole\n"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"<h1>", b"<h2>"))
    changed = CliRunner().invoke(privacy, ["verify-export", "--offline", str(file)])
    assert (changed.exit_code, "index.html was changed" in changed.output) == (1, True)
    changed = CliRunner().invoke(privacy, ["verify-export", str(file)], env=env)
    assert "does not say that this file was made" in changed.output
    file.write_bytes(b"nothing")
    with pytest.raises(checking.NoExport):
        checking.about(file)


def test_why_somebody_made_an_export_is_found_by_its_words(office: Office, asked_for: str) -> None:
    caller = Caller(app=create_api(office), office=office)
    path = f"{V1}/cases/{asked_for}/work/export-data"
    headers = {"Idempotency-Key": str(uuid4()), "Look-Purpose": "A letter of her solicitor"}
    assert caller.call("POST", path, json={}, headers=headers).status_code == 200
    words = words_of(office.blind, "solicitor")
    asked = LookFilter(stated=words)
    (found,) = looks(office.models, looking(What.READS), asked).rows
    assert (found.what, found.stated) == (What.EXPORT, headers["Look-Purpose"])
    described = caller.get("/openapi.json", by=None).json["paths"]
    (told,) = (each["post"] for name, each in described.items() if name.endswith("/export-data"))
    assert "Look-Purpose" in {each["name"] for each in told["parameters"] if "name" in each}


MANIFEST = {"format": "qmas-data-export-1", "reference": "QM-4K7RT-9XWPR", "files": []}


def packed(manifest: object, how: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive that holds nothing but a manifest, which may be a text."""
    said = manifest if isinstance(manifest, str) else json.dumps(manifest)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        archive.writestr(checking.MANIFEST, said)
    return made.getvalue()


def encrypted(content: bytes) -> bytes:
    """Return an archive that says of its one entry that it is encrypted."""
    at, listed = content.index(b"PK\3\4") + 6, content.index(b"PK\1\2") + 8
    return bytes(each | (index in {at, listed}) for index, each in enumerate(content))


@pytest.mark.parametrize(
    "content",
    [
        packed({**MANIFEST, "reference": "Carter, John"}),
        packed({**MANIFEST, "reference": "qm-4k7rt-9xwpr"}),
        packed({**MANIFEST, "reference": 5}),
        packed({**MANIFEST, "format": "qmas-data-export-2"}),
        packed("[]"),
        packed("[" * 100_000),
        packed(MANIFEST, zipfile.ZIP_DEFLATED),
        encrypted(packed(MANIFEST)),
    ],
    ids=["name", "lower", "number", "format", "list", "deep", "deflated", "encrypted"],
)
def test_what_is_no_export_is_refused_and_nothing_in_it_is_kept(
    office: Office, settings: Settings, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "data.zip"
    file.write_bytes(content)
    said = CliRunner().invoke(privacy, ["verify-export", str(file)], env=environment(settings))
    assert isinstance(said.exception, checking.NoExport), said.exception
    assert recorded(office) == []


def test_a_refusal_leaves_no_file_behind(
    office: Office, settings: Settings, tmp_path: Path
) -> None:
    reference = file_case(office, "john")
    file = tmp_path / "data.zip"
    said = CliRunner().invoke(
        privacy, ["export", reference, "--to", str(file)], env=environment(settings)
    )
    assert said.exit_code
    assert isinstance(said.exception, NoDataAccessOpen)
    assert not file.exists()


def test_the_page_gives_the_file_and_says_why_not(office: Office) -> None:
    reference = file_case(office, "john")
    at = f"/staff/cases/{reference}/work/export-data"
    visitor = signed_in(office, OFFICER.name)
    assert at not in visitor.get(f"/staff/cases/{reference}").actions
    ask(office, reference, came_in(office))
    page = visitor.get(f"/staff/cases/{reference}")
    (says,) = (each.text for each in page.root.all("label") if "investigation" in each.text)
    assert all(each in says for each in ("suspect", "not genuine", "remarks", "voidings"))
    form = {**page.form(at), "keep_back.notes": "1"}
    given = visitor.client.post(at, data=form)
    assert (given.status_code, given.mimetype) == (200, "application/zip")
    assert f"{reference}-data-1.zip" in given.headers["Content-Disposition"]
    (fact,) = exports_of(office, reference)
    assert hashlib.sha256(given.data).hexdigest() == fact.digest
    assert fact.kept_back == (KeptBack.NOTES,)
    # Sent twice it is given twice and made once; from an old page it is refused.
    assert visitor.client.post(at, data=form).data == given.data
    stale = visitor.send(page, at, command_id=str(uuid4()))
    assert (stale.status, "has changed since you opened it" in stale.problems[0]) == (409, True)
    ask(office, reference, c.AnswerDataAccess(outcome=AccessOutcome.IN_FULL))
    version = str(office.store.stream_version(f"work-{reference}"))
    late = visitor.send(page, at, command_id=str(uuid4()), expected=version)
    assert (late.status, "No request for data is open" in late.problems[0]) == (422, True)
    assert len(exports_of(office, reference)) == 1


def test_the_page_of_who_stepped_aside_offers_no_export(office: Office, asked_for: str) -> None:
    carry_out(office, asked_for, RecuseOfficer(reason="My brother"), asked(LEE, at=None))
    at = f"/staff/cases/{asked_for}/work/export-data"
    for name, offered in (("officer.chan", True), ("officer.lee", False), ("auditor.ho", False)):
        visitor = signed_in(office, name)
        assert (at in visitor.get(f"/staff/cases/{asked_for}").actions) is offered
