"""The ledger's tables as the migrations make them."""

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    column,
    func,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

metadata: Final = MetaData()

notifications: Final = Table(
    "notifications",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("effect", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("means", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("planned_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("settled_at", DateTime(timezone=True)),
    Column("last_error", Text),
    Column("sealed", Text),
    Column("not_before", DateTime(timezone=True)),
    Column("claims", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("event_id", "effect", "party", name="notifications_event_id_effect_party_key"),
    UniqueConstraint("message_id", name="notifications_message_id_key"),
    CheckConstraint(
        "state IN ('planned', 'sending', 'sent', 'failed', 'withheld', 'posted')",
        name="notifications_state_known",
    ),
    CheckConstraint("attempts >= 0", name="notifications_attempts_count_from_0"),
    CheckConstraint(
        "(settled_at IS NULL) = (state IN ('planned', 'sending'))",
        name="notifications_settled_or_open",
    ),
    CheckConstraint(
        "sealed IS NOT NULL OR state IN ('failed', 'withheld') OR means = 'webhook'",
        name="notifications_open_ones_hold_a_letter",
    ),
    CheckConstraint("length(last_error) BETWEEN 1 AND 200", name="notifications_last_error_length"),
)

_open: Final = notifications.c.state.in_(("planned", "sending"))

Index(
    "notifications_due",
    notifications.c.next_attempt_at,
    notifications.c.id,
    postgresql_where=_open & (notifications.c.means == "email"),
)
Index(
    "notifications_due_webhooks",
    notifications.c.party,
    notifications.c.next_attempt_at,
    notifications.c.id,
    postgresql_where=_open & (notifications.c.means == "webhook"),
)
Index(
    "notifications_open_of_recipient",
    notifications.c.reference,
    notifications.c.party,
    notifications.c.id,
    postgresql_where=_open,
)
Index("notifications_state", notifications.c.state)
Index("notifications_reference", notifications.c.reference, notifications.c.id)
Index(
    "notifications_failed",
    notifications.c.id,
    postgresql_where=notifications.c.state == "failed",
)

Index(
    "notifications_settled",
    notifications.c.settled_at,
    postgresql_where=notifications.c.sealed.is_not(None),
)

attempts: Final = Table(
    "notification_attempts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "notification",
        BigInteger,
        ForeignKey("notifications.id", name="notification_attempts_notification_fkey"),
        nullable=False,
    ),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("outcome", Text, nullable=False),
    CheckConstraint(
        "length(outcome) BETWEEN 1 AND 200", name="notification_attempts_outcome_length"
    ),
)

Index("notification_attempts_notification", attempts.c.notification, attempts.c.id)

checkpoint: Final = Table(
    "notifications_checkpoint",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    Column("position", BigInteger, nullable=False),
    Column("moved_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("sequenced_at", DateTime(timezone=True), nullable=True),
    Column("leaf", LargeBinary),
    Column("known_id", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("id", name="notifications_checkpoint_is_one_row"),
    CheckConstraint("position >= 0", name="notifications_checkpoint_counts_from_0"),
)

subscriptions: Final = Table(
    "webhook_subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'active'::text")),
    Column("paused_because", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_by", Text, nullable=False),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("rests_until", DateTime(timezone=True)),
    Column("wrapped", LargeBinary),
    Column("secret", Text),
    Column("former", Text),
    Column("former_until", DateTime(timezone=True)),
    CheckConstraint(
        "state IN ('active', 'paused', 'removed')", name="webhook_subscriptions_state_known"
    ),
    CheckConstraint("cardinality(events) > 0", name="webhook_subscriptions_want_something"),
    CheckConstraint(
        "state = 'removed' OR num_nulls(wrapped, secret) = 0",
        name="webhook_subscriptions_have_a_secret",
    ),
    CheckConstraint(
        "num_nulls(former, former_until) IN (0, 2)", name="webhook_subscriptions_former_until"
    ),
)

webhook_changes: Final = Table(
    "webhook_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "subscription",
        Text,
        ForeignKey("webhook_subscriptions.id", name="webhook_changes_subscription_fkey"),
        nullable=False,
    ),
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint(
        "what IN ('paused', 'resumed', 'secret changed', 'removed')",
        name="webhook_changes_what_known",
    ),
)

Index("webhook_changes_subscription", webhook_changes.c.subscription, webhook_changes.c.id)

mail_server: Final = Table(
    "mail_server",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("rests_until", DateTime(timezone=True)),
    CheckConstraint("id", name="mail_server_is_one_row"),
    CheckConstraint("failures >= 0", name="mail_server_counts_from_0"),
)

fence: Final = Table(
    "notifications_fence",
    metadata,
    Column("id", Boolean, primary_key=True, server_default=text("true")),
    Column("ledger", Uuid),
    Column("handed", BigInteger, nullable=False, server_default=text("0")),
    Column("database", Text),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_because", Text),
    Column("closed_position", BigInteger),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("confirmed_by", Text),
    Column("choice", Text),
    CheckConstraint("id", name="notifications_fence_is_one_row"),
    CheckConstraint("handed >= 0", name="notifications_fence_counts_from_0"),
    CheckConstraint(
        "num_nulls(ledger, database) IN (0, 2)", name="notifications_fence_is_of_one_database"
    ),
    CheckConstraint(
        "num_nulls(closed_at, closed_because, closed_position) IN (0, 3)",
        name="notifications_fence_says_why_it_is_closed",
    ),
    CheckConstraint(
        "num_nulls(confirmed_at, confirmed_by, choice) IN (0, 3)",
        name="notifications_fence_says_who_opened_it",
    ),
    CheckConstraint("choice IN ('withhold', 'send')", name="notifications_fence_choice_known"),
)

enquiry_codes: Final = Table(
    "enquiry_codes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("asker", LargeBinary, nullable=False),
    Column("browser", LargeBinary),
    Column("admitted", Boolean, nullable=False),
    Column("code", LargeBinary, nullable=False),
    Column("unsent", Text),
    Column("state", Text, nullable=False, server_default=text("'asked'::text")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False),
    Column("allowed_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint(
        "state IN ('asked', 'allowed', 'used', 'void', 'dropped')",
        name="enquiry_codes_state_known",
    ),
    CheckConstraint("length(reference) BETWEEN 1 AND 100", name="enquiry_codes_reference_length"),
    CheckConstraint(
        "allowed_at IS NOT NULL OR state IN ('asked', 'dropped')",
        name="enquiry_codes_used_once_allowed",
    ),
    CheckConstraint("tries >= 0 AND attempts >= 0", name="enquiry_codes_count_from_0"),
)

Index("enquiry_codes_reference", enquiry_codes.c.reference, enquiry_codes.c.asked_at)
Index(
    "enquiry_codes_unsent",
    enquiry_codes.c.next_attempt_at,
    postgresql_where=enquiry_codes.c.unsent.is_not(None),
)

# The store's; here only what is needed: how far the log goes, and to seal a letter and to see
# that a person was erased.
log: Final = table(
    "log",
    column("position", BigInteger),
    column("commit_id", BigInteger),
    column("ord", Integer),
    column("sequenced_at", DateTime(timezone=True)),
    column("leaf", LargeBinary),
)
case_keys: Final = table("case_keys", column("reference", Text), column("wrapped", LargeBinary))
events: Final = table(
    "events",
    column("commit_id", BigInteger),
    column("ord", Integer),
    column("stream", Text),
    column("type", Text),
    column("body", JSON),
)
