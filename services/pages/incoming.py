"""How much of what a browser sends is taken in.

Law: no file is written to a disk as it came, and of one that is too large no more is kept than
tells so; the rest is read and forgotten, so that its sender can be told in the form.
"""

from io import BytesIO
from typing import Final

from flask import Request
from werkzeug.formparser import FormDataParser

LARGEST_FORM: Final = 64 * 1024
"""Bytes that a form without a file may have."""

LARGEST_WITH_FILE: Final = 32 * 1024 * 1024
"""Bytes that are read of a form with a file; who sends more is cut off."""


class BrowserRequest(Request):
    """A request of which at most `file_at_most` bytes of a file, and one more, are kept."""

    file_at_most: int = 0

    def make_form_data_parser(self) -> FormDataParser:
        """Return what reads the form; it writes files where they are bounded."""
        parser = super().make_form_data_parser()
        parser.stream_factory = lambda *_, **__: _Beginning(self.file_at_most + 1)
        return parser


class _Beginning(BytesIO):
    """The first `most` bytes of what is written to it."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, given: bytes) -> int:  # type: ignore[override]  # only bytes come here
        """Keep what there is room for, and say that all of it was taken."""
        super().write(given[: max(0, self._most - self.tell())])
        return len(given)
