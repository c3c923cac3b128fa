"""What takes two people is no matter of a terminal where an identity provider knows the people."""

import pytest
from click.testing import CliRunner

from services.cli.asking import OfTwoPeople
from services.cli.main import qmas
from services.settings import Settings
from services.wiring import Office
from tests.services.issuing import Issuer
from tests.services.visiting import file_case


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
        **Issuer("http://127.0.0.1:9").told(),
    }


@pytest.mark.parametrize(
    "words",
    [
        "command propose-refusal REF --reasons Unsettled",
        "command confirm-decision REF --matter refusal",
        "command decline-decision REF --matter refusal",
        (
            "command propose-override REF --rule age --points 1 --code review-or-court"
            " --evidence Seen --reason Seen"
        ),
        "command confirm-override REF --rule age",
        "command grade-case REF --exercise 2019-2 --grade average",
        "command recuse-officer REF --reason Cousin",
        "command place-legal-hold REF --authority court --reason Order",
        "exercise open 2019-2 --title Second --places 1",
        "exercise draw-shortlist 2019-2",
        "exercise propose 2019-2",
        "exercise select 2019-2 --digest 0",
        "exercise run 2019-2 --title Second --places 1",
    ],
)
def test_a_terminal_takes_no_part_in_what_two_people_decide(
    office: Office, environment: dict[str, str], words: str
) -> None:
    reference = file_case(office, "john")
    said = CliRunner().invoke(qmas, words.replace("REF", reference).split(), env=environment)
    assert isinstance(said.exception, OfTwoPeople), said.output
    assert office.store.stream_version(f"case-{reference}") == 1


def test_a_terminal_does_what_one_person_does(office: Office, environment: dict[str, str]) -> None:
    reference = file_case(office, "john")
    words = ["command", "acknowledge-application", reference]
    assert CliRunner().invoke(qmas, words, env=environment).exit_code == 0


def test_a_terminal_knows_an_officer_however_they_are_typed(
    office: Office, environment: dict[str, str]
) -> None:
    reference = file_case(office, "john")
    typed = {**environment, "QMAS_OIDC_ACCOUNT": "preferred_username"}
    lees = ["work", "assign", reference, "Lee@X.example"]
    assert CliRunner().invoke(qmas, lees, env=typed).exit_code == 0
    said = CliRunner().invoke(qmas, ["work", "list", "--of", "LEE@X.example"], env=typed)
    assert reference in said.output
