"""Two people decide, held by the database against every role."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg
import pytest
from psycopg import errors

from tests.conftest import TestDatabase
from tests.services.by_hand import ROLES, Stream, connected

OUTCOMES: Final[Mapping[str, str]] = {
    "approved-in-principle": "approval-in-principle",
    "application-approved": "approval",
    "application-refused": "refusal",
    "extension-refused": "refusal",
    "stay-extended": "extension",
    "case-reopened": "reopening",
    "refusal-upheld": "upholding",
    "visa-voided": "voiding",
    "erasure-decided": "erasure",
    "contact-changed": "contact-change",
}
"""Every decision and the matter that it follows from."""


def proposal(by: str, matter: str = "refusal") -> dict[str, Any]:
    return {"type": "decision-proposed", "matter": matter, "proposed_by": by, "by": by}


def declined(by: str, matter: str = "refusal") -> dict[str, Any]:
    return {"type": "decision-declined", "matter": matter, "declined_by": by, "by": by}


def confirmed(confirmer: str, matter: str = "refusal", by: str = "") -> dict[str, Any]:
    said = {"matter": matter, "proposed_by": "officer-1", "confirmed_by": confirmer}
    return {"type": "decision-confirmed", "by": by or confirmer} | said


def override(kind: str, by: str, rule: str = "age-18-39") -> dict[str, Any]:
    return {"type": f"override-{kind}", "rule": rule, f"{kind}_by": by, "by": by}


@pytest.fixture(params=ROLES)
def connection(
    database: TestDatabase, request: pytest.FixtureRequest
) -> Iterator[psycopg.Connection[Any]]:
    """A connection in which every statement stands for itself, for each role there is."""
    with connected(database, request.param) as opened:
        yield opened


def test_an_address_is_not_corrected(connection: psycopg.Connection[Any]) -> None:
    corrected = {"type": "application-corrected", "assessed_anew": False, "by": "officer-1"}
    for fields in (["applicant.email"], ["family", "applicant.email"], ["applicant"]):
        stream = Stream(connection)
        stream.refuses("events_contact_by_two", corrected | {"fields": fields})
    Stream(connection).write(corrected | {"fields": ["applicant.family_name"]})


def test_nobody_who_acted_on_a_matter_confirms_it(connection: psycopg.Connection[Any]) -> None:
    second = "events_second_person"
    none = Stream(connection)
    none.refuses(second, confirmed("officer-2"))
    none.write(proposal("officer-1", "approval"))
    none.refuses(second, confirmed("officer-2"))

    stream = Stream(connection)
    stream.write(proposal("officer-1"), declined("officer-2"), proposal("officer-3"))
    for actor in ("officer-1", "officer-2", "officer-3"):
        stream.refuses(second, confirmed(actor))
        # Neither the name in the payload nor the one on the envelope may be an earlier one.
        stream.refuses(second, confirmed("officer-4", by=actor))
        stream.refuses(second, confirmed(actor, by="officer-4"))
    # Nor is it confirmed by nobody.
    stream.refuses(second, {"type": "decision-confirmed", "matter": "refusal", "by": None})
    # What was declined in another matter, or on another case, is nothing to this one.
    stream.write(declined("officer-4", "approval"))
    Stream(connection).write(declined("officer-4"))
    stream.write(confirmed("officer-4"))
    # It is confirmed once.
    stream.refuses(second, confirmed("officer-5"))

    nameless = Stream(connection)
    nameless.write({"type": "decision-proposed", "matter": "refusal", "by": None})
    nameless.refuses(second, confirmed("officer-2"))


def test_a_proposal_under_two_names_is_of_both(connection: psycopg.Connection[Any]) -> None:
    stream = Stream(connection)
    stream.write(proposal("officer-1") | {"by": "officer-2"})
    for actor in ("officer-1", "officer-2"):
        stream.refuses("events_second_person", confirmed(actor))
    stream.write(confirmed("officer-3"))


def test_a_proposal_and_its_confirmation_may_be_one_commit_of_two_people(
    connection: psycopg.Connection[Any],
) -> None:
    stream = Stream(connection)
    stream.refuses("events_second_person", proposal("officer-1"), confirmed("officer-1"))
    # The order of the versions counts, not that of the rows.
    stream.refuses("events_second_person", confirmed("officer-2"), proposal("officer-1"))
    stream.write(proposal("officer-1"), confirmed("officer-2"))


def recused(officer: str, by: str = "") -> dict[str, Any]:
    return {"type": "officer-recused", "officer": officer, "by": by or officer}


def test_what_somebody_proposed_who_stepped_aside_is_not_confirmed(
    connection: psycopg.Connection[Any],
) -> None:
    second = "events_second_person"
    stream = Stream(connection)
    stream.write(proposal("officer-1"), recused("officer-2"))
    # Whoever stepped aside confirms nothing, under either name.
    stream.refuses(second, confirmed("officer-2"))
    stream.refuses(second, confirmed("officer-3", by="officer-2"))
    # Another case's conflict of interest is nothing to this one.
    Stream(connection).write(recused("officer-1"))
    stream.write(recused("officer-1"))
    stream.refuses(second, confirmed("officer-3"))
    # Proposed by somebody else, the matter is decided as any other.
    stream.write(proposal("officer-3"))
    stream.refuses(second, confirmed("officer-1"))
    stream.write(confirmed("officer-4"))

    points = Stream(connection)
    points.write(override("proposed", "officer-1"), recused("officer-1"))
    points.refuses(second, override("confirmed", "officer-2"))


def test_a_matter_begins_anew_after_its_confirmation(connection: psycopg.Connection[Any]) -> None:
    stream = Stream(connection)
    stream.write(proposal("officer-1"), declined("officer-2"), proposal("officer-1"))
    stream.write(confirmed("officer-3"))
    stream.write(proposal("officer-3"))
    stream.refuses("events_second_person", confirmed("officer-3"))
    stream.write(confirmed("officer-2"))


@pytest.mark.parametrize("kind", OUTCOMES)
def test_a_decision_follows_its_own_confirmation_only(database: TestDatabase, kind: str) -> None:
    matter, decision = OUTCOMES[kind], {"type": kind}
    other = "voiding" if matter != "voiding" else "approval"
    for url, replica in (
        (database.app_url, False),
        (database.owner_url, False),
        (database.admin_url, False),
        (database.admin_url, True),
    ):
        with psycopg.connect(url, autocommit=True) as connection:
            if replica:
                connection.execute("SET session_replication_role = replica")
            stream = Stream(connection)
            lacks = "events_confirmed"
            stream.refuses(lacks, decision)
            stream.write(proposal("officer-1", matter), proposal("officer-1", other))
            stream.refuses(lacks, decision)
            stream.refuses(lacks, confirmed("officer-2", other), decision)
            stream.refuses(lacks, decision, confirmed("officer-2", matter))
            between = {"type": "application-acknowledged"}
            stream.refuses(lacks, confirmed("officer-2", matter), between, decision)
            # One confirmation is followed by one decision.
            stream.refuses(lacks, confirmed("officer-2", matter), decision, decision)
            stream.write(confirmed("officer-2", matter), decision)
            # Of another commit it is no confirmation of this one.
            stream.write(proposal("officer-1", matter))
            stream.write(confirmed("officer-2", matter))
            stream.refuses(lacks, decision)


def test_overrides_are_matters_of_their_own(connection: psycopg.Connection[Any]) -> None:
    second = "events_second_person"
    stream = Stream(connection)
    stream.refuses(second, override("confirmed", "officer-2"))
    stream.write(override("proposed", "officer-1"))
    stream.refuses(second, override("confirmed", "officer-1"))
    stream.refuses(second, override("confirmed", "officer-2", rule="age-40-44"))
    stream.write(override("declined", "officer-2"), override("proposed", "officer-1"))
    stream.refuses(second, override("confirmed", "officer-2"))
    stream.write(proposal("officer-3"))
    stream.write(override("confirmed", "officer-3"))
    stream.write(override("proposed", "officer-3"))
    stream.refuses(second, override("confirmed", "officer-3"))
    stream.write(override("confirmed", "officer-1"))


def scored(*applied: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "application-scored", "overrides": list(applied)}


def test_a_score_counts_only_what_was_confirmed_last_for_its_rule(
    connection: psycopg.Connection[Any],
) -> None:
    lacks, by_two = "events_points_confirmed", {"proposed_by": "officer-1"}
    points = {"rule": "age-18-39", "decided": 30, "confirmed_by": "officer-2"} | by_two
    stream = Stream(connection)
    stream.refuses(lacks, scored(points))
    stream.write(scored(), {"type": "application-scored"})
    stream.write(override("proposed", "officer-1"))
    stream.refuses(lacks, scored(points))
    stream.write(override("confirmed", "officer-2") | points, scored(points))
    Stream(connection).refuses(lacks, scored(points))
    for other in (
        {"rule": "age-40-44"},
        {"decided": 20},
        {"proposed_by": "officer-3"},
        {"confirmed_by": "officer-3"},
        {"confirmed_by": None},
    ):
        stream.refuses(lacks, scored(points | other))
        stream.refuses(lacks, scored(points, points | other))
    stream.write(scored(points), scored())
    # Decided otherwise since, it is no longer what two officers want.
    stream.write(override("proposed", "officer-1"))
    less = points | {"decided": 20}
    stream.write(override("confirmed", "officer-2") | less, scored(less))
    stream.refuses(lacks, scored(points))


def test_a_key_goes_with_its_erasure_only(connection: psycopg.Connection[Any]) -> None:
    destroy = "UPDATE case_keys SET wrapped = NULL, erased_at = now() WHERE reference = %s"
    stream = Stream(connection)
    given = (stream.name.removeprefix("case-"),)
    connection.execute("INSERT INTO case_keys (reference, wrapped) VALUES (%s, 'x')", given)
    erased = {"type": "erasure-decided"}
    for event in (proposal("officer-1", "erasure"), proposal("officer-1")):
        with pytest.raises(errors.CheckViolation) as fault:
            connection.execute(destroy, given)
        assert fault.value.diag.constraint_name == "case_keys_erasure_decided"
        stream.write(event)
    stream.write(confirmed("officer-2", "erasure"), erased)
    left = "SELECT wrapped FROM case_keys WHERE reference = %s"
    assert connection.execute(left, given).fetchone() == (None,)


def test_an_erasure_is_recorded_by_what_destroys_the_key_and_by_nothing_else(
    connection: psycopg.Connection[Any],
) -> None:
    again = {"proposed_by": "a", "confirmed_by": "b", "decided_at": "2020-01-01T00:00:00+00:00"}
    for said in ({}, {"again": again}):
        stream = Stream(connection)
        stream.write(proposal("officer-1", "erasure"))
        key = "INSERT INTO case_keys (reference, wrapped) VALUES (%s, 'x')"
        connection.execute(key, (stream.name.removeprefix("case-"),))
        facts = (confirmed("officer-2", "erasure"), {"type": "erasure-decided"} | said)
        with pytest.raises(errors.CheckViolation) as fault:
            stream.write(*facts, keeping_key=True)
        assert fault.value.diag.constraint_name == "events_take_the_key"
        stream.write(*facts)


@pytest.mark.parametrize(
    ("table", "trigger"),
    [
        ("events", "events_looked_at"),
        ("events", "events_by_exercise"),
        ("case_keys", "case_keys_erasure_decided"),
    ],
)
def test_the_application_cannot_take_the_law_away(
    database: TestDatabase, table: str, trigger: str
) -> None:
    for statement in (
        f"ALTER TABLE {table} DISABLE TRIGGER {trigger}",
        f"DROP TRIGGER {trigger} ON {table}",
        "SET session_replication_role = replica",
    ):
        with (
            psycopg.connect(database.app_url) as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(statement)
