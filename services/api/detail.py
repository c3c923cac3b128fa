"""One case as the API tells it, now or at any moment of its past."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, post_dump

from domain import events as e
from domain.application import Application, Channel, Correspondence, Route
from domain.decisions import Matter, VoidingCode
from domain.events import RefusalClass
from domain.filed import Filed
from domain.following import possible
from domain.gradings import Grade
from domain.moves import CaseMovedToRuleset, still_standing
from domain.overrides import OverrideApplied, OverrideProposed
from domain.particulars import ApplicationCorrected, Relation
from domain.reconsidering import CaseReopened
from domain.record import Recorded
from domain.rules.types import Assessment
from domain.stages import Draft, Stage, proposals_of
from domain.standing import AssessmentSetAside
from domain.told import decisions_told, grade_told, links_told
from services.api.clocks import ClockSchema
from services.api.commands import addresses
from services.api.outputs import AssessmentSchema
from services.cases import CaseAt
from services.intake.fields import Instant
from services.intake.schema import schema_for
from services.intake.spelling import claimed
from services.rules import answer


@dataclass(frozen=True, slots=True, kw_only=True)
class DependantItem:
    """Who comes along, by their number in the case; who they are is in its history."""

    dependant: int
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedDecision:
    """A decision that awaits a second officer; none of `acted` can be that one.

    `voiding` is the code of a proposed voiding, `email` the address that is proposed for the
    applicant, `reasons` are the proposer's words, if any.
    """

    matter: Matter
    proposed_by: str
    proposed_at: datetime
    voiding: VoidingCode | None
    email: str | None
    reasons: tuple[str, ...]
    acted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingGrade:
    """What the panel found of a case; a later grade takes its place."""

    grade: Grade
    graded_by: str


class CaseDetailSchema(Schema):
    """A case as it stands, or stood. `application` and `assessment` are null once erased.

    `exercise` and `rank` are of the latest exercise that it came before and `computed_points` what
    the tests alone gave where officers decided otherwise, as in the list. `grade` is the one that
    stands in that exercise; a panel member is told their own.
    `stale` says that what the assessment rests on was corrected since,
    `held` is so while an investigation holds it, and `decision` is proposed and awaits a second
    officer. `recused` have stepped aside and `reconsiderations` counts those asked for; `refiles`
    is the case that it took the place of and `refiled_as` the one that took its place.
    `possible` holds the addresses of the commands that it allows. `overrides` are the rules whose
    points officers decided, also while the case is assessed anew, and `proposals` those that await
    a second officer. `clock` is null where it runs through a year whose general holidays are not
    loaded.
    """

    reference = fields.String(required=True)
    version = fields.Integer(required=True)
    stage = fields.Enum(Stage, by_value=True, required=True)
    stage_since = Instant(required=True)
    clock = fields.Nested(ClockSchema, required=True, allow_none=True)
    route = fields.Enum(Route, by_value=True, required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    submitted_at = Instant(required=True)
    points = fields.Integer(required=True, allow_none=True)
    computed_points = fields.Integer(required=True, allow_none=True)
    exercise = fields.String(required=True, allow_none=True)
    rank = fields.Integer(required=True, allow_none=True)
    grade = fields.Nested(schema_for(StandingGrade), required=True, allow_none=True)
    ruleset = fields.String(required=True, allow_none=True)
    due_hkd = fields.Integer(required=True, allow_none=True)
    originals_by = fields.Date(required=True, allow_none=True)
    pay_by = fields.Date(required=True, allow_none=True)
    activate_by = fields.Date(required=True, allow_none=True)
    stay_until = fields.Date(required=True, allow_none=True)
    reason_class = fields.Enum(RefusalClass, by_value=True, required=True, allow_none=True)
    overrides = fields.List(fields.Nested(schema_for(OverrideApplied)), required=True)
    proposals = fields.List(fields.Nested(schema_for(OverrideProposed)), required=True)
    stale = fields.Boolean(required=True)
    held = fields.Boolean(required=True)
    decision = fields.Nested(schema_for(AwaitedDecision), required=True, allow_none=True)
    dependants = fields.List(fields.Nested(schema_for(DependantItem)), required=True)
    represented = fields.Boolean(required=True)
    recused = fields.List(fields.String(), required=True)
    reconsiderations = fields.Integer(required=True)
    refiles = fields.String(required=True, allow_none=True)
    refiled_as = fields.String(required=True, allow_none=True)
    possible = fields.List(fields.String(), required=True)
    application = fields.Nested(schema_for(Application), required=True, allow_none=True)
    assessment = fields.Nested(AssessmentSchema, required=True, allow_none=True)

    @post_dump
    def as_filed(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The application is in the form in which it can be filed: no null for "not claimed"."""
        return {**data, "application": claimed(data["application"])}


