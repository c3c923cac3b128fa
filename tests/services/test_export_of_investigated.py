"""An export that keeps back investigations tells of none, by whatever was recorded in one."""

from domain import commands as c
from domain import papers as p
from domain import work_commands as w
from domain.data_access import KeptBack
from domain.decisions import Matter, VoidingCode
from services.documents.receiving import Upload, receive
from services.notifications.planning import plan
from services.wiring import Office
from tests.services.asking import MAY_2019, SECOND, SUPERVISOR, asked, asked_for, together
from tests.services.exercising import carry_out
from tests.services.exporting import archive_of, data_of, exported
from tests.services.sample_files import pdf
from tests.services.test_data_access import ask, came_in
from tests.services.visiting import TO_POOL, file_case

_TO_ENTRY: tuple[c.CaseCommand, ...] = (
    c.ShortlistCase(exercise="2019-1", rank=1),
    c.SelectCase(exercise="2019-1", rank=1),
    *together(c.ProposeApprovalInPrinciple()),
    c.VerifyOriginals(),
    *together(c.ProposeApproval()),
    c.PayVisaFee(amount_hkd=230),
    c.IssueVisa(),
    c.ActivateVisa(entered_on=MAY_2019.date()),
)


def test_nothing_that_was_doubted_in_vain_is_in_an_export_that_keeps_it_back(
    office: Office,
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    receive(office, reference, Upload(kind=p.DocumentKind.WORK, name="a", content=pdf()), asked())
    copy, forged = p.DocumentForm.COPY, p.Finding.NOT_GENUINE
    void = c.ProposeVoiding(code=VoidingCode.FALSE_DOCUMENT, reasons=("Planted B",))
    for command in (
        p.CheckDocument(document=1, outcome=p.CheckOutcome.SUSPECT, remarks="Planted A"),
        *_TO_ENTRY,
        c.HoldCase(reason="Planted D"),
        p.VerifyDocument(document=1, form=copy, finding=forged),
        void,
    ):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    declined = c.DeclineDecision(matter=Matter.VOIDING, reason="Planted C")
    carry_out(office, reference, declined, asked(SECOND))
    carry_out(office, reference, void, asked())
    plan(office)
    ask(office, reference, came_in(office))
    whole = archive_of(exported(office, reference))
    made = exported(office, reference, w.ExportData(keep_back=(KeptBack.INVESTIGATIONS,)))
    for name in ("index.html", "data.json"):
        said = whole.read(name)
        assert all(f"Planted {each}".encode() in said for each in "ABCD")
        left = archive_of(made).read(name)
        for untold in (b"Planted", b"suspect", b"not-genuine", b"false-document"):
            assert untold in said
            assert untold not in left
    told = [each["event"] for each in data_of(made)["events"]]
    assert "document-received" in told
    assert told.count("decision-proposed") == told.count("decision-confirmed") == 2
