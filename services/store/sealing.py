"""Personal data under a key of the case's own, and an index that can search it blindly.

Law: a case's key is stored only wrapped by the master key, and its destruction is final: whoever
reads starts from the wrapped bytes that the database holds now, never from a remembered key.
"""

import hashlib
import hmac
import os
import unicodedata
from binascii import Error as Base64Fault
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.store.errors import StoreFault

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
ALTERED: Final = "the sealed data was altered, moved, or sealed by another key"
# The first byte of a wrapped key says how it was wrapped: before, by a master key that it does not
# name; now, by the one whose name follows.
_NAMELESS: Final = b"\x01"
_NAMED: Final = b"\x02"
_NAME_BYTES: Final = 8


class SealBroken(StoreFault):
    """Sealed data does not open: another key, another place, or altered bytes."""


class MasterKeyChanged(SealBroken):
    """Another master key took the place of the one that this process was told."""


class CaseKey:
    """The key that seals one person's data; never stored and never shown."""

    __slots__ = ("_cipher",)

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def seal(self, plain: bytes, place: bytes) -> str:
        """Base64 of nonce, ciphertext and tag; opens only for the same `place`."""
        return b2a_base64(self.seal_bytes(plain, place), newline=False).decode("ascii")

    def open(self, sealed: str, place: bytes) -> bytes:
        """What was sealed for `place`; raises `SealBroken`."""
        try:
            raw = a2b_base64(sealed, strict_mode=True)
        except (Base64Fault, ValueError) as fault:
            raise SealBroken(ALTERED) from fault
        return self.open_bytes(raw, place)

    def seal_bytes(self, plain: bytes, place: bytes) -> bytes:
        """Nonce, ciphertext and tag as they are; opens only for the same `place`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place)

    def open_bytes(self, sealed: bytes, place: bytes) -> bytes:
        """What `seal_bytes` sealed for `place`; raises `SealBroken`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
        except (InvalidTag, ValueError) as fault:
            raise SealBroken(ALTERED) from fault


def name_of(master_key: bytes) -> bytes:
    """Return what a master key is known by, which tells nothing of it."""
    return hmac.digest(master_key, b"name of a master key", hashlib.sha256)[:_NAME_BYTES]


class CaseKeys:
    """Makes and unwraps the keys of cases with the master key, of 32 bytes.

    What a `former` one wrapped is unwrapped too, until it was wrapped anew. The last `remembered`
    keys stay unwrapped in memory, found by their wrapped bytes only.
    """

    def __init__(self, master_key: bytes, former: bytes = b"", *, remembered: int = 20_000) -> None:
        told = (master_key, former) if former else (master_key,)
        for each in told:
            if len(each) != KEY_BYTES:
                raise ValueError(f"the master key has {len(each)} bytes, not {KEY_BYTES}")
        self._masters = {name_of(each): AESGCM(each) for each in told}
        self.name = name_of(master_key)
        self.former = tuple(name for name in self._masters if name != self.name)
        self.prefix = _NAMED + self.name
        self._unwrapped = lru_cache(maxsize=remembered)(self._unwrap)

    def __repr__(self) -> str:
        return "CaseKeys(…)"

    @property
    def prefixes(self) -> tuple[bytes, ...]:
        """What a key begins with that one of these master keys has wrapped."""
        return tuple(_NAMED + each for each in self._masters)

    def mint(self, reference: str) -> bytes:
        """A new key for a case, wrapped."""
        return self._wrap(reference, os.urandom(KEY_BYTES))

    def unwrap(self, reference: str, wrapped: bytes) -> CaseKey:
        """The key of a case; raises `SealBroken` under another master key or reference."""
        return self._unwrapped(reference, wrapped)

    def unwrapped(self, wrapped: Mapping[str, bytes]) -> Callable[[str], CaseKey | None]:
        """Return what gives the key of each of these cases, None for any other.

        It raises `SealBroken` for a key that does not open: that is a fault of its case alone.
        Raises `MasterKeyChanged` at once: then the fault is in what this process was told.
        """
        keys: dict[str, CaseKey] = {}
        broken: dict[str, str] = {}
        for reference, each in wrapped.items():
            try:
                keys[reference] = self.unwrap(reference, each)
            except MasterKeyChanged:
                raise
            except SealBroken as fault:
                broken[reference] = str(fault)

        def key_of(reference: str) -> CaseKey | None:
            if reference in broken:
                raise SealBroken(broken[reference])
            return keys.get(reference)

        return key_of if broken else keys.get

    def wrapped_anew(self, reference: str, wrapped: bytes) -> bytes:
        """The same key wrapped by the master key of now; raises `SealBroken`."""
        secret = self._secret(reference, wrapped)
        anew = self._wrap(reference, secret)
        if self._secret(reference, anew) != secret:
            raise SealBroken(f"the key of case {reference} could not be wrapped anew")
        return anew

    def forget(self) -> None:
        """No unwrapped key is left in memory."""
        self._unwrapped.cache_clear()

    def _wrap(self, reference: str, secret: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._masters[self.name].encrypt(nonce, secret, reference.encode())
        return self.prefix + nonce + sealed

    def _unwrap(self, reference: str, wrapped: bytes) -> CaseKey:
        return CaseKey(self._secret(reference, wrapped))

    def _secret(self, reference: str, wrapped: bytes) -> bytes:
        how, rest = wrapped[:1], wrapped[1:]
        if how == _NAMED:
            name, rest = rest[:_NAME_BYTES], rest[_NAME_BYTES:]
            if name not in self._masters:
                raise MasterKeyChanged(
                    f"the key of case {reference} was wrapped by the master key {name.hex()}, "
                    "which is neither QMAS_MASTER_KEY nor QMAS_MASTER_KEY_FORMER"
                )
            masters = [self._masters[name]]
        elif how == _NAMELESS:
            masters = [*self._masters.values()]
        else:
            raise SealBroken(f"the key of case {reference} is wrapped in an unknown way")
        for master in masters:
            with suppress(InvalidTag, ValueError):
                return master.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], reference.encode())
        raise SealBroken(f"the key of case {reference} does not open: is it another master key?")


class BlindIndex:
    """Equal texts give equal tokens, and without the key (32 bytes) a token says nothing."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the blind index's key has {len(key)} bytes, not {KEY_BYTES}")
        self._key = key

    def __repr__(self) -> str:
        return "BlindIndex(…)"

    def token(self, kind: str, text: str) -> bytes:
        """32 bytes for a text of a kind; case, width and runs of spaces make no difference."""
        plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        return hmac.digest(self._key, f"{kind}\0{plain}".encode(), hashlib.sha256)
