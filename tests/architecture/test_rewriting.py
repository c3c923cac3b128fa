"""Modules that were rewritten before a run are what pytest itself makes of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rewriting import rewrite, rewritten


def test_what_was_rewritten_beforehand_is_run_and_explains_itself(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    module = tmp_path / "test_sum.py"
    module.write_text("def test_sum():\n    kept = 1\n    assert kept + 1 == 3\n")
    rewrite([module], pytestconfig)
    made = rewritten(module).stat()
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", module.name],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "assert (1 + 1) == 3" in run.stdout
    assert rewritten(module).stat().st_ino == made.st_ino, "pytest found it and made it no more"


def test_what_was_rewritten_is_rewritten_again_only_when_it_changes(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    module = tmp_path / "test_sum.py"
    module.write_text("def test_sum():\n    assert 1 + 1 == 3\n")
    rewrite([module], pytestconfig)
    first = rewritten(module).stat().st_ino
    rewrite([module], pytestconfig)
    assert rewritten(module).stat().st_ino == first
    module.write_text("def test_sum():\n    assert 1 + 1 == 4\n")
    rewrite([module], pytestconfig)
    assert rewritten(module).stat().st_ino != first
