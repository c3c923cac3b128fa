"""Withdrawing an application and filing another in its place, as one command over two cases.

Law: either both happened or neither did. The person's one live application passes from the old
case to the new one in the same commit, so that nobody else can file for them in between; and so
do an investigation that holds it and whoever stepped aside from it.
"""

import secrets
from dataclasses import replace
from functools import reduce
from typing import Any, Final, cast

from domain import commands as c
from domain.access import ACTION_OF, demand
from domain.application import Application
from domain.case import decide, evolve
from domain.deciding.circumstances import Circumstances, Facts
from domain.deciding.filing import demand_same_person
from domain.errors import ContactNotCorrected
from domain.references import RANDOM_BYTES, make_reference
from domain.stages import CaseState, Draft, stage_of
from domain.told import hold_told, recusals_told
from services.cases import (
    Asked,
    CaseAt,
    Outcome,
    answering_of,
    append_live,
    ask,
    case_at,
    outcome_of,
    settled,
)
from services.requests import Request, effective_instant
from services.reservations import reserved_by
from services.store import NewEvent, StreamWrite
from services.tracing import step
from services.wiring import Office

COMMAND: Final = "WithdrawAndRefile"
_NEW: Final[CaseState] = Draft()


@step("command")
def withdraw_and_refile(
    office: Office, reference: str, command: c.SubmitApplication, request: Request
) -> Outcome:
    """Withdraw a case and file `command` in its place; returns the new case.

    Each case names the other. `request.expected` is the version of the case that is withdrawn.
    Raises whatever forbids the withdrawal or the filing, and then neither happens.
    """
    demand(request.person, ACTION_OF[c.WithdrawApplication])
    asked, repeated = ask(office, reference, command, request)
    answering = answering_of(office, reference, c.WithdrawApplication, request)
    with answering.refusals_seen():
        outcome = repeated or settled(
            office, asked, lambda: _append(office, case_at(office, reference), asked)
        )
    if outcome.repeated:
        answering_of(office, outcome.reference, type(command), request).seen()
    return outcome


def _append(office: Office, old: CaseAt, asked: Asked) -> Outcome:
    request = asked.request
    request.demand_version(f"case-{old.reference}", old.version)
    new = make_reference(secrets.token_bytes(RANDOM_BYTES))
    given: dict[str, Any] = {
        "at": effective_instant(office, request, old.events),
        "rulebook": office.rulebook,
        "actor": request.person.name,
    }
    withdrawing = Circumstances(**given, refiling=new, since=old.since)
    filing = Circumstances(**given, refiling=old.reference, reference=new)
    withdrawn = decide(old.state, c.WithdrawApplication(), withdrawing)
    application = cast("c.SubmitApplication", asked.command).application
    demand_same_person(_filed(old.state), application)
    _demand_same_address(_filed(old.state), application)
    filed = decide(Draft(), asked.command, filing)
    state = reduce(evolve, filed, _NEW)
    filed = (*filed, *_held_on(old, state, filing), *_stepped_aside(old, state, filing))
    outcome = _commit(office, asked, filing, (old, withdrawn), filed)
    office.pokes.committed()
    return outcome


def _demand_same_address(before: Application | None, application: Application) -> None:
    """Raise unless the applicant is reached where they were: codes go there."""
    if before is not None and before.applicant.email != application.applicant.email:
        raise ContactNotCorrected(
            "the applicant comes in by their e-mail address: file with the one that the case has, "
            "then propose a change of address, which a second officer confirms"
        )


def _filed(state: CaseState) -> Application | None:
    return None if isinstance(state, Draft) else state.filed.application


def _held_on(old: CaseAt, new: CaseState, given: Circumstances) -> Facts:
    """Return that the new case is held as the old one is: nobody leaves an investigation so.

    It is not refused, for an applicant learns of no hold.
    """
    hold = hold_told(old.events)
    if hold is None:
        return ()
    return decide(new, c.HoldCase(reason=hold.reason or old.reference), given)


def _stepped_aside(old: CaseAt, new: CaseState, given: Circumstances) -> Facts:
    """Return that whoever stepped aside from the old case has done so here: it is one person's."""
    return tuple(
        fact
        for each in recusals_told(old.events)
        for fact in decide(
            new,
            c.RecuseOfficer(reason=each.reason or old.reference),
            replace(given, actor=each.officer),
        )
    )


def _commit(
    office: Office, asked: Asked, given: Circumstances, ended: tuple[CaseAt, Facts], filed: Facts
) -> Outcome:
    request, (old, withdrawn) = asked.request, ended
    state = reduce(evolve, filed, _NEW)
    before, after = reserved_by(office, old.state), reserved_by(office, state)
    commit = replace(
        request.commit(
            COMMAND,
            asked.fingerprint,
            _write(old.reference, old.version, withdrawn, given),
            _write(given.reference, 0, filed, given),
            result={"reference": given.reference, "version": len(filed), "stage": stage_of(state)},
        ),
        reserve=tuple(after),
        release=tuple(before),
    )
    return outcome_of(append_live(office, commit, request, state, office.store.append))


def _write(reference: str, version: int, facts: Facts, given: Circumstances) -> StreamWrite:
    events = tuple(NewEvent(event=fact, effective_at=given.at) for fact in facts)
    return StreamWrite(stream=f"case-{reference}", expected=version, events=events)
