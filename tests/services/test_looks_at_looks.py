"""Whoever reads the record of looks is on it, with what was shown and no wider than that."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from domain.looks import Purpose, What
from services.api.app import create_api
from services.cli.main import qmas as root
from services.looking import case_seen, named
from services.projections.looks import SHOWN, LookFilter, LookPage, looks
from services.wiring import Office
from tests.services.api.calling import AUDITOR, Caller
from tests.services.asking import AUDITOR as HO
from tests.services.asking import OFFICER, SUPERVISOR
from tests.services.seeing import looking, recorded
from tests.services.visiting import file_case, signed_in

MANY = [f"QM-22222-{number:05d}" for number in range(1, 1_001)]


@pytest.fixture
def wide(office: Office) -> None:
    """One look at a thousand cases is on record."""
    named(office, looking(What.EXPORT), MANY)


def page(office: Office, **wanted: Any) -> LookPage:
    return looks(office.models, looking(What.READS, HO), LookFilter(**wanted))


def last(office: Office) -> tuple[list[str], dict[str, Any]]:
    """Return the cases and the filters of the last look on record."""
    found = recorded(office)[-1]
    return found["cases"], found["filters"]


def test_a_look_at_looks_records_the_case_asked_for_and_which_looks_were_shown(
    office: Office,
) -> None:
    john, emma = file_case(office, "john"), file_case(office, "emma")
    page(office, case=john)
    assert last(office) == ([john], {})
    case_seen(office, looking(), emma)
    case_seen(office, looking(person=SUPERVISOR), emma)
    case_seen(office, looking(), john)
    page(office)
    assert last(office) == ([], {"rows": [1, 4]})
    page(office, case=emma)
    assert last(office) == ([emma], {"rows": [2, 3]})
    page(office, who=(OFFICER.name,))
    assert last(office) == ([], {"who": OFFICER.name, "rows": [2, 4]})
    looks(office.models, looking(What.READS, HO), LookFilter(), before=5, limit=2)
    assert last(office) == ([], {"rows": [3, 4]})


@pytest.mark.usefixtures("wide")
def test_the_record_grows_no_wider_by_being_read(office: Office) -> None:
    for number in range(1, 6):
        found = page(office)
        assert [len(each.cases) for each in found.rows] == [0] * (number - 1) + [SHOWN]
        assert last(office) == ([], {"rows": [1, number]})
    assert (found.rows[-1].case_count, found.rows[0].case_count) == (1_000, 0)
    # Whichever of them is asked for is found.
    (look,) = page(office, case=MANY[-1]).rows
    assert (look.number, look.case_count) == (1, 1_000)


@pytest.mark.usefixtures("wide")
def test_answers_tell_the_first_cases_of_a_look_and_how_many_there_are(office: Office) -> None:
    caller = Caller(app=create_api(office), office=office)
    (item,) = caller.get("/reads", by=AUDITOR).json["items"]
    assert (item["cases"], item["case_count"]) == (MANY[:SHOWN], 1_000)
    shown = signed_in(office, AUDITOR, "audit").get("/audit/reads")
    assert MANY[SHOWN - 1] in shown.text
    assert MANY[SHOWN] not in shown.text
    assert "and 980 more" in shown.text
    settings = office.settings
    environ = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    told = CliRunner(env=environ).invoke(root, ["audit", "reads"])
    assert "and 980 more" in " ".join(told.output.replace("│", " ").split())


@pytest.mark.parametrize("word", [*What, *Purpose])
def test_each_word_of_a_look_is_in_the_how_to(word: str) -> None:
    assert f"`{word}`" in Path("docs/how-to/see-who-looked.md").read_text()


def test_what_was_asked_for_is_told_in_words(office: Office) -> None:
    page(office)
    named(office, looking(What.EXPORT), MANY[:1])
    page(office)
    shown = signed_in(office, AUDITOR, "audit").get("/audit/reads")
    assert "rows: 1, 2" in shown.text
    assert "[" not in shown.text
