"""What was found on documents, and what was asked for, stands in the way of a grant."""

import pytest

from domain import commands as c
from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.errors import DocumentsAwaited, NotGenuine
from tests.domain.deciding import given
from tests.domain.histories import CANCELLED, HISTORIES, document, requested

GRANTS: tuple[tuple[type[s.CaseState], c.CaseCommand], ...] = (
    (s.InPrinciple, c.VerifyOriginals()),
    (s.Verified, c.ProposeApproval()),
)


def found(finding: p.Finding) -> p.DocumentVerified:
    return p.DocumentVerified(
        document=1, form=p.DocumentForm.ORIGINAL, finding=finding, verified_by="officer-1"
    )


@pytest.mark.parametrize(("stage", "command"), GRANTS)
def test_nothing_is_granted_beside_a_document_found_not_genuine(
    stage: type[s.CaseState], command: c.CaseCommand
) -> None:
    forged = (*HISTORIES[stage], document(), found(p.Finding.NOT_GENUINE))
    given(*forged).when(command).refused(NotGenuine, "document 1")
    # Verified again, it was a mistake.
    assert given(*forged, found(p.Finding.GENUINE)).when(command).refusal is None


def test_a_document_found_not_genuine_after_the_proposal_stops_its_confirmation() -> None:
    proposal = given(*HISTORIES[s.Verified]).when(c.ProposeApproval()).facts
    late = (*HISTORIES[s.Verified], *proposal, document(), found(p.Finding.NOT_GENUINE))
    confirm = c.ConfirmDecision(matter=proposal[0].matter)  # type: ignore[union-attr]  # a proposal has one
    given(*late).by("officer-9").when(confirm).refused(NotGenuine)


def test_nothing_is_approved_over_what_was_asked_for() -> None:
    asked = (*HISTORIES[s.Verified], requested())
    given(*asked).when(c.ProposeApproval()).refused(DocumentsAwaited, "not here yet: work")
    come = (*asked, document(), p.RequestedDocumentsReceived(documents=(1,)))
    assert given(*come).when(c.ProposeApproval()).refusal is None
    assert given(*asked, CANCELLED).when(c.ProposeApproval()).refusal is None
    # The originals are looked at meanwhile.
    seen = given(*HISTORIES[s.InPrinciple], requested()).when(c.VerifyOriginals())
    seen.then(e.OriginalsVerified())
