"""Stepping aside: whoever declares a conflict of interest in a case does not keep it.

What is read here stays so until it is recorded: only whoever has the turn gives anybody the case.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from domain.events import CaseEvent
from domain.interruptions import OfficerRecused
from domain.projections.stage_after import WORK_STREAM
from domain.work import holder_of, load
from domain.work_events import CaseReleased, WorkEvent
from services.store import NewEvent, StreamWrite
from services.wiring import Office


def releases(
    office: Office, reference: str, facts: Sequence[CaseEvent], at: datetime
) -> tuple[StreamWrite, ...]:
    """Return what is to be recorded beside these facts: that the case is nobody's any more.

    Nothing is where nobody steps aside, or somebody who does not have the case.
    """
    officer = next((each.officer for each in facts if isinstance(each, OfficerRecused)), None)
    if officer is None:
        return ()
    stream = f"{WORK_STREAM}{reference}"
    done = office.store.read_stream(stream, personal=False)
    if holder_of(load(cast("WorkEvent", each.event) for each in done)) != officer:
        return ()
    released = NewEvent(
        event=CaseReleased(officer=officer), effective_at=max(at, done[-1].effective_at)
    )
    return (StreamWrite(stream=stream, expected=len(done), events=(released,)),)
