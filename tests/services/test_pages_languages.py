"""The public pages in each language: by the browser's wish, by choice, and never by the address."""

import re
from urllib.parse import urljoin

import pytest

from domain import exercise_commands as q
from domain.application import Correspondence
from domain.rules.terms import Archetype, StratumPlaces
from services.catalogue import load_catalogue
from services.exercises import draw_shortlist, open_exercise, publish_result
from services.pages.tongues import NAMES, preferred
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import SUPERVISOR, asked, filed_by
from tests.services.coming_in import come_in
from tests.services.exercising import select
from tests.services.visiting import TO_POOL, Page, Visitor, file_case

EN, HANT, HANS = Correspondence
PREREQUISITES = ("support", "record", "language", "education", "nationality")
BORN = filed_by("john").applicant.date_of_birth
HEADINGS = {
    EN: "Check where your application stands",
    HANT: "查詢申請狀況",
    HANS: "查询申请状况",
}


@pytest.fixture
def visitor(office: Office) -> Visitor:
    return Visitor(office)


def language_of(page: Page) -> str:
    return page.root.one("html").given["lang"]


def chosen_in(page: Page) -> list[str]:
    """What the switch of a page says is its language."""
    return [each.text for each in page.root.all("a") if each.given.get("aria-current") == "true"]


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        ("", EN),
        ("fr, de;q=0.5", EN),
        ("en-GB, zh-HK;q=0.9", EN),
        ("zh-HK, en;q=0.5", HANT),
        ("zh-TW", HANT),
        ("zh-Hant-CN", HANT),
        ("zh-MO", HANT),
        ("zh-CN, zh;q=0.9, en;q=0.8", HANS),
        ("zh", HANS),
        ("zh-Hans-HK", HANS),
        ("fr, en;q=0.3, zh-Hant;q=0.7", HANT),
        ("zh-HK;q=0, en", EN),
    ],
)
def test_a_browser_is_answered_in_the_first_language_that_it_wishes_for(
    visitor: Visitor, tags: str, language: Correspondence
) -> None:
    page = visitor.get("/", headers={"Accept-Language": tags} if tags else {})
    assert (language_of(page), page.heading) == (language, HEADINGS[language])
    assert chosen_in(page) == [NAMES[language]]
    assert {"Accept-Language", "Cookie"} <= set(page.headers["Vary"].split(", "))


def test_every_language_in_which_the_office_writes_can_be_chosen() -> None:
    assert set(NAMES) == set(Correspondence)


@pytest.mark.parametrize(("language", "mail"), [(EN, "e-mail"), (HANT, "電郵"), (HANS, "邮箱")])
def test_who_comes_to_ask_is_told_that_a_code_goes_to_their_mailbox(
    visitor: Visitor, language: Correspondence, mail: str
) -> None:
    assert mail in visitor.get(f"/?lang={language}").root.one("p", **{"class": "lead"}).text


def test_no_wish_at_all_is_english() -> None:
    assert preferred([]) == EN


@pytest.mark.parametrize("language", [HANT, HANS])
def test_a_language_that_is_chosen_holds_against_the_browsers_wish(
    visitor: Visitor, language: Correspondence
) -> None:
    wish = {"Accept-Language": "en"}
    switch = visitor.get("/", headers=wish).root.one("a", hreflang=language)
    assert (switch.text, switch.given["href"]) == (NAMES[language], f"?lang={language}")
    assert language_of(visitor.get("/" + switch.given["href"], headers=wish)) == language
    assert visitor.get("/", headers=wish).heading == HEADINGS[language]
    assert visitor.get("/?lang=en", headers=wish).heading == HEADINGS[EN]


@pytest.mark.parametrize("unknown", ["fr", "", "../en", "zh", "ZH-HANT"])
def test_a_language_that_there_is_not_changes_nothing(visitor: Visitor, unknown: str) -> None:
    visitor.get("/?lang=zh-Hant")
    page = visitor.get("/", query_string={"lang": unknown})
    assert (page.status, language_of(page)) == (200, HANT)


@pytest.mark.parametrize("language", Correspondence)
@pytest.mark.parametrize(
    ("typed", "fault", "field"),
    [
        ({"reference": ""}, "no_reference", "reference"),
        ({"reference": "QM-1"}, "bad_reference", "reference"),
        ({"day": "", "month": "", "year": ""}, "no_birth", "day"),
        ({"day": "31", "month": "2"}, "bad_birth", "day"),
    ],
)
def test_what_is_wrong_in_an_enquiry_is_said_in_its_language(
    visitor: Visitor, language: Correspondence, typed: dict[str, str], fault: str, field: str
) -> None:
    words = load_catalogue(language)
    blank = {"reference": "QM-AQP2Y-Q46AS", "day": "27", "month": "3", "year": "1988"}
    page = visitor.send(visitor.get(f"/?lang={language}"), "/", **{**blank, **typed})
    assert (page.status, language_of(page)) == (422, language)
    assert page.problems == [words(f"enquiry.{fault}")]
    assert page.title.startswith(f"{words('service.error')}: ")
    (link,) = page.root.one("div", role="alert").all("a", href=f"#{field}")
    assert link.text == words(f"enquiry.{fault}")
    assert words("service.error") in page.root.one("p", id=f"{_beside(field)}-fault").text


