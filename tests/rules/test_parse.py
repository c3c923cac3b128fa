"""Rule data read: what is refused, all faults at once; what never changes; what shapes fit."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain import corrections
from domain.application import Route
from domain.rules.assess import assess
from domain.rules.book import parse_rulebook
from domain.rules.choose import choose, stay_pattern
from domain.rules.factors import Citation, Confidence
from domain.rules.parse import digest_of, parse_ruleset
from domain.rules.reading import RulesetFaults
from domain.rules.transitions import filed_on
from domain.rules.types import Rulebook
from tests.contract.rulebook import shipped_documents
from tests.rules.filing import ON, application, born, points

Data = dict[str, Any]


@pytest.fixture
def documents() -> dict[str, Data]:
    return shipped_documents()


@pytest.fixture
def data(documents: dict[str, Data]) -> Data:
    return documents["gpt-2018"]


def _faults(data: Data, rulebook: Rulebook) -> tuple[str, ...]:
    with pytest.raises(RulesetFaults) as refused:
        parse_ruleset(data, rulebook.lists, sources=frozenset(dict(rulebook.sources)))
    return refused.value.faults


def test_a_language_is_named_as_it_is_counted(data: Data, rulebook: Rulebook) -> None:
    # Nobody's language is ever `yue`: it is counted as Chinese.
    data["prerequisites"]["language"]["any_of"] = ["yue", "EN"]
    data["factors"][4]["ladder"][0]["all_of"] = ["cmn", "en"]
    del data["factors"][4]["ladder"][1]["any_of"]
    assert _faults(data, rulebook) == (
        "factors[4].ladder[0].all_of: cmn is counted as zh; write that",
        "factors[4].ladder[1].any_of: must be a list of texts and is missing",
        "prerequisites.language.any_of: yue is counted as zh; write that",
        "prerequisites.language.any_of: EN is counted as en; write that",
    )


def test_a_digest_does_not_depend_on_the_order_of_keys(data: Data) -> None:
    assert digest_of(dict(reversed(data.items()))) == digest_of(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["pass_mark"].update(value=75),
        lambda data: data["life"].update(until=date(2023, 1, 1)),
        lambda data: data["factors"][0]["bands"][0].update(confidence="M"),
    ],
)
def test_any_change_of_the_data_changes_the_digest(
    data: Data, change: Callable[[Data], None]
) -> None:
    changed = deepcopy(data)
    change(changed)
    assert digest_of(changed) != digest_of(data)


def _age(data: Data) -> Data:
    return data["factors"][0]


def _work(data: Data) -> Data:
    return data["factors"][2]


def _drop(table: Data, key: str) -> None:
    del table[key]


FAULTS: tuple[tuple[Callable[[Data], object], str], ...] = (
    (lambda d: _age(d)["bands"][1].update({"from": 39}), "age-40-44 overlaps age-18-39"),
    (lambda d: _age(d)["bands"][1].update({"from": 41}), "ages 40 to 40 have no band"),
    (lambda d: _age(d)["bands"][3].update(to=70), "ages from 71 on have no band"),
    (lambda d: _age(d)["bands"][0].update({"from": 19}), "bands[0].from: must be 18"),
    (lambda d: _drop(_age(d)["bands"][0], "to"), "bands[1].from: age-40-44 overlaps"),
    (lambda d: _age(d)["max"].update(value=35), "max: is 35, but its rows give 30"),
    (lambda d: d["max"].update(value=245), "max: is 245, but the factors' maxima add up to 225"),
    (lambda d: d["factors"][4]["ladder"][0].update(any_of=["fr"]), "any_of: a row asks for all_of"),
    (lambda d: d["pass_mark"].update(value=226), "pass_mark: 226 is not from 1 to 225"),
    (lambda d: _work(d)["ladder"].reverse(), "gives more than two-years above it"),
    (lambda d: _work(d)["ladder"][1].update(years=10, senior_years=5), "asks (10, 5) years"),
    (lambda d: _work(d)["ladder"][3].update(years=5), "asks (5, 0) years, no less"),
    (lambda d: _work(d)["ladder"][3].update(senior_years=3), "more than the 2 years"),
    (lambda d: d["factors"][5]["items"][2].update(cap=12), "12 is not a multiple of 5"),
    (lambda d: _drop(d["factors"][5]["items"][2], "under"), "under: is for dependent children"),
    (lambda d: d["factors"][3]["bonus"].update(id="five-years"), "five-years stands 2 times"),
    (lambda d: d["factors"].reverse(), "once each and in this order"),
    (lambda d: d["factors"].append(deepcopy(_age(d))), "once each and in this order"),
    (lambda d: d.update(route="achievement"), "test of points is not of the achievement route"),
    (lambda d: d.update(test="achievement", route="achievement"), "do not make a test"),
    (lambda d: d["life"].update(until=date(2018, 8, 27)), "2018-08-27 is before 2018-08-28"),
    (lambda d: d["prerequisites"]["age"].update(at_most=17), "17 is below 18"),
    (lambda d: _age(d)["bands"][0].update(points="30"), "points: must be a whole number"),
    (lambda d: _age(d)["bands"][0].update(points=True), "points: must be a whole number"),
    (lambda d: _age(d)["bands"][0].update(points=-5), "points: must be a whole number"),
    (lambda d: _drop(_age(d)["bands"][0], "source"), "source: must be a list of texts and is"),
    (lambda d: _age(d)["bands"][0].update(source=[]), "source: needs at least 1, and has 0"),
    (lambda d: _age(d)["bands"][0].update(source=["S999"]), "S999 is not among the sources"),
    (lambda d: _age(d)["bands"][0].update(confidence="sure"), "confidence: must be one of H"),
    (lambda d: _age(d)["bands"][0].update(upto=39), "bands[0].upto: is not known here"),
    (lambda d: _age(d).update(factor="height"), "factors[0].factor: must be one of age"),
    (lambda d: _age(d).update(bands=[]), "bands: needs at least 1, and has 0"),
    (lambda d: _age(d).update(bands="all"), "bands: must be a list of tables"),
    (lambda d: d.update(life="long"), "life: must be a table"),
    (lambda d: d["life"].update({"from": "2018-08-28"}), "life.from: must be a date"),
    (lambda d: _work(d)["bonuses"][0].update(mark="fun"), "mark: must be one of outside_home"),
    (lambda d: _drop(d, "transition"), "transition: must be a table and is missing"),
)


@pytest.mark.parametrize(("change", "saying"), FAULTS)
def test_a_ruleset_that_contradicts_itself_is_refused(
    data: Data, rulebook: Rulebook, change: Callable[[Data], object], saying: str
) -> None:
    change(data)
    assert any(saying in fault for fault in _faults(data, rulebook)), _faults(data, rulebook)


def test_every_fault_of_a_ruleset_is_named_at_once(data: Data, rulebook: Rulebook) -> None:
    _age(data)["bands"][0].update(points="30", confidence="sure")
    _work(data)["ladder"][0].update(years=0)
    data["life"].update(until=5)
    data["colour"] = "red"
    assert len(_faults(data, rulebook)) == 5


def test_every_contradiction_of_a_ruleset_is_named_at_once(data: Data, rulebook: Rulebook) -> None:
    _age(data)["bands"][1].update({"from": 41})
    _work(data)["max"].update(value=60)
    data["pass_mark"].update(value=500)
    found = "\n".join(_faults(data, rulebook))
    for saying in ("no band", "rows give 55", "add up to 230", "500 is not"):
        assert saying in found


def test_a_test_with_an_upper_age_and_rows_that_give_nothing_fits(
    data: Data, rulebook: Rulebook
) -> None:
    cited = {"source": ["S4"], "confidence": "H"}
    ages = ((18, 24, 0), (25, 29, 25), (30, 34, 30), (35, 39, 25), (40, 44, 15), (45, 50, 5))
    _age(data)["bands"] = [
        {"id": f"age-{first}", "from": first, "to": last, "points": worth, **cited}
        for first, last, worth in ages
    ]
    data["prerequisites"]["age"]["at_most"] = 50
    _work(data)["ladder"][3]["points"] = 0
    data["id"] = "gpt-early"
    ruleset = parse_ruleset(data, rulebook.lists)
    found = {
        age: points(assess(ruleset, application(date_of_birth=born(age)), ON), "age")
        for age in (18, 24, 25, 50, 51)
    }
    assert found == {18: 0, 24: 0, 25: 25, 50: 5, 51: 0}


def _in_force(documents: dict[str, Data], ruleset_id: str, first: date, until: date | None) -> None:
    """A further general test over a life, otherwise as the one of 2018."""
    life = {**documents["gpt-2018"]["life"], "from": first, "until": until}
    documents[ruleset_id] = {
        **documents["gpt-2018"],
        "id": ruleset_id,
        "life": {key: value for key, value in life.items() if value is not None},
    }


def _refused(documents: dict[str, Data]) -> tuple[str, ...]:
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    return refused.value.faults


def test_two_rulesets_of_a_route_in_force_on_one_day_are_refused(
    documents: dict[str, Data],
) -> None:
    _in_force(documents, "gpt-more", date(2022, 12, 30), date(2023, 1, 1))
    assert _refused(documents) == ("gpt-2023 begins on 2023-01-01, while gpt-more is in force",)


def test_two_rulesets_that_begin_on_one_day_are_refused(documents: dict[str, Data]) -> None:
    _in_force(documents, "gpt-more", date(2023, 1, 1), None)
    assert _refused(documents) == ("gpt-more begins on 2023-01-01, while gpt-2023 is in force",)


def test_a_day_between_two_rulesets_of_a_route_is_refused(documents: dict[str, Data]) -> None:
    _in_force(documents, "gpt-more", date(2022, 12, 1), date(2022, 12, 30))
    (fault,) = _refused(documents)
    assert fault.startswith("gpt-2023 begins on 2023-01-01, but gpt-more ended on 2022-12-30")


def test_a_ruleset_whose_days_do_not_read_leaves_no_false_hole(documents: dict[str, Data]) -> None:
    del documents["gpt-2018.2"]
    documents["gpt-2023"]["life"]["from"] = "soon"
    found = _refused(documents)
    assert [fault for fault in found if "ended on" in fault or "in force" in fault] == []
    assert "gpt-2023: life.from: must be a date, not 'soon'" in found


def test_an_uncertain_day_is_one_edit_and_its_neighbours_follow(
    documents: dict[str, Data],
) -> None:
    documents["gpt-2023"]["life"]["from"] = date(2022, 10, 19)
    book = parse_rulebook(documents)
    for route, before, after in (
        (Route.GENERAL, "gpt-2018", "gpt-2023"),
        (Route.ACHIEVEMENT, "apt-225", "apt-245"),
    ):
        assert choose(book, filed_on(route, date(2022, 10, 18))).id == before
        assert choose(book, filed_on(route, date(2022, 10, 19))).id == after


def test_the_stay_follows_the_uncertain_day_of_the_test_it_came_with(
    documents: dict[str, Data],
) -> None:
    documents["gpt-2015"]["life"]["from"] = date(2015, 5, 18)
    book = parse_rulebook(documents)
    found = [
        stay_pattern(book, filed_on(Route.GENERAL, day)).years
        for day in (date(2015, 5, 17), date(2015, 5, 18))
    ]
    assert found == [(1, 2, 2, 3), (2, 3, 3)]


def test_faults_of_all_documents_are_named_at_once(documents: dict[str, Data]) -> None:
    documents["gpt-2018"]["pass_mark"]["value"] = 0
    documents["stay"]["patterns"][0]["years"] = []
    documents["fees"]["schedules"][0]["from"] = date(2006, 6, 28)
    del documents["quotas"]["quotas"][0]["known_from"]
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    found = [fault.split(":")[0] for fault in refused.value.faults]
    assert sorted(found) == ["fees", "gpt-2018", "quotas", "stay"]


def test_a_missing_document_is_named(documents: dict[str, Data]) -> None:
    del documents["fees"]
    with pytest.raises(RulesetFaults, match="fees: schedules: must be a list of tables and is"):
        parse_rulebook(documents)


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"id": "nationalities-2012"}, "nationalities: two are called nationalities-2012"),
        (
            {"from": date(2012, 8, 16), "known_from": date(2012, 8, 16)},
            "nationalities-2012 and nationalities-2021 begin, and became known, on the same day",
        ),
    ],
)
def test_editions_that_cannot_be_told_apart_are_refused(
    documents: dict[str, Data], change: Data, saying: str
) -> None:
    documents["nationalities"]["editions"][2].update(change)
    with pytest.raises(RulesetFaults, match=saying):
        parse_rulebook(documents)


def test_visa_fees_without_a_last_row_are_refused(documents: dict[str, Data]) -> None:
    documents["fees"]["schedules"][1]["visa"].pop()
    with pytest.raises(RulesetFaults, match="only the last visa fee must be without a limit"):
        parse_rulebook(documents)


def test_an_uncertain_day_is_marked(rulebook: Rulebook) -> None:
    dated: list[Citation] = [each.life.cited for each in rulebook.stays]
    dated += [each.life.cited for each in rulebook.lists.excluded_nationalities.editions]
    assert any(each.day_uncertain and each.note for each in dated)
    assert all(each.source and isinstance(each.confidence, Confidence) for each in dated)


def test_every_listed_source_is_cited(documents: dict[str, Data]) -> None:
    written = "".join(str(data) for name, data in documents.items() if name != "sources")
    told = Path(corrections.__file__).read_text("utf-8")
    unused = [each for each in documents["sources"] if f"'{each}'" not in written]
    assert [each for each in unused if f"[{each}]" not in told] == []
