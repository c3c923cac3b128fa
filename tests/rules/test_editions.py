"""Corrections of rulesets and lists: editions laid over those before, each from its day."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from domain.rules.assess import assess
from domain.rules.book import parse_rulebook
from domain.rules.choose import (
    UnknownRuleset,
    excluded_nationalities,
    known,
    named,
    recorded,
)
from domain.rules.parse import digest_of
from domain.rules.reading import RulesetFaults
from domain.rules.types import Rulebook
from tests.contract.rulebook import shipped_documents
from tests.rules.filing import application

Data = dict[str, Any]


@pytest.fixture
def documents() -> dict[str, Data]:
    return shipped_documents()


def _drop(table: Data, key: str) -> None:
    del table[key]


def _correct(documents: dict[str, Data], edition: int, **changed: object) -> Data:
    """A correction of the general test of 2018, of which the day it became known can be told."""
    correction: Data = {"corrects": "gpt-2018", "edition": edition, **changed}
    documents[f"gpt-2018.{edition}"] = correction
    return correction


def _known(documents: dict[str, Data], day: date) -> Data:
    return {**documents["gpt-2018"]["life"], "known_from": day}


@pytest.fixture
def corrected(documents: dict[str, Data]) -> dict[str, Data]:
    """The documents, without the corrections that ship, with two of the pass mark."""
    kept = {name: each for name, each in documents.items() if "corrects" not in each}
    for edition, mark in ((2, 85), (3, 90)):
        life = _known(kept, date(2020, edition, 1))
        pass_mark = {**kept["gpt-2018"]["pass_mark"], "value": mark}
        _correct(kept, edition, life=life, pass_mark=pass_mark)
    return kept


def test_a_correction_replaces_what_it_names_and_keeps_the_rest(
    corrected: dict[str, Data],
) -> None:
    book = parse_rulebook(corrected)
    first, second, third = (
        *(each for each in book.superseded if each.id == "gpt-2018"),
        named(book, "gpt-2018"),
    )
    assert [each.edition for each in (first, second, third)] == [1, 2, 3]
    assert [each.pass_mark.value for each in (first, second, third)] == [80, 85, 90]
    assert first.factors == second.factors == third.factors
    assert first.digest == digest_of(corrected["gpt-2018"])
    assert len({each.digest for each in (first, second, third)}) == 3
    for each in (first, second, third):
        assert recorded(book, "gpt-2018", each.digest) is each


def test_what_a_correction_corrects_is_called_so_and_does_not_only_look_so(
    corrected: dict[str, Data],
) -> None:
    corrected["2018"] = {**corrected["gpt-2018"], "id": "2018"}
    corrected["2018.2"] = {"corrects": 2018, "edition": 2}
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(corrected)
    assert "2018.2: corrects: no ruleset is called 2018" in refused.value.faults


def test_a_digest_that_no_edition_has_is_refused(rulebook: Rulebook) -> None:
    with pytest.raises(UnknownRuleset, match="no edition of gpt-2018 has the digest sha256:0"):
        recorded(rulebook, "gpt-2018", "sha256:0")


@pytest.mark.parametrize(
    ("on", "mark"),
    [
        (date(2020, 1, 31), 80),
        (date(2020, 2, 1), 85),
        (date(2020, 2, 29), 85),
        (date(2020, 3, 1), 90),
        (None, 90),
    ],
)
def test_an_edition_is_used_from_the_day_on_which_it_was_known(
    corrected: dict[str, Data], on: date | None, mark: int
) -> None:
    found = {each.id: each.pass_mark.value for each in known(parse_rulebook(corrected), on)}
    assert found["gpt-2018"] == mark


def test_before_a_ruleset_was_known_it_is_not_among_the_known(
    corrected: dict[str, Data],
) -> None:
    assert known(parse_rulebook(corrected), date(1999, 1, 1)) == ()


def test_who_begins_with_another_ruleset_follows_its_corrections(
    corrected: dict[str, Data],
) -> None:
    corrected["apt-225"]["life"] = {
        "begins_with": "gpt-2018",
        **{key: value for key, value in corrected["apt-225"]["life"].items() if key != "from"},
    }
    corrected["gpt-2018.3"]["life"]["from"] = date(2018, 9, 3)
    book = parse_rulebook(corrected)
    followed = [
        {each.id: each.life.first for each in known(book, on)}["apt-225"]
        for on in (date(2020, 2, 29), date(2020, 3, 1), None)
    ]
    assert followed == [date(2018, 8, 28), date(2018, 9, 3), date(2018, 9, 3)]


MISCORRECTED: tuple[tuple[Callable[[dict[str, Data]], object], str], ...] = (
    (lambda d: d["gpt-2018.2"].update(corrects="gpt-1999"), "no ruleset is called 'gpt-1999'"),
    (lambda d: d["gpt-2018.2"].update(corrects="gpt-2018.3"), "no ruleset is called 'gpt-2018.3'"),
    (lambda d: d["gpt-2018.2"].update(corrects=[]), "gpt-2018.2: corrects: no ruleset"),
    (lambda d: d["gpt-2018.2"].update(edition=4), "edition: is 4, so it must be called gpt-2018.4"),
    (lambda d: _drop(d["gpt-2018.2"], "edition"), "edition: is None"),
    (lambda d: d.update({"gpt-2018.4": d.pop("gpt-2018.2")}), "must be called gpt-2018.2"),
    (lambda d: _drop(d, "gpt-2018.2"), "gpt-2018: its corrections are editions 3, not 2"),
    (lambda d: d["gpt-2018.3"].update(route="general"), "gpt-2018.3: route: a correction keeps it"),
    (lambda d: d["gpt-2018.3"].update(id="gpt-2018"), "gpt-2018.3: id: a correction keeps it"),
    (lambda d: _drop(d["gpt-2018.3"], "life"), "2020-02-01 is not after 2020-02-01"),
    (
        lambda d: d["gpt-2018.3"]["life"].update(known_from=date(2020, 1, 31)),
        "gpt-2018.3: life.known_from: 2020-01-31 is not after 2020-02-01, from which edition 2",
    ),
    (lambda d: d["gpt-2018.3"].update(colour="red"), "gpt-2018.3: colour: is not known here"),
    (lambda d: d["gpt-2018"].update(edition=1), "edition: is only for a document that corrects"),
    (lambda d: d["gpt-2018"].update(id="gpt-x"), "id: is 'gpt-x', but the document is called"),
)


@pytest.mark.parametrize(("change", "saying"), MISCORRECTED)
def test_a_correction_that_fits_nowhere_is_refused(
    corrected: dict[str, Data], change: Callable[[dict[str, Data]], object], saying: str
) -> None:
    change(corrected)
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(corrected)
    assert any(saying in fault for fault in refused.value.faults), refused.value.faults


def test_a_fault_of_the_first_edition_is_not_said_of_each_later_one(
    corrected: dict[str, Data],
) -> None:
    corrected["gpt-2018"]["max"]["value"] = 230
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(corrected)
    assert refused.value.faults == ("gpt-2018: max: is 230, but the factors' maxima add up to 225",)


def test_an_edition_of_a_list_added_later_changes_no_recorded_assessment(
    documents: dict[str, Data],
) -> None:
    editions = documents["nationalities"]["editions"]
    corrected = {
        **editions[0],
        "id": "nationalities-2009",
        "from": date(2009, 1, 1),
        "known_from": date(2027, 1, 1),
        "members": ["AFG", "CUB"],
    }
    editions.insert(1, corrected)
    book = parse_rulebook(documents)
    digest = named(book, "gpt-2008").digest
    filed, on = application(nationality="VNM"), date(2010, 1, 1)
    found = [
        assess(recorded(book, "gpt-2008", digest, known_on=day), filed, on).prerequisites[-1]
        for day in (on, date(2026, 12, 31), date(2027, 1, 1), None)
    ]
    assert [each.met for each in found] == [False, False, True, True]
    assert [each.edition for each in found] == [
        "nationalities-2006",
        "nationalities-2006",
        "nationalities-2009",
        "nationalities-2009",
    ]
    (known_then,) = (each for each in known(book, date(2026, 12, 31)) if each.id == "gpt-2008")
    assert not assess(known_then, filed, on).prerequisites[-1].met


def test_an_edition_of_a_list_does_not_end_before_the_next_begins(
    documents: dict[str, Data],
) -> None:
    # Were it to end, the list before it would be in force again.
    documents["nationalities"]["editions"][-1]["until"] = date(2026, 1, 1)
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    assert refused.value.faults == (
        "nationalities: editions[3].until: an edition is in force until the next one begins",
    )


def test_a_list_that_is_given_up_has_an_edition_without_members(
    documents: dict[str, Data],
) -> None:
    last = {"id": "nationalities-2026", "from": date(2026, 1, 1), "members": []}
    editions = documents["nationalities"]["editions"]
    editions.append({**editions[-1], **last})
    book = parse_rulebook(documents)
    assert excluded_nationalities(book, date(2025, 12, 31)) == ("AFG", "CUB", "PRK")
    assert excluded_nationalities(book, date(2026, 1, 1)) == ()
