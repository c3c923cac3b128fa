"""The store's tables as the program expects them; a test compares them with a migrated database.

The migrations make them. Privileges, triggers and the sequencer stand in the migrations alone.
"""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.types import UserDefinedType

METADATA: Final = MetaData()


class Xid8(UserDefinedType[str]):
    """A transaction's id, which means something only to the server that drew it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in SQL."""
        return "xid8"


_INSTANT: Final = DateTime(timezone=True)
_NOW: Final = text("now()")
_LEAF: Final = r"sha256('\x00'::bytea || timestamptz_send(recorded_at) || json_send(body))"

commit_ids: Final = Sequence("commit_ids", metadata=METADATA, cache=1)

commits: Final = Table(
    "commits",
    METADATA,
    Column("commit_id", BigInteger, nullable=False, autoincrement=False),
    Column("command_id", UUID(as_uuid=True), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("result", JSON, nullable=False),
    PrimaryKeyConstraint("commit_id", name="commits_pkey"),
    UniqueConstraint("command_id", name="commits_command_id_key"),
    CheckConstraint("commit_is_fit(fingerprint, result)", name="commits_fit"),
)

events: Final = Table(
    "events",
    METADATA,
    Column("commit_id", BigInteger, nullable=False, autoincrement=False),
    Column("ord", Integer, nullable=False, autoincrement=False),
    Column(
        "version",
        Integer,
        Computed("(body ->> 'version')::integer", persisted=True),
        nullable=False,
    ),
    Column("recorded_at", _INSTANT, nullable=False, server_default=text("statement_timestamp()")),
    Column("stream", Text, Computed("body ->> 'stream'", persisted=True), nullable=False),
    Column("type", Text, Computed("body ->> 'type'", persisted=True), nullable=False),
    Column("leaf", LargeBinary, Computed(_LEAF, persisted=True), nullable=False),
    Column("body", JSON, nullable=False),
    PrimaryKeyConstraint("commit_id", "ord", name="events_pkey"),
    UniqueConstraint("stream", "version", name="events_stream_version_key"),
    CheckConstraint("event_is_fit(ord, version, stream, type, body)", name="events_fit"),
    Index("events_of_erasures", "stream", postgresql_where=text("type = 'erasure-decided'")),
    Index(
        "events_by_exercise",
        text("(body #>> '{payload,exercise}')"),
        "type",
        postgresql_where=text(
            "type IN ('case-shortlisted', 'case-graded', 'case-selected', 'case-not-selected')"
        ),
    ),
    Index(
        "events_legal_holds",
        "stream",
        "version",
        postgresql_where=text("type IN ('legal-hold-placed', 'legal-hold-lifted')"),
    ),
)

pending: Final = Table(
    "pending",
    METADATA,
    Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()")),
    Column("commit_id", BigInteger, nullable=False, autoincrement=False),
    PrimaryKeyConstraint("xid", "commit_id", name="pending_pkey"),
)

log: Final = Table(
    "log",
    METADATA,
    Column("position", BigInteger, nullable=False, autoincrement=False),
    Column("commit_id", BigInteger, nullable=False),
    Column("sequenced_at", _INSTANT, nullable=False),
    Column("ord", Integer, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    # None in what was numbered before it was kept.
    Column("stream_crc", BigInteger),
    PrimaryKeyConstraint("position", name="log_pkey"),
    UniqueConstraint("commit_id", "ord", name="log_commit_id_ord_key"),
    CheckConstraint("position >= 1", name="log_position_counts_from_1"),
)

head: Final = Table(
    "head",
    METADATA,
    Column("id", Boolean, nullable=False, server_default=text("true")),
    PrimaryKeyConstraint("id", name="head_pkey"),
    CheckConstraint("id", name="head_is_one_row"),
)

passes: Final = Table(
    "passes",
    METADATA,
    Column("position", BigInteger, nullable=False, autoincrement=False),
    Column("settled_below", Xid8, nullable=False),
    Column("server_started", _INSTANT, nullable=False),
    Column("unsettled", ARRAY(Xid8), nullable=False),
    PrimaryKeyConstraint("position", name="passes_pkey"),
)

reservations: Final = Table(
    "reservations",
    METADATA,
    Column("key", Text, nullable=False),
    Column("reserved_at", _INSTANT, nullable=False, server_default=_NOW),
    # The case that reserves; None for what is no case's, and before it was kept.
    Column("reference", Text),
    PrimaryKeyConstraint("key", name="reservations_pkey"),
    CheckConstraint("length(key) BETWEEN 1 AND 200", name="reservations_key_length"),
    Index("reservations_by_reference", "reference", postgresql_where=text("reference IS NOT NULL")),
)

case_keys: Final = Table(
    "case_keys",
    METADATA,
    Column("reference", Text, nullable=False),
    Column("wrapped", LargeBinary),
    Column("created_at", _INSTANT, nullable=False, server_default=_NOW),
    Column("erased_at", _INSTANT),
    PrimaryKeyConstraint("reference", name="case_keys_pkey"),
    CheckConstraint("length(reference) BETWEEN 1 AND 100", name="case_keys_reference_length"),
    CheckConstraint("octet_length(wrapped) BETWEEN 1 AND 256", name="case_keys_wrapped_length"),
    CheckConstraint("(wrapped IS NULL) = (erased_at IS NOT NULL)", name="case_keys_held_or_erased"),
    Index("case_keys_erased", "reference", postgresql_where=text("wrapped IS NULL")),
)

former_master_keys: Final = Table(
    "former_master_keys",
    METADATA,
    Column("name", LargeBinary, nullable=False),
    Column("former_since", _INSTANT, nullable=False, server_default=text("statement_timestamp()")),
    PrimaryKeyConstraint("name", name="former_master_keys_pkey"),
    CheckConstraint("octet_length(name) = 8", name="former_master_keys_name_length"),
)

reads: Final = Table(
    "reads",
    METADATA,
    Column("read_id", BigInteger, Identity(always=True), nullable=False),
    Column("read_at", _INSTANT, nullable=False, server_default=text("statement_timestamp()")),
    Column("who", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("cases", ARRAY(Text), nullable=False),
    Column("filters", JSON, nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("read_id", name="reads_pkey"),
    CheckConstraint("is_plainly_asked(filters)", name="reads_names_asked_for"),
    Index("reads_by_who", "who", "read_id"),
    Index("reads_by_case", "cases", postgresql_using="gin"),
    Index("reads_by_instant", "read_at", "read_id"),
)

read_words: Final = Table(
    "read_words",
    METADATA,
    Column("read_id", BigInteger, nullable=False, autoincrement=False),
    Column("tokens", ARRAY(LargeBinary), nullable=False),
    PrimaryKeyConstraint("read_id", name="read_words_pkey"),
    Index("read_words_by_token", "tokens", postgresql_using="gin"),
)

read_purposes: Final = Table(
    "read_purposes",
    METADATA,
    Column("read_id", BigInteger, nullable=False, autoincrement=False),
    Column("sealed", LargeBinary),
    Column("tokens", ARRAY(LargeBinary), nullable=False),
    PrimaryKeyConstraint("read_id", name="read_purposes_pkey"),
    CheckConstraint("octet_length(sealed) BETWEEN 1 AND 2000", name="read_purposes_sealed_length"),
    CheckConstraint("sealed IS NOT NULL OR tokens = '{}'", name="read_purposes_sealed_or_empty"),
    Index("read_purposes_by_token", "tokens", postgresql_using="gin"),
)
