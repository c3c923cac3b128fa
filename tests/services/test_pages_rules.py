"""The rules as anybody may read them, without signing in and without scripts."""

import pytest

from domain.rules.factors import Confidence
from domain.rules.types import Test as Kind
from services.catalogue import load_catalogue
from services.wiring import Office
from tests.services.visiting import Page, Visitor


def rows(page: Page, table: str) -> list[list[str]]:
    """The cells of a table, row by row."""
    region = page.root.one("div", **{"aria-labelledby": f"{table}-caption"})
    body = region.one("tbody")
    return [
        [each.text for each in row.children if not isinstance(each, str)] for row in body.all("tr")
    ]


@pytest.fixture
def visitor(office: Office) -> Visitor:
    return Visitor(office)


def test_anybody_sees_which_rules_there_are(visitor: Visitor) -> None:
    page = visitor.get("/rules")
    assert (page.status, page.heading) == (200, "The rules of the scheme")
    found = next(each for each in rows(page, "general") if each[0] == "gpt-2018")
    assert found[1] == "28 August 2018"
    assert found[3:] == ["Points", "80", "225", "in process too, with proof"]
    assert "apt-225" in [each[0] for each in rows(page, "achievement")]


def test_every_page_leads_to_the_rules(visitor: Visitor) -> None:
    assert [each.text for each in visitor.get("/").root.all("a", href="/rules")] == [
        "The rules of the scheme"
    ]


def test_a_ruleset_is_shown_in_plain_words_with_its_sources(visitor: Visitor) -> None:
    page = visitor.get("/rules/gpt-2018?edition=1")
    assert page.heading == "General Points Test gpt-2018"
    assert page.facts["Needed"] == "80 S34 S48 official, or two sources agree"
    assert page.facts["Digest"].startswith("sha256:e40c5e19b2cc")
    sure = "official, or two sources agree"
    assert ["age", "aged 18 or over", f"S2 S4 S35 {sure}"] in rows(page, "prerequisites")
    assert rows(page, "age")[0] == ["30", "aged 18 to 39", f"S4 S5 {sure}"]
    assert rows(page, "talent_list")[0][:2] == [
        "+30",
        "a profession on the Talent List, with evidence",
    ]
    assert rows(page, "family")[2][:2] == [
        "+5",
        "each accompanying, unmarried child under 18 (10 in all)",
    ]
    assert page.facts["S9"].startswith("immd.gov.hk/")


def test_a_test_of_criteria_is_shown_by_its_questions(visitor: Visitor) -> None:
    page = visitor.get("/rules/gptq-2024")
    found = rows(page, "criteria")
    assert [each[0] for each in found] == [f"C{number}" for number in range(1, 13)]
    assert found[4][1] == "good English"
    assert page.root.one("caption", id="criteria-caption").text == "6 of these 12 must be met"


def test_every_source_that_is_named_stands_below(visitor: Visitor) -> None:
    page = visitor.get("/rules/apt-225")
    named = {each.given["href"] for each in page.root.all("a") if each.given["href"][0] == "#"}
    ids = {f"#{each.given['id']}" for each in page.root.all("div") if "id" in each.given}
    assert named - ids == {"#main"}


@pytest.mark.parametrize(
    "path",
    [
        "/rules/gpt-1999",
        "/rules/gpt-2018?edition=99",
        "/rules/gpt-2018?edition=first",
        "/rules/gpt-2018@1?edition=2",
    ],
)
def test_a_ruleset_that_does_not_exist_is_not_found(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    assert (page.status, page.heading) == (404, "Page not found")


def test_every_kind_of_test_and_degree_of_certainty_has_words() -> None:
    entries = load_catalogue().entries
    wanted = {f"rules.test-{each}" for each in Kind}
    wanted |= {f"rules.sure-{each}" for each in Confidence}
    assert wanted <= entries.keys()
