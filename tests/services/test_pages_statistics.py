"""The pages of what the office counts, of each officer's work, and of an applicant's wait."""

from datetime import timedelta

import pytest

from domain import work_commands as c
from domain.application import Route
from domain.outlook import Expected, Outlook
from domain.statistics import Statistics
from domain.waiting import BackTest, Range, Score, week_of
from services import statistics as figures
from services import work
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import AUDITOR, MAY_2019, OFFICER, SUPERVISOR, asked
from tests.services.coming_in import come_in
from tests.services.visiting import TO_POOL, Visitor, file_case, signed_in


def keep_outlook(office: Office, low: float, high: float | None) -> None:
    week = week_of(MAY_2019.date())
    score = Score(error=2.5, held=8_100)
    outlook = Outlook(
        route=Route.GENERAL,
        at=week,
        expected=(Expected(began=week, range=Range(low=low, middle=None, high=high)),),
        tested=BackTest(
            first=week - 78, last=week - 26, cases=900, waiting=3, ours=score, naive=score
        ),
    )
    said = Statistics(
        at=MAY_2019 + timedelta(days=4_000), position=0, funnels=(), stays=(), inventory=()
    )
    figures.keep_figures(office, figures.Figures(statistics=said, outlooks=(outlook,)))


def test_figures_that_nobody_counted_yet_are_promised(office: Office) -> None:
    page = signed_in(office, OFFICER.name).get("/staff/statistics")
    assert page.status == 200
    assert "Nothing has been counted yet" in page.text
    assert figures.latest(office) is None


def test_an_officer_sees_the_figures_of_years_and_of_months(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    figures.count(office)
    page = signed_in(office, OFFICER.name).get("/staff/statistics")
    funnel = page.root.all("table")[0]
    assert [each.text for each in funnel.one("tbody").all("td")][1:4] == ["1", "1", "1"]
    assert "There are too few answers" in page.text
    assert "/staff/workload" not in page.html
    months = signed_in(office, OFFICER.name).get("/staff/statistics?year=2019")
    assert "2019-05" in months.root.all("table")[0].text
    assert "2019-05" not in funnel.text


@pytest.mark.parametrize("year", ["2018", "nonsense", "20190", "<b>"])
def test_a_year_in_which_nothing_was_received_is_said(office: Office, year: str) -> None:
    file_case(office, "john", *TO_POOL)
    figures.count(office)
    page = signed_in(office, OFFICER.name).get(f"/staff/statistics?year={year}")
    assert (page.status, f"in a year called {year!r}" in page.text) == (422, True)


def test_the_figures_say_how_good_the_estimate_was(office: Office) -> None:
    keep_outlook(office, 30.5, 47)
    page = signed_in(office, AUDITOR.name).get("/staff/statistics")
    assert "Tried on 900 cases" in page.text
    assert (
        "wrong by 2.5 weeks at most in half of the cases, and the range held in 81 %" in page.text
    )
    assert "7 to 11 months" in page.text


def test_a_supervisor_sees_the_work_of_each_officer(office: Office) -> None:
    held = file_case(office, "john")
    file_case(office, "emma")
    work.carry_out(office, held, c.AssignCase(officer=OFFICER.name), asked(SUPERVISOR, at=None))
    catch_up_all(office.store, office.models)
    page = signed_in(office, SUPERVISOR.name).get("/staff/workload")
    assert "1 case waits for an officer and nobody has it, the longest since" in page.text
    row = page.root.one("tbody").one("tr")
    assert row.one("th").text == OFFICER.name
    assert [each.text for each in row.all("td", **{"class": "number"})] == ["1", "0", "0", "0"]
    assert signed_in(office, OFFICER.name).get("/staff/workload").status == 403


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (30.5, 47, "four in five had an answer in about 7 to 11 months more"),
        (0, 8, "four in five had an answer within about 2 months more"),
        (0, 3, "four in five had an answer within about a month more"),
        (30.5, None, "nine in ten waited for 7 months more or longer"),
        (5, None, "nine in ten waited for a month more or longer"),
    ],
)
def test_an_applicant_is_told_how_long_it_may_take(
    office: Office, low: float, high: float | None, said: str
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    keep_outlook(office, low, high)
    page = come_in(Visitor(office), reference)
    assert said in page.text
    assert "no promise. Tried on past applications, it held for 81 of 100" in page.text


@pytest.mark.parametrize("kept", [True, False])
def test_an_applicant_is_told_nothing_where_nothing_is_known(office: Office, kept: bool) -> None:  # noqa: FBT001 - given by the table
    reference = file_case(office, "john", *TO_POOL)
    if kept:
        keep_outlook(office, 0, None)
    page = come_in(Visitor(office), reference)
    assert "How long it may take" not in page.text
