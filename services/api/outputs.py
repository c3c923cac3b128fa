"""What the API answers with. A shape that is a dataclass is derived from it, as requests are."""

from dataclasses import dataclass
from datetime import date, datetime

from marshmallow import Schema, fields

from domain.application import Channel, Correspondence, Route
from domain.decisions import VoidingCode
from domain.events import RefusalClass
from domain.interruptions import LapseCause
from domain.projections.status import Awaited
from domain.rederivation import Extent
from domain.stages import Stage
from services.intake.fields import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How far the read model was that an answer came from: `lag` counts events to come."""

    position: int
    as_of: datetime | None
    lag: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseItem:
    """A case in the list; `name` is null once its person has been erased.

    `held` is so while an investigation holds it, and `stale` while its assessment rests on what was
    corrected since. `refiles` is the case that it took the place of,
    `refiled_as` the one that took its place. `computed_points` is what the tests alone gave, null
    where no officer decided otherwise.
    """

    reference: str
    stage: Stage
    stage_since: datetime
    route: Route
    channel: Channel
    submitted_at: datetime
    points: int | None
    computed_points: int | None
    exercise: str | None
    rank: int | None
    ruleset: str | None
    held: bool
    stale: bool
    refiles: str | None
    refiled_as: str | None
    version: int
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A page of the list; `next` goes into `after` for the next page and is null on the last."""

    items: tuple[CaseItem, ...]
    next: str | None
    freshness: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedCases:
    """The other cases of a case's person, the first filed first; none once the person is erased.

    They are those with the same travel document and day of birth.
    """

    reference: str
    items: tuple[CaseItem, ...]
    freshness: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """An application as its applicant sees it.

    `language` is the one in which the applicant is written to, whichever was asked for here.
    `refiled_as` is the application that was filed in its place, `lapse_cause` what was not done in
    time, and `voiding_code` why a visa is void; `reasons` are of a refusal or of a voiding.
    """

    reference: str
    stage: Stage
    stage_since: datetime
    route: Route
    submitted_at: datetime
    awaited: Awaited
    ruleset: str | None
    due_hkd: int | None
    pay_by: date | None
    documents_by: date | None
    originals_by: date | None
    activate_by: date | None
    stay_until: date | None
    reason_class: RefusalClass | None
    refiled_as: str | None
    lapse_cause: LapseCause | None
    voiding_code: VoidingCode | None
    reasons: tuple[str, ...]
    language: Correspondence | None
    freshness: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCount:
    """How many cases are at a stage.

    With `or_more` that is a bound: so many were counted, and there may be more.
    """

    stage: Stage
    cases: int
    or_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many cases there are, by stage; a stage without any is left out.

    No more than 10,000 are counted at one; with `or_more` there may be more than `total`.
    """

    total: int
    or_more: bool
    stages: tuple[StageCount, ...]
    freshness: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """A sort of problem: the URI that names it, its title and its status."""

    type: str
    title: str
    status: int


class FindingSchema(Schema):
    """One prerequisite."""

    id = fields.String(required=True)
    met = fields.Boolean(required=True)
    reason = fields.String(required=True)
    source = fields.List(fields.String(), required=True)


class AwardSchema(Schema):
    """Points that a rule gave; `source` names its authority."""

    rule = fields.String(required=True)
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    evidence = fields.List(fields.String(), required=True)
    source = fields.List(fields.String(), required=True)
    edition = fields.String()


class ShortfallSchema(Schema):
    """Points that a rule would give, and what it would need."""

    rule = fields.String(required=True)
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    evidence = fields.List(fields.String(), required=True)
    source = fields.List(fields.String(), required=True)


class FactorSchema(Schema):
    """One factor of a test of points; `computed` is there where officers decided otherwise."""

    factor = fields.String(required=True)
    points = fields.Integer(required=True)
    max = fields.Integer(required=True)
    computed = fields.Integer()
    awards = fields.List(fields.Nested(AwardSchema), required=True)
    shortfalls = fields.List(fields.Nested(ShortfallSchema), required=True)


class CriterionSchema(Schema):
    """One criterion of a test of criteria."""

    id = fields.String(required=True)
    met = fields.Boolean(required=True)
    reason = fields.String(required=True)
    evidence = fields.List(fields.String(), required=True)
    source = fields.List(fields.String(), required=True)
    edition = fields.String()


class OverriddenSchema(Schema):
    """A rule for which other points were decided than its own test gave."""

    rule = fields.String(required=True)
    computed = fields.Integer(required=True)
    decided = fields.Integer(required=True)


class AssessmentSchema(Schema):
    """An application scored under a ruleset: with `factors`, or `criteria` where it has those.

    `computed_total` and `overrides` are there where officers decided points otherwise.
    """

    ruleset = fields.String(required=True)
    digest = fields.String(required=True)
    route = fields.String(required=True)
    reference_date = fields.String(required=True, metadata={"format": "date"})
    prerequisites = fields.List(fields.Nested(FindingSchema), required=True)
    factors = fields.List(fields.Nested(FactorSchema))
    criteria = fields.List(fields.Nested(CriterionSchema))
    total = fields.Integer(required=True)
    pass_mark = fields.Integer(required=True)
    eligible = fields.Boolean(required=True)
    computed_total = fields.Integer()
    overrides = fields.List(fields.Nested(OverriddenSchema))


class EventSchema(Schema):
    """One event with everything recorded about it.

    `payload` is the event itself; its member `personal`, where it has one, is null once erased.
    """

    position = fields.Integer(required=True, allow_none=True)
    version = fields.Integer(required=True)
    type = fields.String(required=True)
    event_id = fields.String(required=True)
    effective_at = Instant(required=True)
    recorded_at = Instant(required=True)
    sequenced_at = Instant(required=True, allow_none=True)
    actor = fields.String(required=True)
    role = fields.String(required=True)
    command = fields.String(required=True)
    command_id = fields.String(required=True)
    causation_id = fields.String(required=True)
    correlation_id = fields.String(required=True)
    payload = fields.Dict(required=True)


class HistorySchema(Schema):
    """The events of a case in order."""

    reference = fields.String(required=True)
    version = fields.Integer(required=True)
    events = fields.List(fields.Nested(EventSchema), required=True)


class AssessmentAgainSchema(Schema):
    """A recorded assessment made again, under the very edition of the ruleset that it names.

    `extent` is `whole`, `skeleton` once the person was erased, or `nothing` where that edition is
    not loaded; `differences` name each place that is not the same.
    """

    version = fields.Integer(required=True)
    type = fields.String(required=True)
    ruleset = fields.String(required=True)
    digest = fields.String(required=True)
    extent = fields.Enum(Extent, by_value=True, required=True)
    identical = fields.Boolean(required=True)
    differences = fields.List(fields.String(), required=True)


class AssessmentsSchema(Schema):
    """The assessments of a case, in the order in which they were recorded."""

    reference = fields.String(required=True)
    version = fields.Integer(required=True)
    assessments = fields.List(fields.Nested(AssessmentAgainSchema), required=True)


class FaultSchema(Schema):
    """One fault: where, and what."""

    path = fields.String(required=True)
    message = fields.String(required=True)


class ProblemSchema(Schema):
    """A problem as RFC 9457 has it, with the first hundred `errors` of a request."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    correlation_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultSchema))
    current_version = fields.Integer()
    expected_version = fields.Integer()
    stage = fields.String()
    live_case = fields.String()
    possible = fields.List(fields.String())
