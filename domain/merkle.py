"""The tree of hashes over the log: what was in it cannot be altered, left out or put in later.

The tree of RFC 9162: a leaf is SHA-256 of 0x00 and the entry (the database computes those), an
inner node SHA-256 of 0x01 and its two children, and the left subtree is the largest complete one.
Positions here count from 0; position N of the log is leaf N - 1.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """A tree so far: its size, and the roots of its complete subtrees, the largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def extended(self, leaves: Iterable[bytes]) -> "Frontier":
        """The tree with these leaves after the present ones; costs no more than their number."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            node, carried = leaf, size
            while carried & 1:
                node = _node(peaks.pop(), node)
                carried >>= 1
            peaks.append(node)
            size += 1
        return Frontier(size=size, peaks=tuple(peaks))

    def root(self) -> bytes:
        """The hash that stands for the whole tree."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = _node(peak, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaves."""
    return Frontier().extended(leaves).root()


def prove_inclusion(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes with which the leaf at `index` leads to the root, from the bottom up."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return (*prove_inclusion(left, index), root_of(right))
    return (*prove_inclusion(right, index - split), root_of(left))


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """True when the proof shows that `leaf` is at `index` of the tree of `size` with `root`."""
    if not 0 <= index < size:
        return False
    path, last, node = index, size - 1, leaf
    for beside in proof:
        if last == 0:
            return False
        if path & 1 or path == last:
            node = _node(beside, node)
            while path and not path & 1:
                path, last = path >> 1, last >> 1
        else:
            node = _node(node, beside)
        path, last = path >> 1, last >> 1
    return last == 0 and node == root


def prove_consistency(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """The hashes that show that the tree's first leaves are the earlier tree of `first` leaves."""
    if not 0 < first <= len(leaves):
        raise IndexError(f"a tree of {len(leaves)} did not grow from one of {first}")
    return _consistency(leaves, first, is_whole=True)


def extends(sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> bool:
    """True when the proof shows that the second tree begins with all of the first."""
    (first, second), (old_root, new_root) = sizes, roots
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and old_root == new_root
    # A first tree that is one complete subtree is not repeated in its own proof.
    path = (old_root, *proof) if first & (first - 1) == 0 else tuple(proof)
    if not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = _node(beside, old), _node(beside, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = _node(new, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _consistency(leaves: Sequence[bytes], first: int, *, is_whole: bool) -> tuple[bytes, ...]:
    if first == len(leaves):
        return () if is_whole else (root_of(leaves),)
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if first <= split:
        return (*_consistency(left, first, is_whole=is_whole), root_of(right))
    return (*_consistency(right, first - split, is_whole=False), root_of(left))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
