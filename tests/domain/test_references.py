"""References: what is made can be read aloud, and what is misread is caught."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.references import (
    ALPHABET,
    RANDOM_BYTES,
    make_reference,
    parse_reference,
    references_in,
)

SEEDED = random.Random(20060628)  # noqa: S311 - samples for a test, not secrets
SAMPLES = tuple(make_reference(SEEDED.randbytes(RANDOM_BYTES)) for _ in range(40))
REFERENCES = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES).map(make_reference)


def characters(reference: str) -> str:
    return reference.removeprefix("QM-").replace("-", "")


@given(REFERENCES)
def test_a_made_reference_is_its_own_written_form(reference: str) -> None:
    assert parse_reference(reference) == reference
    assert len(reference) == len("QM-4K7RT-9XWPR")
    assert set(characters(reference)) <= set(ALPHABET)


def test_no_character_is_easily_taken_for_another() -> None:
    assert len(set(ALPHABET)) == 31
    assert not set(ALPHABET) & set("01ILO")


@pytest.mark.parametrize("reference", SAMPLES)
def test_every_single_wrong_character_is_caught(reference: str) -> None:
    body = characters(reference)
    wrong = [
        body[:place] + letter + body[place + 1 :]
        for place, right in enumerate(body)
        for letter in ALPHABET
        if letter != right
    ]
    assert len(wrong) == 300
    assert {parse_reference(each) for each in wrong} == {None}


@pytest.mark.parametrize("reference", SAMPLES)
def test_every_swap_of_two_neighbours_is_caught(reference: str) -> None:
    body = characters(reference)
    swapped = [
        body[:place] + right + left + body[place + 2 :]
        for place, (left, right) in enumerate(pairwise(body))
        if left != right
    ]
    assert swapped
    assert {parse_reference(each) for each in swapped} == {None}


@given(REFERENCES, st.data())
def test_case_spaces_and_hyphens_do_not_matter(reference: str, data: st.DataObject) -> None:
    body = characters(reference)
    written = data.draw(
        st.sampled_from(
            [
                body,
                body.lower(),
                f"qm{body}",
                f"QM {body[:5]} {body[5:]}",
                f"  {reference.lower()}\n",
                "-".join(body),
            ]
        )
    )
    assert parse_reference(written) == reference


def test_a_reference_that_begins_like_the_prefix_is_not_shortened() -> None:
    number = ALPHABET.index("Q") + len(ALPHABET) * ALPHABET.index("M")
    alike = make_reference(number.to_bytes(RANDOM_BYTES, "big"))
    assert characters(alike).startswith("QM")
    assert parse_reference(characters(alike)) == alike


@pytest.mark.parametrize(
    "text",
    ["", "QM", "QM-", "QM-4K7RT-9XWP", "QM-4K7RT-9XWPRC", "QM-4K7RT-9XWP0", "4K7RT-9XWPC-QM"],
)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert parse_reference(text) is None


@given(st.text())
def test_any_text_is_a_written_form_or_none(text: str) -> None:
    parsed = parse_reference(text)
    assert parsed is None or parse_reference(parsed) == parsed


def test_references_neither_follow_each_other_nor_repeat() -> None:
    made = [make_reference(SEEDED.randbytes(RANDOM_BYTES)) for _ in range(5_000)]
    assert len(set(made)) == 5_000
    for place in range(3, 8):
        assert len({each[place] for each in made}) == len(ALPHABET)


@given(st.lists(REFERENCES), st.sampled_from([" ", ", ", "', 'case-", "\n", ""]))
def test_every_reference_of_a_text_is_found_and_nothing_else(
    found: list[str], between: str
) -> None:
    assert references_in(f"drawn again {between.join(found)}.") == set(found)
    wrong = [f"{each[:-1]}{'3' if each.endswith('2') else '2'}" for each in found]
    assert references_in(between.join([*wrong, *map(str.lower, found)])) == frozenset()
