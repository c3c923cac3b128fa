"""Modules of tests are made ready for pytest once, before the processes of a run start.

For pytest to rewrite what they assert takes longer than all else in collecting them, and processes
that begin at once would each do it for themselves. pytest has no door to it: what is private here
is pinned by the lock file, and a test tells when it changes.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.assertion.rewrite import (
    PYC_TAIL,
    _read_pyc,
    _rewrite_test,
    _write_pyc,
    assertstate_key,
    get_cache_dir,
)


def modules() -> list[Path]:
    """Return every module of the suite that pytest rewrites by its name."""
    here = Path(__file__).parent
    return sorted([*here.rglob("test_*.py"), *here.rglob("conftest.py")])


def rewrite(files: Iterable[Path], config: pytest.Config) -> None:
    """The rewritten code of every file is where pytest looks for it; as many help as there are."""
    stale = [each for each in files if _read_pyc(each, rewritten(each)) is None]
    count = min(len(stale), os.cpu_count() or 1)
    helpers = [_begin(stale[number::count], config) for number in range(count)]
    for each in helpers:
        _, status = os.waitpid(each, 0)
        if status:
            raise RuntimeError("a module of tests could not be rewritten; its fault is told above")


def rewritten(file: Path) -> Path:
    """Return where the rewritten code of a file is kept."""
    return get_cache_dir(file) / f"{file.stem}{PYC_TAIL}"


def _begin(files: list[Path], config: pytest.Config) -> int:
    """Return the id of a process that rewrites files and ends."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        for each in files:
            digest, code = _rewrite_test(each, config)
            rewritten(each).parent.mkdir(exist_ok=True)
            _write_pyc(config.stash[assertstate_key], code, digest, rewritten(each))
        status = 0
    finally:
        os._exit(status)
