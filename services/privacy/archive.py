"""An archive as a stream of bytes: the same entries make the same bytes, wherever it is written.

Law: no more than one entry is in memory at a time. Nothing is compressed, for that differs from one
library to the next, and pictures and PDFs are compressed already.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Final

_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_OWN_ALONE: Final = 0o600 << 16
_UNIX: Final = 3


class _Stretch(io.RawIOBase):
    """A stream that only goes on; what was written since it was last taken is in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object) -> int:
        """The bytes come after all before them."""
        plain = bytes(memoryview(data))  # type: ignore[arg-type]  # the base class takes any buffer
        self._written.append(plain)
        return len(plain)

    def taken(self) -> list[bytes]:
        """Return what was written since this was last asked."""
        taken, self._written = self._written, []
        return taken


def archived(entries: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield the bytes of a ZIP archive that holds these entries, by their names in order."""
    out = _Stretch()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, date_time=_LONG_AGO)
            entry.create_system, entry.external_attr = _UNIX, _OWN_ALONE
            archive.writestr(entry, content)
            yield from out.taken()
    yield from out.taken()
