"""What a case reserves while it lives: one live application per person."""

from domain.application import Application
from domain.stages import LIVE, CaseState, Draft, stage_of
from services.projections.names import person_token
from services.wiring import Office


def reserved_by(office: Office, state: CaseState) -> frozenset[str]:
    """Return what a case reserves as it is: one live application per person."""
    if isinstance(state, Draft) or state.filed.application is None or stage_of(state) not in LIVE:
        return frozenset()
    return frozenset({live_application(office, state.filed.application)})


def live_application(office: Office, application: Application) -> str:
    """Return the key that one person's live application reserves; it tells nothing of them."""
    who = application.applicant
    person = person_token(office.blind, who.travel_document, who.date_of_birth)
    return f"live-application:{person.hex()}"
