"""The read models' tables as this program knows them; migrations make them.

Columns are named like the fields of the row that a projection folds; its `personal` member is
the column `sealed`. A test compares these declarations with a migrated database.
"""

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    column,
    func,
    literal_column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata: Final = MetaData()


def _text(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=null)


def _integer(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Integer, nullable=null)


def _bigint(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=null)


def _instant(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _day(name: str) -> Column[Any]:
    return Column(name, Date, nullable=True)


checkpoints: Final = Table(
    "projection_checkpoints",
    metadata,
    _text("projection"),
    _integer("version"),
    Column("generation", Integer, nullable=False, server_default=text("1")),
    Column("shard", Integer, nullable=False, server_default=text("0")),
    Column("position", BigInteger, nullable=False, server_default=text("0")),
    _instant("as_of", null=True),
    _bigint("stopped_position", null=True),
    _instant("stopped_at", null=True),
    _text("stopped_event", null=True),
    _text("stopped_reason", null=True),
    Column("leaf", LargeBinary),
    PrimaryKeyConstraint("projection", "generation", "shard", name="projection_checkpoints_pkey"),
    CheckConstraint("position >= 0", name="projection_checkpoints_position"),
    CheckConstraint(
        "num_nulls(stopped_position, stopped_at, stopped_event, stopped_reason) IN (0, 4)",
        name="projection_checkpoints_stop",
    ),
)

generations: Final = Table(
    "projection_generations",
    metadata,
    _text("projection"),
    _integer("generation"),
    _text("state"),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("projection", "generation", name="projection_generations_pkey"),
    CheckConstraint(
        "state IN ('filling', 'ready', 'live', 'former')", name="projection_generations_state"
    ),
)
Index(
    "projection_generations_one_of_each",
    generations.c.projection,
    generations.c.state,
    unique=True,
)

case_list: Final = Table(
    "case_list",
    metadata,
    _text("reference"),
    _text("stage"),
    _instant("stage_since"),
    _text("route"),
    _text("channel"),
    _instant("submitted_at"),
    _integer("points", null=True),
    _integer("computed_points", null=True),
    _instant("scored_at", null=True),
    _text("stratum", null=True),
    _text("exercise", null=True),
    _integer("rank", null=True),
    _text("ruleset", null=True),
    Column("documents_awaited", Boolean, nullable=False, server_default=text("false")),
    Column("held", Boolean, nullable=False, server_default=text("false")),
    Column("stale", Boolean, nullable=False, server_default=text("false")),
    _text("holder", null=True),
    _text("reason_class", null=True),
    _text("refiles", null=True),
    _text("refiled_as", null=True),
    Column("recused", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    _integer("version"),
    _bigint("position"),
    _text("sealed", null=True),
    PrimaryKeyConstraint("reference", name="case_list_pkey"),
)
_points = func.coalesce(case_list.c.points, text("-1"))
Index("case_list_submitted_at", case_list.c.submitted_at, case_list.c.reference)
Index("case_list_points", _points, case_list.c.reference)
Index("case_list_stage_since", case_list.c.stage_since, case_list.c.reference)
Index(
    "case_list_stage_submitted_at",
    case_list.c.stage,
    case_list.c.submitted_at,
    case_list.c.reference,
)
Index("case_list_stage_points", case_list.c.stage, _points, case_list.c.reference)
Index(
    "case_list_stage_stage_since", case_list.c.stage, case_list.c.stage_since, case_list.c.reference
)
Index(
    "case_list_exercise",
    case_list.c.exercise,
    case_list.c.submitted_at,
    case_list.c.reference,
    postgresql_where=case_list.c.exercise.is_not(None),
)
Index(
    "case_list_exercise_points",
    case_list.c.exercise,
    _points,
    case_list.c.reference,
    postgresql_where=case_list.c.exercise.is_not(None),
)
Index(
    "case_list_exercise_stage_since",
    case_list.c.exercise,
    case_list.c.stage_since,
    case_list.c.reference,
    postgresql_where=case_list.c.exercise.is_not(None),
)
Index(
    "case_list_achievement",
    case_list.c.submitted_at,
    case_list.c.reference,
    postgresql_where=case_list.c.route == "achievement",
)
Index(
    "case_list_achievement_points",
    _points,
    case_list.c.reference,
    postgresql_where=case_list.c.route == "achievement",
)
Index(
    "case_list_holder",
    case_list.c.holder,
    case_list.c.reference,
    postgresql_where=case_list.c.holder.is_not(None),
)
Index("case_list_held", case_list.c.reference, postgresql_where=case_list.c.held)
Index("case_list_stale", case_list.c.reference, postgresql_where=case_list.c.stale)
Index(
    "case_list_waiting",
    case_list.c.stage,
    case_list.c.route,
    case_list.c.stage_since,
    case_list.c.reference,
    postgresql_where=~case_list.c.documents_awaited,
)

work: Final = Table(
    "work",
    metadata,
    _text("reference"),
    _text("holder", null=True),
    _instant("since", null=True),
    Column("returned", Boolean, nullable=False),
    _integer("notes"),
    Column("duplicates", Integer, nullable=False, server_default=text("0")),
    _instant("changed_at"),
    _integer("version"),
    _bigint("position"),
    PrimaryKeyConstraint("reference", name="work_pkey"),
    CheckConstraint("(holder IS NULL) = (since IS NULL)", name="work_held_since"),
)
Index(
    "work_holder",
    work.c.holder,
    work.c.since,
    work.c.reference,
    postgresql_where=work.c.holder.is_not(None),
)
Index("work_duplicates", work.c.reference, postgresql_where=work.c.duplicates > text("0"))

case_names: Final = Table(
    "case_names",
    metadata,
    Column("token", LargeBinary, nullable=False),
    _text("reference"),
    PrimaryKeyConstraint("token", "reference", name="case_names_pkey"),
)
Index("case_names_reference", case_names.c.reference)

case_status: Final = Table(
    "case_status",
    metadata,
    _text("reference"),
    _text("stage"),
    _instant("stage_since"),
    _text("route"),
    _instant("submitted_at"),
    _text("ruleset", null=True),
    _integer("due_hkd", null=True),
    _day("pay_by"),
    _day("documents_by"),
    _day("activate_by"),
    _day("stay_until"),
    _text("reason_class", null=True),
    _day("originals_by"),
    _text("refiled_as", null=True),
    _text("lapse_cause", null=True),
    _text("voiding_code", null=True),
    _integer("version"),
    _bigint("position"),
    _text("sealed", null=True),
    PrimaryKeyConstraint("reference", name="case_status_pkey"),
)

deadlines: Final = Table(
    "deadlines",
    metadata,
    _text("reference"),
    _text("stage"),
    _text("deadline", null=True),
    _day("due_on"),
    _integer("opened", null=True),
    _day("opened_on"),
    _integer("told", null=True),
    _instant("quiet_since", null=True),
    _day("stay_until"),
    Column("further_stay", Boolean, nullable=False),
    _day("originals_by"),
    _integer("originals_told", null=True),
    _day("access_due_on"),
    _integer("access_opened", null=True),
    _day("access_opened_on"),
    _integer("access_told", null=True),
    _bigint("position"),
    PrimaryKeyConstraint("reference", name="deadlines_pkey"),
    CheckConstraint(
        "num_nulls(deadline, due_on, opened, opened_on) IN (0, 4)", name="deadlines_one_day"
    ),
)
# What was told for good waits for nobody any more: -1 is that it is over.
Index(
    "deadlines_due",
    deadlines.c.deadline,
    deadlines.c.due_on,
    postgresql_where=deadlines.c.told.is_distinct_from(text("-1")),
)
Index("deadlines_overdue", deadlines.c.reference, postgresql_where=deadlines.c.told == text("-1"))
Index(
    "deadlines_access",
    deadlines.c.access_due_on,
    deadlines.c.reference,
    postgresql_where=deadlines.c.access_due_on.is_not(None),
)
NEXT_DUE: Final = literal_column(
    "LEAST(\nCASE\n    WHEN deadline <> 'reconsideration'::text THEN due_on\n"
    "    ELSE NULL::date\nEND, access_due_on)",
    Date,
)
"""The next day by which something is due in a case; a window that nobody has to use is none.

It is spelled as the server spells it, line by line, so that the index is known again."""
Index(
    "deadlines_next",
    NEXT_DUE,
    deadlines.c.reference,
    postgresql_where=NEXT_DUE.is_not(None),
)
Index(
    "deadlines_stage_next",
    deadlines.c.stage,
    NEXT_DUE,
    deadlines.c.reference,
    postgresql_where=NEXT_DUE.is_not(None),
)
Index(
    "deadlines_quiet",
    deadlines.c.quiet_since,
    postgresql_where=deadlines.c.quiet_since.is_not(None),
)

exercises: Final = Table(
    "exercises",
    metadata,
    _text("exercise"),
    _text("title"),
    _text("stage"),
    _text("archetype"),
    Column("measure", Text, nullable=False, server_default=text("'points'")),
    Column("ranked_by", Text, nullable=False, server_default=text("'points-instant-reference'")),
    _integer("threshold", null=True),
    Column("after_no_place", Text, nullable=False, server_default=text("'rolls-over'")),
    _integer("places", null=True),
    _integer("shortlist_size", null=True),
    _bigint("pool_position"),
    _integer("pool_size"),
    _text("pool_digest"),
    _instant("opened_at"),
    _integer("shortlisted", null=True),
    _integer("shortlisted_achievement", null=True),
    _text("shortlist_digest", null=True),
    _instant("shortlisted_at", null=True),
    _text("proposed_by", null=True),
    _text("proposed_digest", null=True),
    _instant("proposed_at", null=True),
    _integer("selected", null=True),
    _integer("selected_achievement", null=True),
    _integer("passed_over", null=True),
    _integer("out_of_rank", null=True),
    _integer("cut_off", null=True),
    _instant("tie_break", null=True),
    _text("selection_digest", null=True),
    _instant("selected_at", null=True),
    _instant("published_at", null=True),
    Column("left_out", Integer, nullable=False, server_default=text("0")),
    _integer("version"),
    _bigint("position"),
    PrimaryKeyConstraint("exercise", name="exercises_pkey"),
)

exercise_pools: Final = Table(
    "exercise_pools",
    metadata,
    _text("exercise"),
    _bigint("position"),
    _text("reference"),
    _text("route"),
    _integer("points"),
    _instant("submitted_at"),
    _integer("version"),
    _text("stratum", null=True),
    _instant("scored_at", null=True),
    _text("ruleset", null=True),
    PrimaryKeyConstraint("exercise", "position", "reference", name="exercise_pools_pkey"),
)

paths: Final = Table(
    "paths",
    metadata,
    _text("reference"),
    _text("route"),
    _text("ruleset", null=True),
    _instant("submitted_at"),
    Column("stages", ARRAY(Text), nullable=False),
    Column("since", ARRAY(DateTime(timezone=True)), nullable=False),
    Column("by", ARRAY(Text), nullable=False),
    _text("stage"),
    _instant("moved_at"),
    _text("outcome", null=True),
    _instant("outcome_at", null=True),
    _bigint("position"),
    PrimaryKeyConstraint("reference", name="paths_pkey"),
    CheckConstraint("(outcome IS NULL) = (outcome_at IS NULL)", name="paths_outcome_at"),
)
Index("paths_moved_at", paths.c.moved_at)

figures: Final = Table(
    "figures",
    metadata,
    _text("name"),
    _instant("counted_at"),
    _bigint("position"),
    Column("body", JSON, nullable=False),
    PrimaryKeyConstraint("name", name="figures_pkey"),
)

# What is read here of the store's own tables.
log: Final = table("log", column("position", BigInteger), column("sequenced_at"), column("leaf"))
case_keys: Final = table("case_keys", column("reference", Text), column("wrapped", LargeBinary))