def _beside(field: str) -> str:
    return "born" if field == "day" else field


def test_what_a_status_page_leads_back_to_is_in_its_language(office: Office) -> None:
    visitor = Visitor(office)
    emma = filed_by("emma")
    assert emma.applicant.correspondence_language == HANT
    page = come_in(visitor, file_case(office, "emma"), emma.applicant.date_of_birth)
    assert (page.path, language_of(page)) == ("/status", HANT)
    left = visitor.send(page, "/status/close")
    assert (language_of(left), left.heading) == (HANT, HEADINGS[HANT])
    assert load_catalogue(HANT)("enquiry.left") in left.text


def test_the_pages_of_the_office_are_in_english(visitor: Visitor) -> None:
    visitor.get("/?lang=zh-Hant")
    page = visitor.get("/staff/sign-in")
    assert (language_of(page), page.heading, chosen_in(page)) == (EN, "Sign in to the office", [])


SECTORS = q.OpenExercise(
    exercise="2019-q2",
    title="Second quarter of 2019",
    archetype=Archetype.RANK_WITHIN_STRATA,
    places=1,
    strata=(StratumPlaces(stratum="innovation_technology", places=1),),
)


def publish_one(office: Office, opening: q.OpenExercise = SECTORS) -> None:
    """Publish the result of an exercise with one place."""
    file_case(office, "john", *TO_POOL)
    open_exercise(office, opening, asked(SUPERVISOR))
    draw_shortlist(office, "2019-q2", asked(SUPERVISOR))
    select(office, "2019-q2")
    publish_result(office, "2019-q2", asked(SUPERVISOR))
    catch_up_all(office.store, office.models)


def test_the_instants_of_a_result_are_told_in_words(office: Office) -> None:
    file_case(office, "emma", *TO_POOL)
    publish_one(office, q.OpenExercise(exercise="2019-q2", title="Second quarter", places=1))
    page = Visitor(office).get("/results/2019-q2")
    assert page.facts["Pool"] == "2, as it was frozen on 1 May 2019, 10:00"
    assert page.facts["Counted until"].startswith("1 May 2019, 10:00")
    assert "+08:00" not in page.text


def test_a_result_is_told_in_each_language(office: Office) -> None:
    publish_one(office)
    visitor = Visitor(office)
    told = {
        EN: (
            "innovation and technology",
            "1, as it was frozen on 1 May 2019, 10:00",
            "the beginning",
        ),
        HANT: ("創新及科技", "1 宗，截至 2019年5月1日 10:00", "計劃開始"),
        HANS: ("创新科技", "1 份，截至 2019年5月1日 10:00", "计划开始"),
    }
    for language, (sector, pool, since) in told.items():
        words = load_catalogue(language)
        listed = visitor.get(f"/results?lang={language}")
        assert (language_of(listed), listed.heading) == (language, words("results.title"))
        page = visitor.get("/results/2019-q2")
        assert (language_of(page), page.heading) == (language, "Second quarter of 2019")
        assert page.title.startswith(words("results.of"))
        assert page.facts[words("results.kind")] == words("archetype.rank-within-strata")
        assert page.facts[words("results.pool")] == pool
        assert page.facts[words("results.counted_from")] == since
        assert page.facts[words("funnel.received")] == "1"
        strata = page.root.one("div", **{"aria-labelledby": "strata-caption"})
        assert strata.one("tbody").one("th").text == sector
        assert words("order.points-instant-reference") in page.text


@pytest.mark.parametrize("language", [HANT, HANS])
def test_no_english_is_left_in_a_result_but_the_offices_own(
    office: Office, language: Correspondence
) -> None:
    publish_one(office)
    visitor = Visitor(office)
    page = visitor.get(f"/results/2019-q2?lang={language}")
    known = {"Second", "quarter", "of", "gpt", "sha256"}
    said = set(re.findall(r"[A-Za-z]{2,}[0-9]*", re.sub(r"sha256:[0-9a-f]+", "", page.text)))
    assert said <= known


OF_RULES = {
    HANT: (
        "包括處理中並附有證明的申請",
        {"18至39歲", "每名未滿18歲的隨行未婚子女 （合計最多 10 分）"},
        "在創新及科技、金融或國際貿易界別的3年學位程度或專家水平的工作經驗",
    ),
    HANS: (
        "包括处理中并附有证明的申请",
        {"18至39岁", "每名未满18岁的随行未婚子女 （合计最多 10 分）"},
        "在创新科技、金融或国际贸易领域的3年学位程度或专家水平的工作经验",
    ),
}


