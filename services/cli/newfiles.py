"""A file that a command makes for its owner alone, whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a new file that its owner alone can read; it is gone again where this is left by error.

    Fails in words where there is a file already, or none can be made.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as fault:
        raise click.ClickException(f"{path} is there already; name a new file") from fault
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
