"""What an erasure would do is said before, and afterwards its receipt proves that it was done."""

import json
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from domain import commands as c
from domain.access import Person, Role
from domain.decisions import Matter
from domain.errors import NotErased
from domain.looks import What
from domain.merkle import Frontier
from services.cases import carry_out, submit
from services.cli.privacy import privacy
from services.privacy import receipt as receipts
from services.privacy.preview import preview
from services.projections.runner import catch_up_all
from services.store.evidence import Entry
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.services.asking import OFFICER, SUPERVISOR, asked, on_paper
from tests.services.sample_files import pdf
from tests.services.seeing import looking, recorded
from tests.services.test_data_access import ask as ask_for_data
from tests.services.test_data_access import came_in, environment

LOOK = looking(What.PROOF)


@pytest.fixture
def proposed(office: Office) -> str:
    """A case full of words, of which the erasure is proposed."""
    marked = m.file_marked(office)
    m.fill(office, marked)
    m.propose(office, marked.reference)
    submit(office, on_paper("emma"), asked())
    catch_up_all(office.store, office.models)
    return marked.reference


@pytest.fixture
def erased(office: Office, proposed: str) -> receipts.Receipt:
    m.confirm(office, proposed)
    submit(office, on_paper("jackie"), asked())
    return receipts.receipt(office, looking(), proposed)


def otherwise(said: receipts.Said) -> receipts.Said:
    return replace(said, body=said.body.replace("supervisor.lee", "supervisor.low"))


def earlier(said: receipts.Said) -> receipts.Said:
    return replace(said, recorded_at="2019-05-01T00:00:00+00:00")


def test_a_preview_counts_what_goes_and_what_stays_and_tells_nothing_of_the_person(
    office: Office, proposed: str
) -> None:
    found = preview(office, looking(), proposed)
    assert found.refused == ()
    assert found.kept.events["document-received"] == found.kept.documents == 2
    assert found.kept.events["note-added"] == 1
    assert found.kept.rows == {"case_list": 1, "case_status": 1}
    assert found.kept.tokens > 3
    assert found.stays["application-withdrawn"] == 1
    assert sum(found.stays.values()) > sum(found.kept.events.values())
    assert m.told(repr(found).encode()) == set()


def test_of_two_previews_the_digest_is_the_same_until_something_changes(
    office: Office, proposed: str
) -> None:
    before = preview(office, looking(), proposed)
    assert before.digest == preview(office, looking(), proposed).digest
    ask_for_data(office, proposed, came_in(office))
    after = preview(office, looking(), proposed)
    assert after.digest != before.digest
    (mind,) = after.open
    assert mind.startswith("a request for data awaits its answer until")


def test_a_preview_says_why_an_erasure_would_be_refused(office: Office, proposed: str) -> None:
    living = submit(office, on_paper("john"), asked()).reference
    (reason,) = preview(office, looking(), living).refused
    assert reason.startswith("the case is submitted")
    m.confirm(office, proposed)
    assert preview(office, looking(), proposed).refused == ("the person was erased already",)


def test_the_receipt_counts_what_the_preview_did(office: Office, proposed: str) -> None:
    before = preview(office, looking(), proposed).kept
    m.confirm(office, proposed)
    made = receipts.receipt(office, looking(), proposed)
    assert made.destroyed["documents"] == before.documents
    assert made.destroyed["document_bytes"] == before.document_bytes
    assert made.destroyed["by_type"] == before.events
    assert (made.proposed_by, made.confirmed_by) == (OFFICER.name, "supervisor.lee")


def test_a_receipt_proves_itself_and_the_log_agrees(
    office: Office, erased: receipts.Receipt
) -> None:
    again = receipts.read(receipts.written(erased))
    assert again == erased
    assert list(receipts.faults(again)) == []
    assert list(receipts.differences(office, LOOK, again)) == []
    assert m.told(receipts.written(erased).encode()) == set()


