"""`qmas rules simulate`: its table, its files and its refusals."""

import json
import signal
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domain import events as e
from services.cli.rules import rules
from services.cli.simulate import tidily
from services.settings import Settings
from services.simulation.table import whole_file
from services.store import NewEvent
from services.wiring import Office
from tests.services.asking import MAY_2019, filed_by
from tests.services.openings import TO_POOL, file
from tests.services.storing import commit_of, writing

HEADER = (
    "reference,route,submitted_on,stage,ruleset,total,computed_total,pass_mark,eligible,"
    "to_ruleset,to_total,to_computed_total,to_pass_mark,to_eligible,change"
)


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }


@pytest.fixture
def john(office: Office) -> str:
    """John's case, recorded with 70 points, for which the tests gave 95."""
    reference = file(office, filed_by("john"))
    scored = e.ApplicationScored(
        ruleset="gpt-2018",
        digest="sha256:00",
        reference_date=date(2019, 5, 1),
        factors=(),
        total=70,
        pass_mark=80,
        personal=None,
        computed_total=95,
    )
    new = NewEvent(event=scored, effective_at=MAY_2019)
    office.store.append(commit_of(writing(f"case-{reference}", 1, new)))
    return reference


@pytest.fixture
def emma(office: Office) -> str:
    return file(office, filed_by("emma"), *TO_POOL)


def run(environment: dict[str, str], *arguments: str, to: str = "gpt-2018") -> Result:
    given = ["--to", to, "--processes", "1", *arguments]
    return CliRunner().invoke(rules, ["simulate", *given], env=environment)


def lines_of(john: str, emma: str) -> str:
    return (
        f"{HEADER}\n"
        f"{john},general,2019-05-01,below-mark,gpt-2018,70,95,80,false,gpt-2018,175,,80,true,105\n"
        f"{emma},general,2019-05-01,in-pool,gpt-2018,120,,80,true,gpt-2018,120,,80,true,0\n"
    )


def test_the_table_counts_and_names(environment: dict[str, str], john: str, emma: str) -> None:
    said = run(environment).stdout
    rows = [" ".join(line.replace("│", " ").split()) for line in said.splitlines()]
    assert "Open cases of the general route under gpt-2018" in rows
    assert "Open cases 2" in rows
    assert "Gain 1; 105 points together" in rows
    assert "Lose 0; 0 points together" in rows
    assert "Stay the same 1" in rows
    assert "Become eligible 1" in rows
    assert f"+105 1 {'█' * 40}" in rows
    assert (
        f"{john} below-mark gpt-2018: 70, 95 computed, not eligible gpt-2018: 175, eligible +105"
    ) in rows
    assert emma not in said


@pytest.mark.usefixtures("john", "emma")
def test_between_points_and_criteria_no_points_are_added_up(environment: dict[str, str]) -> None:
    said = run(environment, to="gptq-2024").stdout
    rows = [" ".join(line.replace("│", " ").split()) for line in said.splitlines()]
    # John meets ten criteria with a recorded score below the mark; Emma meets six.
    assert "Gain 1, by eligibility alone" in rows
    assert "Lose 0, by eligibility alone" in rows
    assert "points together" not in said


def test_the_csv_file_has_a_line_for_every_case(
    environment: dict[str, str], john: str, emma: str, tmp_path: Path
) -> None:
    path = tmp_path / "cases.csv"
    assert run(environment, "--csv", str(path)).exit_code == 0
    assert path.read_text("utf-8") == lines_of(john, emma)


def test_csv_on_standard_output_stands_alone(
    environment: dict[str, str], john: str, emma: str
) -> None:
    said = run(environment, "--csv", "-")
    assert said.stdout == lines_of(john, emma)
    assert "Gain" in said.stderr


def test_the_summary_as_json(environment: dict[str, str], john: str, emma: str) -> None:
    said = json.loads(run(environment, "--json").stdout)
    assert said["cases"] == 2
    assert said["gains"] == {"cases": 1, "points": 105}
    assert said["loses"] == {"cases": 0, "points": 0}
    assert said["changes"] == [{"change": 105, "cases": 1}, {"change": 0, "cases": 1}]
    assert [each["reference"] for each in said["newly_eligible"]] == [john]
    assert said["most_gained"][0]["change"] == 105
    assert said["no_longer_eligible"] == []


def test_as_of_a_day_means_its_end(environment: dict[str, str], john: str) -> None:
    assert "Open cases" in run(environment, "--as-of", "2019-05-01").output
    refused = run(environment, "--as-of", "2019-04-30")
    assert "had happened by 2019-04-30T23:59:59.999999+08:00" in str(refused.exception)


@pytest.mark.parametrize("to", ["gpt-1999", "apt-225"])
def test_a_refusal_leaves_no_file(
    environment: dict[str, str], john: str, tmp_path: Path, to: str
) -> None:
    refused = run(environment, "--csv", str(tmp_path / "cases.csv"), to=to)
    assert refused.exception
    assert refused.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_two_answers_do_not_fit_into_one_stream(environment: dict[str, str]) -> None:
    refused = run(environment, "--json", "--csv", "-")
    assert refused.exit_code == 2
    assert "both want standard output" in refused.output


def test_told_to_end_it_leaves_no_half_file(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def told_to_end() -> None:
        with tidily(), whole_file(tmp_path / "cases.csv") as file:
            file.write("half")
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit) as ended:
        told_to_end()
    assert ended.value.code == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before
