"""Reasons in three languages: nothing is missing from a catalogue, and each says it right."""

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from domain.application import Correspondence
from domain.rules.reasons import Kind, Message, Reason, as_written
from services.intake.countries import COUNTRIES
from services.reasons import CatalogueFaults, parse_catalogue, say
from services.reasons.catalogue import catalogue

ENGLISH, TRADITIONAL, SIMPLIFIED = Correspondence
EXAMPLES: dict[Kind, Any] = {
    Kind.NUMBER: 3,
    Kind.TEXT: "Anything {at} all",
    Kind.TEXTS: ("one", "two"),
    Kind.DAY: "2019-05-01",
    Kind.DAYS: 425,
    Kind.HKD: 5_000_000,
    Kind.COUNTRY: "GBR",
    Kind.LANGUAGES: ("zh", "fr"),
    Kind.LEVEL: "master",
    Kind.LEVELS: ("bachelor", "doctorate"),
    Kind.COUNTED_LEVELS: {"doctorate": 0, "master": 2},
    Kind.SECTORS: ("finance", "catering"),
    Kind.RELATIVE: "sibling",
}


def document(language: Correspondence) -> dict[str, Any]:
    file = files("services.reasons") / f"{language}.toml"
    return tomllib.loads(file.read_text("utf-8"))


def reason(message: Message, **facts: Any) -> Reason:
    return Reason(message=message, facts=facts)


@pytest.mark.parametrize("language", Correspondence)
def test_every_message_is_said_in_every_language_with_each_of_its_facts(
    language: Correspondence,
) -> None:
    assert {f"say.{each}" for each in Message} <= set(catalogue(language))
    for message in Message:
        facts = {name: EXAMPLES[kind] for name, kind in message.facts.items()}
        assert say(Reason(message=message, facts=facts), language)


def test_the_catalogues_have_the_same_places() -> None:
    assert set(catalogue(ENGLISH)) == set(catalogue(TRADITIONAL)) == set(catalogue(SIMPLIFIED))


def test_all_faults_of_a_catalogue_are_told_at_once() -> None:
    broken = document(ENGLISH)
    said = broken["say"]
    del said["no-record"], broken["sectors"]["finance"]
    said["fluent"] = "Fluent"
    said["aged"] = "Aged {years}"
    said["worked"] = "Worked {days:day}"
    said["holds-renowned"] = "Holds {level:level}"
    said["children"] = "{number:child} under {under} on {on:day}"
    said["speaks"] = "Speaks {languages"
    said["can-support"] = 3
    said["age-from"] = "Aged {} on {on:day}"
    said["needs-achievement"] = "{points:point|} for one"
    with pytest.raises(CatalogueFaults) as refused:
        parse_catalogue("en", broken)
    assert refused.value.faults == (
        "sectors.finance: is missing",
        "say.no-record: is missing",
        "say.fluent: is not known here",
        "say.age-from: a placeholder is {name} or {name:saying}: 'Aged {} on {on:day}'",
        "say.can-support: must be a text, not 3",
        "say.aged: says years, which is no fact of it",
        "say.aged: leaves age unsaid",
        "say.holds-renowned: leaves institution unsaid",
        "say.worked: cannot say days, a fact of kind days, but as {days:span} or {days:span-about}",
        "say.speaks: expected '}' before end of string: 'Speaks {languages'",
        (
            "say.children: cannot say number, a fact of kind number, but as "
            "{number} or {number:one|many}"
        ),
        (
            "say.needs-achievement: {points:point|} needs two forms, one|many: "
            "'{points:point|} for one'"
        ),
    )
    assert str(refused.value).startswith("reasons in en: sectors.finance: is missing\n")