@pytest.mark.parametrize(
    "changed",
    [
        lambda made: replace(made, events=tuple(otherwise(each) for each in made.events)),
        lambda made: replace(made, events=tuple(earlier(each) for each in made.events)),
        lambda made: replace(made, position=1),
        lambda made: replace(made, confirmed_by="supervisor.low"),
        lambda made: replace(made, reference="QM-4K7RT-9XWPR"),
        lambda made: replace(made, root="0" * 64),
        lambda made: replace(made, before=made.before[:-1]),
        lambda made: replace(made, leaf="0" * 64),
        lambda made: replace(made, decided_at="2019-05-01T00:00:00Z"),
    ],
)
def test_a_receipt_that_was_changed_is_told_without_the_log(
    erased: receipts.Receipt, changed: object
) -> None:
    assert callable(changed)
    assert list(receipts.faults(changed(erased))) != []


def test_a_receipt_names_nobody_who_decided_something_else_just_before(
    office: Office, proposed: str
) -> None:
    other = m.file_marked(office).reference
    change = c.ProposeContactChange(email=m.address(), evidence="A letter")
    carry_out(office, other, change, asked(SUPERVISOR, at=None))
    confirmer = Person(name="officer.ho", role=Role.OFFICER)
    confirm = c.ConfirmDecision(matter=Matter.CONTACT_CHANGE)
    carry_out(office, other, confirm, asked(confirmer, at=None))
    m.confirm(office, proposed)
    made = receipts.receipt(office, looking(), proposed)
    earlier = office.store.evidence.commit_with(f"case-{other}", "contact-changed")
    leaves = office.store.evidence.leaves(after=0, to=earlier[0].position - 1)
    forged = replace(
        made,
        events=(*(_said(each) for each in earlier), *made.events),
        before=tuple(each.hex() for each in Frontier().extended(leaves).peaks),
        proposed_by=SUPERVISOR.name,
        confirmed_by=confirmer.name,
    )
    (said,) = receipts.faults(forged)
    assert said == "the events are not those with which one erasure was decided"
    others, names = receipts.differences(office, LOOK, forged)
    assert others == "the log holds other events of this erasure"
    assert names == "the log says that officer.chan proposed and supervisor.lee confirmed it"


def _said(entry: Entry) -> receipts.Said:
    return receipts.Said(body=entry.body.decode(), recorded_at=entry.recorded_at.isoformat())


def test_another_log_does_not_agree_with_a_receipt(
    office: Office, erased: receipts.Receipt
) -> None:
    assert list(receipts.differences(office, LOOK, replace(erased, root="0" * 64)))
    assert list(receipts.differences(office, LOOK, replace(erased, position=erased.position - 1)))
    living = submit(office, on_paper("john"), asked()).reference
    (said,) = receipts.differences(office, LOOK, replace(erased, reference=living))
    assert said == f"the log holds no erasure of the person of case {living}"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"events": 0}, "events: the receipt says 0, and "),
        ({"documents": 999}, "documents: the receipt says 999, and 2 are counted"),
        ({"document_bytes": 1}, "document bytes: the receipt says 1, and "),
        ({"letters": 9}, "letters: the receipt says 9, and 0 are counted"),
        ({"by_type": {}}, "by type: the receipt says {}, and "),
        ({"secrets": 1}, "secrets: the receipt says 1, and None are counted"),
    ],
)
def test_figures_that_are_no_part_of_the_proof_are_compared_with_what_is_there(
    office: Office, erased: receipts.Receipt, changed: dict[str, object], said: str
) -> None:
    forged = replace(erased, destroyed={**erased.destroyed, **changed})
    assert list(receipts.faults(forged)) == []
    (found,) = receipts.differences(office, LOOK, forged)
    assert found.startswith(said)


def test_the_moment_at_which_the_key_went_is_compared_with_what_is_there(
    office: Office, erased: receipts.Receipt
) -> None:
    forged = replace(erased, key_destroyed_at="1999-01-01T00:00:00+00:00")
    assert list(receipts.faults(forged)) == []
    (found,) = receipts.differences(office, LOOK, forged)
    assert found.endswith("and not at 1999-01-01T00:00:00+00:00")