@pytest.mark.parametrize("language", [HANT, HANS])
def test_the_rules_are_told_in_each_language(visitor: Visitor, language: Correspondence) -> None:
    catches, asked_for, criterion = OF_RULES[language]
    words = load_catalogue(language)
    listed = visitor.get(f"/rules?lang={language}")
    assert (language_of(listed), listed.heading) == (language, words("rules.title"))
    (row,) = (
        row
        for row in listed.root.all("tr")
        if [each.text for each in row.all("th", scope="row")] == ["gpt-2018"]
    )
    cells = [each.text for each in row.all("td")]
    assert (cells[0], cells[-1]) == ("2018年8月28日", catches)
    page = visitor.get("/rules/gpt-2018?edition=1")
    assert (language_of(page), page.heading) == (language, f"{words('route.general')} gpt-2018")
    assert page.facts[words("rules.catches")].startswith(catches)
    assert asked_for <= {each.text for each in page.root.all("th", scope="row")}
    region = visitor.get("/rules/gptq-2024").root.one(
        "div", **{"aria-labelledby": "criteria-caption"}
    )
    assert criterion in [each.text for each in region.all("td")]


def test_the_edition_that_is_read_stays_with_another_language(visitor: Visitor) -> None:
    page = visitor.get("/rules/gpt-2018?edition=1&lang=zh-Hans")
    link = page.root.one("a", hreflang="zh-Hant").given["href"]
    assert link == "?edition=1&lang=zh-Hant"
    other = visitor.get(f"/rules/gpt-2018{link}")
    assert other.facts["數碼摘要"] == page.facts["数字摘要"]


@pytest.mark.parametrize(
    "path", ["/rules", "/rules/gpt-2018", "/rules/gptq-2024", "/rules/apt-225"]
)
@pytest.mark.parametrize("language", [HANT, HANS])
def test_only_ids_addresses_and_notes_of_rules_are_in_latin_letters(
    visitor: Visitor, language: Correspondence, path: str
) -> None:
    main = visitor.get(f"{path}?lang={language}").root.one("main")
    for name in ("h1", "h2", "caption", "th", "dt", "td"):
        for each in main.all(name):
            said = each.text
            for note in each.all("span", lang="en"):
                said = said.replace(note.text, "")
            assert set(re.findall(r"[A-Za-z]{4,}", said)) <= {"STEM", "gptq", *PREREQUISITES}


LOST = {EN: "Page not found", HANT: "找不到網頁", HANS: "找不到网页"}
EXPIRED = {EN: "This form has expired", HANT: "表格已失效", HANS: "表格已失效"}


@pytest.mark.parametrize("language", LOST)
@pytest.mark.parametrize("path", ["/statsu", "/rules/gpt-1999", "/results/1999-1", "/static/no"])
def test_what_is_not_there_is_said_in_the_language_of_who_asks(
    visitor: Visitor, path: str, language: Correspondence
) -> None:
    page = visitor.get(path, headers={"Accept-Language": language})
    assert (page.status, language_of(page)) == (404, language)
    if language is not EN or path != "/results/1999-1":
        assert page.heading == LOST[language]
    assert chosen_in(page) == [NAMES[language]]


def test_a_language_that_was_chosen_holds_where_nothing_is(visitor: Visitor) -> None:
    visitor.get("/?lang=zh-Hans")
    assert visitor.get("/statsu").heading == LOST[HANS]
    assert visitor.get("/statsu?lang=zh-Hant").heading == LOST[HANT]


@pytest.mark.parametrize("language", EXPIRED)
def test_a_form_that_expired_is_refused_in_its_language(
    visitor: Visitor, language: Correspondence
) -> None:
    visitor.get(f"/?lang={language}")
    page = visitor.post("/", {"csrf": "of another"})
    assert (page.status, page.heading) == (400, EXPIRED[language])
    assert language_of(page) == language


@pytest.mark.parametrize("path", ["/", "/code", "/status/close", "/status/documents", "/sign-out"])
def test_each_language_of_a_page_that_says_what_went_wrong_can_be_chosen(
    visitor: Visitor, path: str
) -> None:
    if path == "/status/documents":
        come_in(visitor, file_case(visitor.office), BORN)
    page = visitor.post(path, {"csrf": "of another"})
    assert page.status == 400
    links = [each.given["href"] for each in page.root.all("a") if "hreflang" in each.given]
    assert len(links) == len(NAMES)
    for link in links:
        assert visitor.get(urljoin(path, link)).status == 200


def test_the_office_is_told_in_english(visitor: Visitor) -> None:
    page = visitor.get("/staff/nothing", headers={"Accept-Language": HANT})
    assert (page.heading, language_of(page)) == (LOST[EN], EN)