def detail(case: CaseAt, said_in: Correspondence) -> dict[str, Any]:
    """Return what is told of a case, its reasons in a language."""
    state = case.state
    if isinstance(state, Draft):
        raise TypeError("a case that has events is not a draft")
    said = ("originals_by", "due_hkd", "pay_by", "activate_by", "stay_until", "reason_class")
    assessment = next(_assessments(case), None)
    return {
        **{name: getattr(state, name, None) for name in said},
        **_listed(case.events),
        "reference": case.reference,
        "version": case.version,
        "stage": case.stage,
        "stage_since": case.since,
        "route": state.filed.route,
        "submitted_at": state.filed.submitted_at,
        **_around(state.filed),
        "grade": _grade(case.events),
        "decision": _awaited(case.events, state.filed),
        **dict(zip(("refiles", "refiled_as"), links_told(case.events), strict=True)),
        "proposals": proposals_of(state),
        "possible": addresses(possible(state)),
        "application": state.filed.application,
        "assessment": None if assessment is None else answer(assessment, said_in),
    }


def _awaited(events: Sequence[Recorded[e.CaseEvent]], filed: Filed) -> AwaitedDecision | None:
    """Return the decision that awaits a second officer, None without one."""
    found = next((each for each in decisions_told(events) if each.end is None), None)
    if found is None:
        return None
    return AwaitedDecision(
        matter=found.matter,
        proposed_by=found.proposed_by,
        proposed_at=found.proposed_at,
        voiding=found.voiding,
        reasons=found.texts,
        email=found.email,
        acted=tuple(sorted(filed.actors(found.matter))),
    )


def _grade(events: Sequence[Recorded[e.CaseEvent]]) -> StandingGrade | None:
    found = grade_told(events)
    return None if found is None else StandingGrade(grade=found.grade, graded_by=found.graded_by)


def _around(filed: Filed) -> dict[str, Any]:
    """Return what is true of a case whatever its stage."""
    return {
        "stale": filed.stale,
        "held": filed.held,
        "dependants": [
            DependantItem(dependant=number, relation=relation)
            for number, relation in filed.dependants
        ],
        "represented": filed.represented,
        "recused": sorted(filed.recused),
        "reconsiderations": filed.reconsiderations,
        "overrides": filed.overrides,
    }


def _listed(events: Iterable[Recorded[e.CaseEvent]]) -> dict[str, Any]:
    """What the list says of a case too, told from its own events and so for any moment."""
    names = ("points", "computed_points", "exercise", "rank", "ruleset", "channel")
    found: dict[str, Any] = dict.fromkeys(names)
    for each in events:
        match each.event:
            case e.ApplicationSubmitted(channel=channel):
                found |= {"channel": channel}
            case e.PrerequisitesAssessed(ruleset=ruleset):
                found |= {"ruleset": ruleset}
            case e.ApplicationScored(ruleset=ruleset, total=total) as scored:
                found |= {"ruleset": ruleset, "points": total}
                found |= {"computed_points": scored.computed_total}
            case CaseReopened() | AssessmentSetAside() | ApplicationCorrected(assessed_anew=True):
                found |= {"points": None, "computed_points": None}
            case CaseMovedToRuleset(ruleset=ruleset):
                found |= {"ruleset": ruleset, "points": None, "computed_points": None}
            case (
                e.CaseShortlisted(exercise=exercise, rank=rank)
                | e.CaseSelected(exercise=exercise, rank=rank)
                | e.CaseNotSelected(exercise=exercise, rank=rank)
            ):
                found |= {"exercise": exercise, "rank": rank}
            case _:
                pass
    return found


def _assessments(case: CaseAt) -> Iterator[Assessment]:
    """The assessments of a case that still stand, the latest first."""
    for each in reversed(still_standing(case.events)):
        match each.event:
            case e.PrerequisitesAssessed(personal=Assessment() as found):
                yield found
            case e.ApplicationScored(personal=Assessment() as found):
                yield found
            case _:
                pass
