"""What a web process counts, in memory and in a file that the other web processes read.

Law: a disk without room ends nobody, nor does a file that is not whole. The files are those of
`prometheus_client`, which would map them into memory: there the kernel kills whoever writes where
the disk has no room. Here they are written, and what cannot be is counted in memory until it can.
"""

import os
import struct
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

_LENGTH: Final = struct.Struct("i4x")
_FIGURE: Final = struct.Struct("dd")

_NOT_WHOLE: Final = (struct.error, RuntimeError)
"""What `prometheus_client` raises of a file that is empty or cut off."""

_log: Final = structlog.get_logger(__name__)


def write_figures() -> None:
    """Every figure that this process counts from now on is held by `Figures`."""
    vars(values)["MmapedDict"] = Figures


class Figures:
    """The figures of one process by their keys, in a file that is there whole or not at all.

    What the file tells never falls, and it is what is held as soon as there is room for that. One
    that was there and is not whole is written anew.
    """

    def __init__(self, filename: str) -> None:
        self._path = Path(filename)
        self._file: int | None = None
        self._is_behind = True
        self._was_told = False
        self._held = bytearray(_LENGTH.pack(_LENGTH.size))
        self._places: dict[str, int] = {}
        if self._path.exists():  # an earlier process had this one's number: its figures count on
            for key, value, at in self._kept():
                _FIGURE.pack_into(self._held, self._place(key), value, at)

    def read_value(self, key: str) -> tuple[float, float]:
        """Return a figure, at first 0, and the time that was given with it."""
        if key not in self._places:
            self.write_value(key, 0.0, 0.0)
        value, at = _FIGURE.unpack_from(self._held, self._places[key])
        return value, at

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """The figure is held; the file has it too, or the log says why it has not."""
        place = self._place(key)
        _FIGURE.pack_into(self._held, place, value, timestamp)
        try:
            self._write(place)
            self._was_told = False
        except OSError as fault:
            self._is_behind = True
            if not self._was_told:
                _log.warning("figures_not_written", file=self._path.name, fault=fault.strerror)
            self._was_told = True

    def close(self) -> None:
        """The file is left as it is."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _kept(self) -> list[tuple[str, float, float]]:
        """Return what the file tells; nothing, and the log says so, where it is not whole."""
        try:
            found = list(MmapedDict.read_all_values_from_file(str(self._path)))  # type: ignore[no-untyped-call]  # it has no types
        except _NOT_WHOLE as fault:
            _log.warning("figures_begun_anew", file=self._path.name, fault=str(fault))
            return []
        return [(key, value, at) for key, value, at, _ in found]

    def _place(self, key: str) -> int:
        """Return where the figure is among what is held, after it was made if there was none."""
        if key not in self._places:
            name = key.encode()
            padding = b" " * (8 - (len(name) + 4) % 8)
            self._held += struct.pack("i", len(name)) + name + padding
            self._places[key] = len(self._held)
            self._held += _FIGURE.pack(0.0, 0.0)
            _LENGTH.pack_into(self._held, 0, len(self._held))
            self._is_behind = True
        return self._places[key]

    def _write(self, place: int) -> None:
        """The file has that figure, and all others where it was behind."""
        if self._file is None:
            self._file = self._made()
        elif self._is_behind:
            # Nobody reads further than the length says, so it is written last.
            _put(self._file, self._held[_LENGTH.size :], _LENGTH.size)
            _put(self._file, self._held[: _LENGTH.size], 0)
        else:
            _put(self._file, self._held[place : place + _FIGURE.size], place)
        self._is_behind = False

    def _made(self) -> int:
        """Return the file, with all that is held."""
        draft = self._path.with_name(f".{self._path.name}.draft")
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _put(file, self._held, 0)
            draft.replace(self._path)
        except OSError:
            os.close(file)
            draft.unlink(missing_ok=True)
            raise
        return file


def _put(file: int, what: bytes | bytearray, at: int) -> None:
    """All of it is written there; the last of a full disk is taken before it is said that it is."""
    while what:
        written = os.pwrite(file, what, at)
        what, at = what[written:], at + written
