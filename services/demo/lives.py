"""What else befalls a case: a few lives beside the year, each with something that most lack.

Documents asked for and sent, points decided by two officers, a refusal of each class, a
reconsideration, a withdrawal to file anew, an extension of stay, and a visa made void. Each step's
id follows from the life and the step, as in `year`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain import commands as c
from domain import papers as p
from domain.access import Person
from domain.application import Application, Channel
from domain.days import HONG_KONG, hong_kong_date
from domain.deciding.seconding import MATTER_OF
from domain.decisions import VoidingCode
from domain.overrides import OverrideCode
from domain.residence import Settlement
from domain.stages import Stage
from services.cases import carry_out, case_at, submit
from services.demo.year import OFFICER, SUPERVISOR, asked_at, known_people
from services.documents.receiving import Upload, receive
from services.refiling import withdraw_and_refile
from services.wiring import Office

REFUSED_LATE: Final = -1
"""Which of the selected, by order, is refused when the originals are seen."""
VOIDED: Final = -2
"""Which of them has a visa that is made void."""
EXTENDED: Final = -3
"""Which of them stays on."""

_CERTIFICATE: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"trailer<</Root 1 0 R/Size 4>>\nstartxref\n9\n%%EOF\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A case that is followed for what befell it, with the stage that it has come to."""

    told: str
    reference: str
    stage: Stage


