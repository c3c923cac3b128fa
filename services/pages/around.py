"""What stands around a case on its page: decisions, a hold, its people, and the person's others."""

from dataclasses import dataclass

from domain import told
from domain.looks import What
from domain.projections.case_list import CaseRow
from domain.stages import Draft
from services.cases import CaseAt
from services.pages.guard import look
from services.projections import queries
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is told of a case besides its stage and assessment.

    `awaited` is proposed and awaits a second officer, who cannot be `actors`; `decisions` are those
    that came to an end. `linked` are the person's other cases. `stale` says that the assessment
    rests on what was corrected since, `erased` that the person is.
    """

    hold: told.ToldHold | None
    awaited: told.ToldDecision | None
    actors: tuple[str, ...]
    decisions: tuple[told.ToldDecision, ...]
    dependants: tuple[told.ToldDependant, ...]
    representative: told.ToldRepresentative | None
    recusals: tuple[told.ToldRecusal, ...]
    refiles: str | None
    refiled_as: str | None
    linked: tuple[CaseRow, ...]
    stale: bool
    erased: bool


def around(office: Office, found: CaseAt) -> Around:
    """Return what stands around a case."""
    decisions = told.decisions_told(found.events)
    awaited = next((each for each in decisions if each.end is None), None)
    refiles, refiled_as = told.links_told(found.events)
    filed = None if isinstance(found.state, Draft) else found.state.filed
    return Around(
        hold=told.hold_told(found.events),
        awaited=awaited,
        actors=tuple(sorted(filed.actors(awaited.matter))) if filed and awaited else (),
        decisions=tuple(each for each in decisions if each.end is not None),
        dependants=told.dependants_told(found.events),
        representative=told.representative_told(found.events),
        recusals=told.recusals_told(found.events),
        refiles=refiles,
        refiled_as=refiled_as,
        stale=filed is not None and filed.stale,
        linked=queries.linked(office.models, look(What.LINKED), found.reference),
        erased=filed is None or filed.application is None,
    )