SAID = (
    (
        reason(Message.AGE_FROM, age=31, on="2019-05-01", at_least=18),
        "Aged 31 on 1 May 2019; 18 or over is required",
        "2019年5月1日時31歲；須年滿18歲",
        "2019年5月1日时31岁；须年满18岁",
    ),
    (
        reason(
            Message.NEEDS_SENIOR_WORK, points=10, senior_more=425, senior_years=5, senior_days=1400
        ),
        (
            "Needs 1 year 60 days (about 14 months) more in a senior role for 10 more points; "
            "5 years asked for, 3 years 305 days worked"
        ),
        "擔任高級職位的經驗尚差1年60日（約14個月），方可多得10分；要求5年，現有3年305日",
        "担任高级职位的经验还差1年60天（约14个月），才可多得10分；要求5年，现有3年305天",
    ),
    (
        reason(Message.HOLDS, held={"bachelor": 1, "master": 2, "doctorate": 0}),
        "Holds 1 bachelor's degree, 2 master's degrees and no doctorate",
        "持有1個學士學位、2個碩士學位及0個博士學位",
        "持有1个学士学位、2个硕士学位和0个博士学位",
    ),
    (
        reason(Message.SPEAKS, languages=("zh", "fr", "tlh")),
        "Speaks and writes Chinese, French and Klingon well",
        "中文、法文及克林貢文的口語及書寫能力良好",
        "中文、法语和克林贡语的口语和书写能力良好",
    ),
    (
        reason(Message.LANGUAGE_NOT_GOOD, wanted=("zh", "en")),
        "Has no good Chinese or English, spoken and written, and one is required",
        "不具備良好的中文或英文口語及書寫能力；須至少具備其中一種",
        "不具备良好的中文或英语口语和书写能力；须至少具备其中一种",
    ),
    (
        reason(Message.NEEDS_LANGUAGE, points=10, any_of=("zh", "en"), has=()),
        "Needs good Chinese or English, spoken and written, for 10 more points; good now: none",
        "中文或英文的口語及書寫能力須良好，方可多得10分；現時良好者：無",
        "中文或英语的口语和书写能力须良好，才可多得10分；目前良好的有：无",
    ),
    (
        reason(Message.NATIONALITY_EXCLUDED, country="PRK", on="2019-05-01", edition="list-1"),
        "Nationality North Korea: excluded on 1 May 2019 by the list list-1",
        "國籍：北韓；在2019年5月1日屬名單list-1所列的不適用國籍",
        "国籍：朝鲜；在2019年5月1日属于名单list-1所列的不适用国籍",
    ),
    (
        reason(Message.RESIDENT_RELATIVE, relative="sibling"),
        "Has a brother or sister who is a permanent resident living in Hong Kong",
        "有家庭成員（兄弟姊妹）是現居香港的香港永久性居民",
        "有家庭成员（兄弟姐妹）是现居香港的香港永久性居民",
    ),
    (
        reason(Message.WORKED_SENIOR, days=4566, senior_days=365),
        "Worked 12 years 186 days at graduate or specialist level, 1 year of it in a senior role",
        "具備12年186日學位程度或專家水平的工作經驗，其中1年擔任高級職位",
        "具备12年186天学位程度或专家水平的工作经验，其中1年担任高级职位",
    ),
    (
        reason(Message.WORKED_OUTSIDE_HOME, days=1644),
        "Worked 4 years 184 days at graduate or specialist level outside the home jurisdiction",
        "在原居地以外具備4年184日學位程度或專家水平的工作經驗",
        "在原居住地以外具备4年184天学位程度或专家水平的工作经验",
    ),
    (
        reason(Message.LACKS_WORK_IN_SECTORS, sectors=("finance",), more=95, years=3, days=1000),
        (
            "Needs 95 days (about 3 months) more at graduate or specialist level in finance; "
            "3 years asked for, 2 years 270 days worked"
        ),
        "在金融界別的學位程度或專家水平工作經驗尚差95日（約3個月）；要求3年，現有2年270日",
        "在金融领域的学位程度或专家水平工作经验还差95天（约3个月）；要求3年，现有2年270天",
    ),
    (
        reason(Message.LACKS_LISTED_UNIVERSITY, level="master", institution="甲大學"),
        (
            "Needs the degree to be from a university on the list; "
            "holds a master's degree from 甲大學, which is not on it"
        ),
        "學位須由名單所列大學頒授；現持有甲大學頒授的碩士學位，該院校不在名單之內",
        "学位须由名单所列大学颁发；现持有甲大學颁发的硕士学位，该院校不在名单之内",
    ),
    (
        reason(Message.NOT_EDUCATED, on="2007-03-01", wanted=("bachelor", "technical")),
        (
            "No qualification that counts was awarded by 1 March 2007; "
            "a bachelor's degree or a technical qualification is required"
        ),
        "截至2007年3月1日未獲頒授符合要求的資格；須持有學士學位或技術資格",
        "截至2007年3月1日未获颁发符合要求的资格；须持有学士学位或技术资格",
    ),
    (
        reason(Message.NEEDS_PROFESSION, points=30, edition="list-1"),
        (
            "Needs a profession on the Talent List, with evidence, for 30 more points; "
            "list-1 is in force"
        ),
        "須從事人才清單所列專業並附證明，方可多得30分；有效清單為list-1",
        "须从事人才清单所列专业并附证明，才可多得30分；有效清单为list-1",
    ),
    (
        reason(Message.CLAIMS_ACHIEVEMENTS, titles=("甲", "乙")),
        "Claims 甲 and 乙",
        "聲稱具有以下成就：甲及乙",
        "声称具有以下成就：甲和乙",
    ),
    (
        reason(Message.LACKS_LANGUAGE, languages=("en",)),
        "Needs good English, both spoken and written; it is good in neither",
        "英文的口語及書寫能力均須良好；現時兩者皆未達良好",
        "英语的口语和书写能力均须良好；目前两者都未达到良好",
    ),
    (as_written("As {it} was"), "As {it} was", "As {it} was", "As {it} was"),
)


