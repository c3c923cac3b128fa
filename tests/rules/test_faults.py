"""A broken rulebook has as many faults told as it has, each with where it is."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.rules.book import parse_rulebook
from domain.rules.reading import RulesetFaults
from tests.contract.rulebook import shipped_documents

Data = dict[str, Any]
Documents = dict[str, Data]


@pytest.fixture
def documents() -> Documents:
    return shipped_documents()


def _faults(documents: Documents) -> tuple[str, ...]:
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    return refused.value.faults


def test_a_ruleset_broken_in_ten_places_has_ten_faults(documents: Documents) -> None:
    broken = documents["gpt-2023"]
    age, degrees, work, talent, language, family = broken["factors"]
    age["bands"][1]["from"] = 39
    age["bands"][3]["from"] = 52
    degrees["ladder"][0]["source"] = ["S4", "S999"]
    degrees["ladder"][1]["any_of"][0]["level"] = "diploma"
    work["ladder"][2]["years"] = 10
    work["ladder"][2]["senior_years"] = 11
    talent["max"]["value"] = 25
    language["ladder"][1]["points"] = 25
    family["items"][1]["id"] = "resident-relative"
    broken["pass_mark"]["value"] = 0
    path = "gpt-2023: factors"
    assert sorted(_faults(documents)) == sorted(
        (
            f"{path}[0].bands[1].from: age-40-44 overlaps age-18-39",
            f"{path}[0].bands[3].from: ages 51 to 51 have no band",
            f"{path}[1].ladder[0].source: S999 is not among the sources",
            (
                f"{path}[1].ladder[1].any_of[0].level: must be one of bachelor, master, doctorate, "
                "professional, technical, not 'diploma'"
            ),
            f"{path}[2].ladder[2].senior_years: more than the 10 years asked in all",
            (
                f"{path}[2].ladder[2]: five-years asks (10, 11) years, no less than "
                "five-years-two-senior above it"
            ),
            f"{path}[3].max: is 25, but its rows give 30 at most",
            f"{path}[3].bonus.points: 30 is more than the 25 of the whole factor",
            f"{path}[4].max: is 20, but its rows give 25 at most",
            f"{path}[4].ladder[1].points: 25 is more than the 20 of the whole factor",
            (
                f"{path}[4].ladder[1].points: chinese-or-english-and-foreign gives more than "
                "chinese-and-english above it"
            ),
            f"{path}: the id resident-relative stands 2 times",
            "gpt-2023: max: is 245, but the factors' maxima add up to 240",
            "gpt-2023: pass_mark: 0 is not from 1 to 245",
        )
    )


def test_ten_documents_broken_in_one_place_each_have_ten_faults(documents: Documents) -> None:
    documents["gpt-2006"]["factors"][0]["bands"][2]["from"] = 31
    documents["gpt-2008"]["max"]["value"] = 160
    documents["gpt-2018.2"]["edition"] = 3
    documents["apt-165"]["life"]["begins_with"] = "gpt-1999"
    documents["apt-195"]["pass_mark"]["value"] = 190
    documents["fees"]["schedules"].reverse()
    documents["quotas"]["quotas"][1]["confidence"] = "sure"
    documents["stay"]["patterns"][0]["until"] = date(2015, 4, 30)
    documents["talent-lists"]["editions"].reverse()
    documents["nationalities"]["editions"][1]["members"] = ["CUB", "CUB"]
    found = [
        "apt-165: life.begins_with: no ruleset with a day of its own is called gpt-1999",
        "apt-195: pass_mark: an achievement gives all or nothing, so this must be the maximum",
        "fees: those from 2006-06-28T00:00:00+08:00 must begin after those above them",
        "gpt-2006: factors[0].bands[2].from: ages 30 to 30 have no band",
        "gpt-2008: max: is 160, but the factors' maxima add up to 165",
        "gpt-2018.2: edition: is 3, so it must be called gpt-2018.3",
        "gpt-2018: its corrections are editions 3, not 2",
        "nationalities: editions[1].members: names 'CUB' 2 times",
        (
            "stay 2+3+3 of the general route begins on 2015-05-04, but stay 1+2+2+3 of the general "
            "route ended on 2015-04-30: nothing is in force in between"
        ),
        "talent-lists: talent-list-2018 must stand before talent-list-2021, which begins later",
        "talent-lists: talent-list-2021 must stand before talent-list-2023, which begins later",
        "talent-lists: talent-list-2023 must stand before talent-list-2025, which begins later",
    ]
    sure = [fault for fault in _faults(documents) if fault.startswith("quotas")]
    assert [fault.split(",")[0] for fault in sure] == [
        "quotas: quotas[1].confidence: must be one of H"
    ]
    assert sorted(set(_faults(documents)) - set(sure)) == found


def _bands(documents: Documents) -> list[Data]:
    bands: list[Data] = documents["gpt-2008"]["factors"][0]["bands"]
    return bands


ONE_EACH: tuple[tuple[Callable[[Documents], object], str], ...] = (
    (
        lambda d: _bands(d)[1].update({"from": 38}),
        "gpt-2008: factors[0].bands[1].from: age-40-44 overlaps age-18-39",
    ),
    (
        lambda d: _bands(d)[1].update({"from": 42}),
        "gpt-2008: factors[0].bands[1].from: ages 40 to 41 have no band",
    ),
    (
        lambda d: _bands(d)[0].update(source=["S0"]),
        "gpt-2008: factors[0].bands[0].source: S0 is not among the sources",
    ),
    (
        lambda d: d["gpt-2008"]["factors"][2]["ladder"][3].update(id="age-40-44"),
        "gpt-2008: factors: the id age-40-44 stands 2 times",
    ),
    (
        lambda d: d["gpt-2008"]["factors"][3]["ladder"].__setitem__(
            slice(1, 3), reversed(d["gpt-2008"]["factors"][3]["ladder"][1:3])
        ),
        (
            "gpt-2008: factors[3].ladder[2].points: chinese-or-english-and-foreign gives more than "
            "chinese-or-english above it"
        ),
    ),
    (
        lambda d: d["gpt-2008"].update(factors=d["gpt-2008"]["factors"][:4]),
        "gpt-2008: max: is 165, but the factors' maxima add up to 145",
    ),
    (
        lambda d: d["gpt-2008"]["life"].update(until=date(2015, 5, 4)),
        "gpt-2015 begins on 2015-05-04, while gpt-2008 is in force",
    ),
    (
        lambda d: d["gpt-2008"]["life"].update(until=date(2015, 5, 2)),
        "gpt-2015 begins on 2015-05-04, but gpt-2008 ended on 2015-05-02: nothing is in force",
    ),
    (
        lambda d: d["apt-195"]["life"].update({"from": date(2015, 5, 4)}),
        "apt-195: life.from: must not stand beside begins_with",
    ),
    (
        lambda d: d["nationalities"]["editions"].insert(0, d["nationalities"]["editions"].pop(1)),
        (
            "nationalities: nationalities-2006 must stand before nationalities-2012, which begins "
            "later"
        ),
    ),
    (
        lambda d: d["talent-lists"]["editions"][1].update(id="talent-list-2018"),
        "talent-lists: two are called talent-list-2018",
    ),
    (
        lambda d: d["quotas"]["quotas"][1].update(known_from=date(2021, 10, 6)),
        "quotas: ",
    ),
    (
        lambda d: d["limits"]["limits"].append(dict(d["limits"]["limits"][0])),
        "limit payment-months begins on 2006-06-28, while limit payment-months is in force",
    ),
    (
        lambda d: d["fees"]["schedules"][1]["visa"].reverse(),
        "fees from 2025-02-26T11:00:00+08:00: only the last visa fee must be without a limit",
    ),
    (
        lambda d: d["fees"]["schedules"][0].update({"from": datetime(2025, 3, 1, tzinfo=UTC)}),
        "fees: those from 2025-02-26T11:00:00+08:00 must begin after those above them",
    ),
    (
        lambda d: d["sources"].update(S4=""),
        "sources: S4: must be a text, not ''",
    ),
)


@pytest.mark.parametrize(("change", "saying"), ONE_EACH)
def test_each_kind_of_contradiction_is_one_fault_with_its_place(
    documents: Documents, change: Callable[[Documents], object], saying: str
) -> None:
    change(documents)
    (fault,) = _faults(documents)
    assert fault.startswith(saying)


@pytest.mark.parametrize("key", ["factor", "max", "bands"])
def test_what_is_missing_is_said_once_and_contradicts_nothing(
    documents: Documents, key: str
) -> None:
    del documents["gpt-2008"]["factors"][0][key]
    (fault,) = _faults(documents)
    assert fault.startswith(f"gpt-2008: factors[0].{key}: must be")
    assert fault.endswith("and is missing")


def test_a_value_that_does_not_read_hides_no_contradiction_beside_it(
    documents: Documents,
) -> None:
    bands = _bands(documents)
    bands[0]["points"] = "30"
    bands[3]["from"] = 53
    documents["gpt-2008"]["factors"][1]["max"]["value"] = 40
    assert sorted(_faults(documents)) == [
        "gpt-2008: factors[0].bands[0].points: must be a whole number of at least 0, not '30'",
        "gpt-2008: factors[0].bands[3].from: ages 51 to 52 have no band",
        "gpt-2008: factors[1].ladder[0].points: 45 is more than the 40 of the whole factor",
        "gpt-2008: factors[1].max: is 40, but its rows give 45 at most",
        "gpt-2008: max: is 165, but the factors' maxima add up to 160",
    ]