def test_a_file_that_no_event_names_is_no_document_of_a_receipt(
    office: Office, database: TestDatabase, proposed: str
) -> None:
    before = preview(office, looking(), proposed)
    # An upload was cut off before it was recorded.
    office.files.keep(office.files.seal(proposed, pdf()))
    assert preview(office, looking(), proposed) == before
    m.confirm(office, proposed)
    made = receipts.receipt(office, looking(), proposed)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE document_files DISABLE TRIGGER document_files_unchanged")
        owner.execute("UPDATE document_files SET kept_at = now() - interval '2 days'")
    (unnamed,) = office.files.unnamed(LOOK)
    office.files.remove(unnamed)
    assert list(receipts.differences(office, LOOK, made)) == []


def test_a_receipt_says_what_is_the_office_s_word(erased: receipts.Receipt) -> None:
    proof, word = receipts.told(erased).split("On the office's word, and no part of the proof:")
    assert erased.root in proof
    assert erased.key_destroyed_at not in proof
    assert erased.key_destroyed_at in word
    # Trees of other lengths have the same hashes at their end.
    assert f"osition {erased.position}" not in proof
    assert f"osition {erased.position}" in word
    assert "documents" in word


def test_before_an_erasure_there_is_no_receipt(office: Office, proposed: str) -> None:
    with pytest.raises(NotErased):
        receipts.receipt(office, looking(), proposed)


def test_what_is_no_receipt_is_refused() -> None:
    for text in ("", "[]", "{}", "[" * 100_000, '{"format": "qmas-erasure-receipt-2"}'):
        with pytest.raises(receipts.NoReceipt):
            receipts.read(text)


@pytest.mark.parametrize(
    "changed",
    [
        {"position": "5"},
        {"position": 1.5},
        {"reference": "Carter, John"},
        {"key_destroyed_at": 5},
        {"destroyed": []},
        {"said": "and something that no receipt says"},
        {"events": []},
        {"before": ["no hash"]},
        *(
            {"events": [{"body": body, "recorded_at": "2019-05-01T00:00:00+00:00"}]}
            for body in (5, "", "[]", '{"type": 1, "stream": 2, "effective_at": 3, "payload": []}')
        ),
    ],
    ids=str,
)
def test_a_receipt_of_another_form_is_refused_in_words(
    erased: receipts.Receipt, changed: dict[str, object]
) -> None:
    text = json.dumps({**json.loads(receipts.written(erased)), **changed})
    with pytest.raises(receipts.NoReceipt):
        list(receipts.faults(receipts.read(text)))


def test_the_terminal_says_what_would_go_and_gives_and_checks_the_receipt(
    office: Office, proposed: str, tmp_path: Path
) -> None:
    told = {"env": environment(office.settings)}
    said = CliRunner().invoke(privacy, ["erase-preview", proposed], **told)
    assert "2 documents" in said.output
    assert "1 x note-added, its personal part" in said.output
    as_json = CliRunner().invoke(privacy, ["erase-preview", proposed, "--json"], **told)
    assert json.loads(as_json.output)["digest"] in said.output

    m.confirm(office, proposed)
    file = tmp_path / "receipt.json"
    given = CliRunner().invoke(privacy, ["receipt", proposed, "--to", str(file)], **told)
    assert given.output == f"{proposed} {file}\n"
    in_words = CliRunner().invoke(privacy, ["receipt", proposed], **told)
    assert "Proposed by officer.chan and confirmed by supervisor.lee" in in_words.output
    checked = CliRunner().invoke(privacy, ["verify-receipt", str(file)], **told)
    assert checked.output == (
        f"The receipt of {proposed} proves itself, and this installation agrees\n"
    )
    assert recorded(office)[-1]["cases"] == [proposed]
    alone = CliRunner().invoke(privacy, ["verify-receipt", "--offline", str(file)])
    assert alone.output == (
        f"The receipt of {proposed} proves itself; its position in the log, when the key was "
        "destroyed and how much that made unreadable is the office's word\n"
    )
    file.write_text(file.read_text().replace("supervisor.lee", "supervisor.low"))
    changed = CliRunner().invoke(privacy, ["verify-receipt", "--offline", str(file)])
    assert changed.exit_code == 1
    assert "the events and the hashes before them do not make the root" in changed.output
