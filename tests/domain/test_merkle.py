import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    extends,
    includes,
    prove_consistency,
    prove_inclusion,
    root_of,
)

# The eight entries and roots that implementations of RFC 6962 test each other with.
ENTRIES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
LAST = "606162636465666768696a6b6c6d6e6f"
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


KNOWN = [leaf(bytes.fromhex(each)) for each in (*ENTRIES, LAST)]
LEAVES = [leaf(str(number).encode()) for number in range(70)]
SIZES = st.integers(min_value=1, max_value=len(LEAVES))


@pytest.mark.parametrize("size", sorted(ROOTS))
def test_roots_are_those_of_the_standard(size: int) -> None:
    assert root_of(KNOWN[:size]).hex() == ROOTS[size]


def test_a_tree_of_nothing_has_a_root() -> None:
    assert root_of([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@given(size=SIZES, cut=st.integers(min_value=0, max_value=len(LEAVES)))
def test_a_tree_grown_in_steps_is_the_tree_grown_at_once(size: int, cut: int) -> None:
    grown = Frontier().extended(LEAVES[: min(cut, size)]).extended(LEAVES[min(cut, size) : size])

    assert grown == Frontier().extended(LEAVES[:size])
    assert grown.size == size


@given(data=st.data(), size=SIZES)
def test_every_leaf_can_be_proved_and_no_other_in_its_place(data: st.DataObject, size: int) -> None:
    leaves, root = LEAVES[:size], root_of(LEAVES[:size])
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof = prove_inclusion(leaves, index)

    assert includes(leaves[index], index, size, proof, root)
    assert not includes(leaf(b"forged"), index, size, proof, root)
    assert not includes(leaves[index], index, size, (*proof, EMPTY_ROOT), root)
    assert not includes(leaves[index], index, size, proof[:-1], root) or not proof
    assert not any(
        includes(leaves[index], other, size, proof, root) for other in range(size) if other != index
    )


@given(data=st.data(), size=SIZES)
def test_a_tree_extends_each_of_its_beginnings_and_nothing_else(
    data: st.DataObject, size: int
) -> None:
    first = data.draw(st.integers(min_value=1, max_value=size))
    leaves = LEAVES[:size]
    altered = [leaf(b"forged"), *LEAVES[1:first]]
    roots = (root_of(leaves[:first]), root_of(leaves))
    proof = prove_consistency(leaves, first)

    assert extends((first, size), roots, proof)
    assert not extends((first, size), (root_of(altered), roots[1]), proof)
    assert not extends((first, size), (roots[0], root_of([*altered, *leaves[first:]])), proof)
    assert not extends((first, size), roots, (*proof, EMPTY_ROOT))
    assert not extends((size + 1, size), roots, proof)


def test_what_is_not_in_the_tree_cannot_be_proved() -> None:
    with pytest.raises(IndexError, match="no leaf 3 in a tree of 3"):
        prove_inclusion(LEAVES[:3], 3)
    with pytest.raises(IndexError, match="did not grow from one of 4"):
        prove_consistency(LEAVES[:3], 4)
    assert not includes(LEAVES[0], 1, 1, (), LEAVES[0])
    assert not extends((0, 3), (EMPTY_ROOT, root_of(LEAVES[:3])), ())
