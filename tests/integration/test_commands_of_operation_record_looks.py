"""What is told of rows, files and exercises that are not as they should be is a look at cases.

Whoever runs the system sees cases in what is wrong with them, and an exercise drawn again names
those that were recorded as well as those that it draws.
"""

import json
from datetime import timedelta

import psycopg
import pytest
from click.testing import CliRunner, Result

from domain.references import make_reference
from services.api.app import create_api
from services.cli.main import qmas as root
from services.projections import rebuilding
from tests.integration.walking import EXERCISE, Walked, references
from tests.services.api.calling import AUDITOR, V1, Caller
from tests.services.test_pages_exercises import run as step
from tests.services.visiting import signed_in

RECORDED = make_reference(b"recorded")
"""A case that the exercise recorded, and that it does not draw again."""

COMMANDS = (
    "projections status",
    "projections diff case-list",
    "projections diff case-list --all",
    "projections verify case-list",
    "projections rebuild case-list",
    "documents check",
    "documents unnamed",
    "documents unnamed --remove",
    f"exercise replay {EXERCISE}",
)


@pytest.fixture(scope="module")
def spoiled(walked: Walked) -> Walked:
    """The office, of which rows, files and an exercise are not as they should be, nor guarded."""
    office = walked.office
    assert "done, with 2 cases" in step(signed_in(office, "supervisor.wong"), "draw-shortlist").text
    site = rebuilding.Site(store=office.store, models=office.models, settings=office.settings)
    rebuilding.rebuild(site, ("case-list",))
    with psycopg.connect(walked.owner_url) as owner:
        owner.execute("UPDATE case_list SET points = 1")
        owner.execute(
            "UPDATE projection_checkpoints SET stopped_position = 1, stopped_at = now(),"
            " stopped_event = %s, stopped_reason = 'KeyError' WHERE projection = 'paths'",
            (f"ApplicationSubmitted, case-{walked.other} version 1",),
        )
        owner.execute("ALTER TABLE document_files DISABLE TRIGGER USER")
        owner.execute("DELETE FROM document_files")
        owner.execute(
            "INSERT INTO document_files (reference, sealed, kept_at) VALUES (%s, %s, now() - %s)",
            (walked.other, b"s" * 60, timedelta(days=2)),
        )
        owner.execute("ALTER TABLE events DISABLE TRIGGER USER")
        # They are recorded in order, and so are drawn again in another.
        departed = json.dumps(sorted((RECORDED, walked.other), reverse=True))
        changed = owner.execute(
            "UPDATE events SET body = jsonb_set(body::jsonb, '{payload,departed}', %s)::json"
            " WHERE type = 'shortlist-drawn'",
            (departed,),
        )
        assert changed.rowcount == 1
    return walked


@pytest.fixture(params=COMMANDS)
def told(request: pytest.FixtureRequest, spoiled: Walked) -> tuple[Result, set[str]]:
    """What a command prints, and the cases that it put on record."""
    environ = {**spoiled.environ, "QMAS_OWNER_DATABASE_URL": spoiled.owner_url}
    since = spoiled.looks()
    done = CliRunner(env=environ).invoke(root, request.param.split())
    return done, spoiled.recorded(since)


def test_a_command_that_tells_what_is_wrong_records_the_cases_that_it_names(
    told: tuple[Result, set[str]],
) -> None:
    done, recorded = told
    named = references(done.output)
    assert named, (done.output, done.exception)
    assert named == recorded


def test_an_exercise_drawn_again_records_what_it_was_recorded_with(spoiled: Walked) -> None:
    api = create_api(spoiled.office)
    by = Caller(app=api, office=spoiled.office).token(AUDITOR)
    since = spoiled.looks()
    answer = api.test_client().get(f"{V1}/exercises/{EXERCISE}/replay", headers=by)
    assert {RECORDED, spoiled.other} <= references(answer.text) <= spoiled.recorded(since)
    visitor = signed_in(spoiled.office, AUDITOR, "audit")
    since = spoiled.looks()
    page = visitor.get(f"/staff/exercises/{EXERCISE}/redraw")
    assert {RECORDED, spoiled.other} <= references(page.html) <= spoiled.recorded(since)
