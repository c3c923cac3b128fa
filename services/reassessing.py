"""The pool of an exercise under another ruleset: who stays, with which points, and who comes in.

Whoever was below the mark, or failed a prerequisite, and was not finally decided may be in the pool
under another ruleset, and so may whoever waited there by the other measure. What was filed counts
as it had been corrected by then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from domain import events as e
from domain.application import Application
from domain.days import hong_kong_date
from domain.errors import Refusal, TermsInvalid
from domain.particulars import ApplicationCorrected
from domain.projections.stage_after import CASE_STREAM
from domain.rules.rank import PoolMember
from domain.rules.terms import Measure
from domain.rules.totals import worth
from domain.rules.types import Ruleset, Test
from domain.stages import BelowMark, InPool, PrerequisitesUnmet, Stage, stage_of
from domain.strata import stratum_of
from services.pool import CaseSeen, Folded
from services.store import Store

AT_ONCE: Final = 1_000

_Undecided = BelowMark | InPool | PrerequisitesUnmet


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassessed:
    """A pool under another ruleset.

    `came` are the references of those that were not in it, with the stage at which they stood, and
    `fell` counts those that are in it no longer. `erased` counts the members whose person was
    erased, so that they keep their points; `erased_outside` those of whom nobody can say any more
    whether they would come in.
    """

    members: tuple[PoolMember, ...]
    came: Mapping[str, Stage]
    fell: int = 0
    erased: int = 0
    erased_outside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A pool as it was frozen by a measure at an instant, and the log that it was read from."""

    folded: Folded
    at: datetime
    measure: Measure
    members: tuple[PoolMember, ...]


def reassessed(store: Store, frozen: Frozen, target: Ruleset) -> Reassessed:
    """Return the pool as another ruleset makes it; `TermsInvalid` where that has another measure.

    Members of the other route keep their points, and so do those assessed under this very edition,
    with what officers decided of them. Under another one only computed points count.
    """
    gives = Measure.CRITERIA if target.test is Test.CRITERIA else Measure.POINTS
    if gives is not frozen.measure:
        raise TermsInvalid(f"{target.id} gives {gives}; the exercise is held by {frozen.measure}")
    inside = {f"{CASE_STREAM}{each.reference}": each for each in frozen.members}
    anew = [stream for stream in inside if _is_other(frozen.folded.cases[stream], target)]
    outside = _outside(frozen, inside)
    streams = [*anew, *(each for each in outside if _is_other(frozen.folded.cases[each], target))]
    members = [inside[stream] for stream in inside.keys() - set(anew)]
    came: dict[str, Stage] = {}
    fell = erased = erased_outside = 0
    for stream, filed in _filed(store, frozen.folded, streams):
        member, case = inside.get(stream), frozen.folded.cases[stream]
        if filed is None:
            erased += member is not None
            erased_outside += member is None
            members += [member] if member else []
            continue
        found = _member(frozen.folded, stream, filed, target)
        fell += member is not None and found is None
        members += [found] if found else []
        if found and not member:
            came[found.reference] = stage_of(case.state)
    return Reassessed(
        members=tuple(members), came=came, fell=fell, erased=erased, erased_outside=erased_outside
    )


def _outside(frozen: Frozen, inside: Mapping[str, PoolMember]) -> Iterator[str]:
    """Yield the streams of cases that waited outside the pool and were decided by nobody."""
    for stream, case in frozen.folded.cases.items():
        # Whoever was erased by then, whom a restore alone leaves there, comes into no pool.
        filed = case.state.filed if isinstance(case.state, _Undecided) else None
        waits = filed is not None and not (filed.held or filed.erased)
        if waits and stream not in inside and frozen.folded.since[stream] <= frozen.at:
            yield stream


def _is_other(case: CaseSeen, target: Ruleset) -> bool:
    """Say whether the target would assess a case of its route otherwise than it was."""
    if not isinstance(case.state, _Undecided):
        raise TypeError(f"nothing is to be assessed where a case is {type(case.state).__name__}")
    filed = case.state.filed
    same = filed.assessed is not None and filed.assessed.digest == target.digest
    return filed.route is target.route and not same


def _filed(
    store: Store, folded: Folded, streams: Sequence[str]
) -> Iterator[tuple[str, Application | None]]:
    """Yield what each case was filed with, a batch at a time; None where its person is erased."""
    for start in range(0, len(streams), AT_ONCE):
        some = streams[start : start + AT_ONCE]
        filed = {
            each.stream: each.event.personal
            for each in store.read_firsts(some)
            if isinstance(each.event, e.ApplicationSubmitted)
        }
        corrected = [each for each in some if each in folded.corrected]
        for stream, history in (store.read_streams(corrected) if corrected else {}).items():
            for each in history[: folded.cases[stream].version]:
                if isinstance(each.event, ApplicationCorrected):
                    said = each.event.personal
                    filed[stream] = said.application if said else None
        yield from filed.items()


def _member(
    folded: Folded, stream: str, application: Application, target: Ruleset
) -> PoolMember | None:
    """Return the case as a member of the pool; None where the target would keep it out."""
    case = folded.cases[stream]
    filed = cast("_Undecided", case.state).filed
    on = hong_kong_date(filed.submitted_at)
    try:
        found = worth(target, application, on)
    except Refusal:
        return None
    if not found.eligible:
        return None
    return PoolMember(
        reference=filed.reference,
        route=filed.route,
        points=found.total,
        submitted_at=filed.submitted_at,
        version=case.version,
        stratum=stratum_of(application, on),
        scored_at=folded.scored.get(stream),
        ruleset=target.id,
    )