@pytest.mark.parametrize(("told", "english", "traditional", "simplified"), SAID)
def test_a_reason_is_said_as_each_language_has_it(
    told: Reason, english: str, traditional: str, simplified: str
) -> None:
    assert [say(told, each) for each in Correspondence] == [english, traditional, simplified]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "0 days"),
        (1, "1 day"),
        (364, "364 days"),
        (365, "1 year"),
        (366, "1 year 1 day"),
        (732, "2 years 2 days"),
    ],
)
def test_days_are_told_in_years_of_365_days(days: int, said: str) -> None:
    told = say(reason(Message.WORKED, days=days), ENGLISH)
    assert told == f"Worked {said} at graduate or specialist level"


@pytest.mark.parametrize(("days", "months"), [(75, ""), (80, " (about 3 months)")])
def test_what_is_short_of_some_months_is_told_in_days_alone(days: int, months: str) -> None:
    told = say(reason(Message.NEEDS_WORK, points=5, more=days, years=2, days=1), ENGLISH)
    assert told.startswith(f"Needs {days} days{months} more")


def test_one_takes_the_singular_and_every_other_number_the_plural() -> None:
    told = [
        say(reason(Message.CHILDREN, number=number, under=18, on="2019-05-01"), ENGLISH)
        for number in (1, 2)
    ]
    assert told == [
        "Has 1 accompanying, unmarried child under 18 on 1 May 2019",
        "Has 2 accompanying, unmarried children under 18 on 1 May 2019",
    ]


@pytest.mark.parametrize("language", Correspondence)
def test_every_country_has_a_name(language: Correspondence) -> None:
    facts = {"on": "2006-06-28"}
    told = {
        code: say(reason(Message.NATIONALITY_BEFORE_LISTS, country=code, **facts), language)
        for code in COUNTRIES
    }
    assert [code for code, said in told.items() if code in said] == []


def test_a_language_without_a_name_is_called_by_its_subtag() -> None:
    told = say(reason(Message.SPEAKS, languages=("qaa",)), TRADITIONAL)
    assert told.startswith("qaa的")