def live(office: Office, selected: tuple[str, ...]) -> tuple[Life, ...]:
    """Return what became of each life, every step of which was recorded, now or before.

    `selected` are those whom the exercise selected, in order; all but the one at `REFUSED_LATE`
    have their visas by now.
    """
    return (
        _asked_for_documents(office),
        _refused_on_prerequisites(office),
        _reconsidered(office),
        _refused_after_selection(office, selected[REFUSED_LATE]),
        _filed_anew(office),
        _extended(office, selected[EXTENDED]),
        _voided(office, selected[VOIDED]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """One life while it is recorded: its name, its reference and when it began."""

    office: Office
    name: str
    reference: str
    begun: datetime

    def then(self, command: c.CaseCommand, days: int, person: Person = OFFICER) -> Stage:
        """The command was carried out so many days after the life began."""
        step = f"{type(command).__name__} {days}"
        request = asked_at(person, self.name, step, self.begun + timedelta(days=days))
        return carry_out(self.office, self.reference, command, request).stage

    def together(self, proposal: c.Proposal, days: int) -> Stage:
        """One officer proposed it, and a second one confirmed it a day later."""
        self.then(proposal, days)
        return self.then(c.ConfirmDecision(matter=MATTER_OF[type(proposal)]), days + 1, SUPERVISOR)

    def send(self, kind: p.DocumentKind, name: str, days: int) -> None:
        """A document came in."""
        upload = Upload(kind=kind, name=name, content=_CERTIFICATE)
        at = self.begun + timedelta(days=days)
        receive(self.office, self.reference, upload, asked_at(OFFICER, self.name, name, at))


def _begin(
    office: Office,
    name: str,
    application: Application,
    at: datetime,
    channel: Channel = Channel.PAPER,
) -> _Steps:
    command = c.SubmitApplication(application=application, channel=channel)
    filed = submit(office, command, asked_at(OFFICER, name, "submit", at))
    return _Steps(office=office, name=name, reference=filed.reference, begun=at)


def _person(names: tuple[str, str], number: str, like: str) -> Application:
    """Return what somebody files who is otherwise like one of the people known by name."""
    application = next(each.application for each in known_people() if each.name == like)
    document = replace(application.applicant.travel_document, number=number)
    family_name, given_names = names
    applicant = replace(
        application.applicant,
        family_name=family_name,
        given_names=given_names,
        email=f"{given_names}.{family_name}@example.com".lower(),
        travel_document=document,
    )
    return replace(application, applicant=applicant)


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 11, tzinfo=HONG_KONG)


def _told(steps: _Steps, told: str) -> Life:
    return Life(
        told=told, reference=steps.reference, stage=case_at(steps.office, steps.reference).stage
    )


def _asked_for_documents(office: Office) -> Life:
    ada = _person(("Okafor", "Ada"), "A05511872", "emma")
    steps = _begin(office, "documents", ada, _day(2019, 10, 2))
    steps.then(c.AcknowledgeApplication(), 5)
    kinds = (p.DocumentKind.QUALIFICATION, p.DocumentKind.WORK)
    due = hong_kong_date(steps.begun + timedelta(days=40))
    request = p.RequestDocuments(kinds=kinds, due_on=due, text="Certified copies, please.")
    steps.then(request, 8)
    steps.send(kinds[0], "diploma.pdf", 20)
    steps.send(kinds[1], "employer.pdf", 21)
    for number in (1, 2):
        steps.then(p.CheckDocument(document=number, outcome=p.CheckOutcome.SUFFICIENT), 23 + number)
    verified = p.VerifyDocument(document=1, form=p.DocumentForm.ORIGINAL, finding=p.Finding.GENUINE)
    steps.then(verified, 26)
    steps.then(c.AssessPrerequisites(), 30)
    steps.then(c.ScoreApplication(), 31)
    override = c.ProposeOverride(
        rule="resident-relative",
        points=5,
        code=OverrideCode.DOCUMENTS_SHOW_MORE,
        evidence=("document 2",),
        reason="The employer's letter names a sister who is a permanent resident",
    )
    steps.then(override, 33)
    steps.then(c.ConfirmOverride(rule=override.rule), 34, SUPERVISOR)
    return _told(steps, "documents asked for and sent; points of one rule decided by two")


def _refused_on_prerequisites(office: Office) -> Life:
    lukas = _person(("Meier", "Lukas"), "C7X1M88P2", "john")
    poor = replace(lukas.prerequisites, can_support_household=False)
    steps = _begin(office, "R1", replace(lukas, prerequisites=poor), _day(2019, 10, 3))
    steps.then(c.AcknowledgeApplication(), 5)
    steps.then(c.AssessPrerequisites(), 30)
    steps.together(c.ProposeRefusal(), 40)
    return _told(steps, "refused, a prerequisite is not met (R1)")


def _reconsidered(office: Office) -> Life:
    hana = _person(("Sato", "Hana"), "TZ0912345", "emma")
    without = replace(hana, employment=(), family=replace(hana.family, spouse=None))
    steps = _begin(office, "R2", without, _day(2019, 10, 4))
    steps.then(c.AcknowledgeApplication(), 5)
    steps.then(c.AssessPrerequisites(), 30)
    steps.then(c.ScoreApplication(), 31)
    steps.together(c.ProposeRefusal(), 40)
    material = "Letters of the three employers, which the first application left out."
    steps.then(c.RequestReconsideration(material=material), 120)
    steps.together(c.ProposeReopening(), 150)
    steps.then(c.CorrectApplication(application=hana, reason="As the letters show"), 152)
    steps.then(c.AssessPrerequisites(), 160)
    steps.then(c.ScoreApplication(), 161)
    return _told(
        steps, "refused below the mark (R2), reconsidered on new material, and scored anew"
    )


def _refused_after_selection(office: Office, reference: str) -> Life:
    steps = _Steps(office=office, name="R3", reference=reference, begun=_day(2019, 9, 24))
    steps.together(c.ProposeApprovalInPrinciple(), 1)
    reason = "The diploma that was shown is not the one that was claimed"
    steps.together(c.ProposeRefusal(reasons=(reason,)), 50)
    return _told(steps, "selected, and refused when the originals were seen (R3)")


def _filed_anew(office: Office) -> Life:
    giulia = _person(("Rossi", "Giulia"), "YB4455667", "john")
    steps = _begin(office, "refile", giulia, _day(2024, 5, 6), Channel.ONLINE)
    steps.then(c.AcknowledgeApplication(), 5)
    at = _day(2024, 11, 15)
    anew = c.SubmitApplication(application=giulia, channel=Channel.ONLINE)
    request = asked_at(OFFICER, "refile", "withdraw and refile", at)
    filed = withdraw_and_refile(office, steps.reference, anew, request)
    again = _Steps(office=office, name="refiled", reference=filed.reference, begun=at)
    again.then(c.AcknowledgeApplication(), 5)
    again.then(c.AssessPrerequisites(), 12)
    again.then(c.ScoreApplication(), 13)
    return _told(again, f"withdrawn as {steps.reference} and filed anew under the criteria of 2024")


def _extended(office: Office, reference: str) -> Life:
    # Twenty days before the first stay of two years ends.
    steps = _Steps(office=office, name="extension", reference=reference, begun=_day(2021, 12, 5))
    steps.then(c.SeekExtension(settlement=Settlement.EMPLOYED, evidence="document 3"), 0)
    steps.together(c.ProposeExtension(), 6)
    return _told(steps, "settled, and the stay extended by its pattern")


def _voided(office: Office, reference: str) -> Life:
    steps = _Steps(office=office, name="voided", reference=reference, begun=_day(2021, 6, 1))
    steps.then(c.HoldCase(reason="The university does not know the diploma"), 0)
    proposal = c.ProposeVoiding(
        code=VoidingCode.FALSE_DOCUMENT,
        reasons=("The diploma on which the points rest was never awarded",),
    )
    steps.together(proposal, 30)
    return _told(steps, "given a visa, held for an investigation, and the visa made void")
