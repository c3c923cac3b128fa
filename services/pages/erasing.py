"""The erasure of a person on a page: what it would do, its proposal and confirmation, its receipt.

Whoever confirms sends the digest of what they looked at; what came in since is refused, and seen.
"""

from datetime import datetime
from typing import Final
from uuid import uuid4

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from domain import commands as c
from domain import stages as s
from domain.access import ACTION_OF, Action, permitted
from domain.decisions import Matter
from domain.following import next_of
from domain.looks import What
from services.cases import CaseAt
from services.documents.naming import disposition
from services.looking import case_seen
from services.pages.guard import Route, look, visitor
from services.pages.overriding import barred
from services.privacy import receipt as receipts
from services.privacy.preview import preview_of
from services.wiring import Office


def erasure(office: Office, reference: str) -> ResponseReturnValue:
    """Show what an erasure would do, with the form of its next step; afterwards its receipt."""
    case = case_seen(office, look(What.CASE), reference)
    made = _receipt(office, case)
    return render_template(
        "erasure.html",
        found=preview_of(office, case),
        receipt=made,
        decided_at=made and datetime.fromisoformat(made.decided_at),
        destroyed_at=made and datetime.fromisoformat(made.key_destroyed_at),
        may_propose=_may(case, c.ProposeErasure) and s.decision_of(case.state) is None,
        may_confirm=_may(case, c.ConfirmDecision) and _awaits(case),
        awaits=_awaits(case),
        matter=Matter.ERASURE,
        command_id=str(uuid4()),
    )


def receipt(office: Office, reference: str) -> ResponseReturnValue:
    """Give the receipt of an erasure as a file."""
    made = receipts.receipt(office, look(What.PROOF), reference)
    headers = {"Content-Disposition": disposition(f"{made.reference}-erasure.json")}
    return Response(receipts.written(made), mimetype="application/json", headers=headers)


def _receipt(office: Office, case: CaseAt) -> receipts.Receipt | None:
    """Return the receipt, None before there is one."""
    if office.store.evidence.erased_at(case.reference) is None:
        return None
    return receipts.receipt_of(office, case)


def _may(case: CaseAt, command: type[c.CaseCommand]) -> bool:
    allowed = not isinstance(case.state, s.Draft) and command in next_of(case.state)
    person = visitor()
    return (
        allowed
        and permitted(person, ACTION_OF[command])
        and not barred(person, case.state, command)
    )


def _awaits(case: CaseAt) -> bool:
    decision = s.decision_of(case.state)
    return decision is not None and decision.matter is Matter.ERASURE


ROUTES: Final = (
    Route(
        path="/staff/cases/<reference>/erasure",
        endpoint="erasure",
        view=erasure,
        action=Action.READ_HISTORY,
    ),
    Route(
        path="/staff/cases/<reference>/erasure/receipt",
        endpoint="erasure_receipt",
        view=receipt,
        action=Action.READ_HISTORY,
    ),
)
