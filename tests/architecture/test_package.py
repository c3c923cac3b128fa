"""What is installed is what is in the tree, on the versions of Python that are promised."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import PACKAGES, ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("requirements.lock", "requirements-production.lock")


def data_files(package: Path) -> set[Path]:
    """Return every file of a package that is not code, but what only the tree needs."""
    return {
        file
        for file in package.rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"} and not file.name.startswith(".")
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_data_file_of_a_package_is_installed_with_it(package: str) -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"].get(package, [])
    taken = {file for pattern in patterns for file in (ROOT / package).glob(pattern)}
    assert data_files(ROOT / package) <= taken


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_of_code_is_a_package(package: str) -> None:
    folders = {file.parent for file in (ROOT / package).rglob("*.py")}
    bare = {folder for folder in folders if not (folder / "__init__.py").exists()}
    # Alembic reads its versions as files.
    assert bare <= {ROOT / "migrations" / "versions"}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_hashes_and_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    pinned = re.findall(r"^([a-z0-9._-]+(?:\[[a-z,]+\])?)==", text, re.MULTILINE)
    assert pinned
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(pinned)
    assert "://" not in text


def test_production_has_the_same_versions_and_no_tools_of_development() -> None:
    whole, production = (
        dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
        for lock in LOCKS
    )
    assert production.items() <= whole.items()
    assert not {"pytest", "mypy", "ruff", "hypothesis", "eventsourcing"} & set(production)


def test_every_dependency_is_locked() -> None:
    asked = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
    ]
    names = {re.split(r"[^A-Za-z0-9._-]", each)[0].lower() for each in asked}
    text = (ROOT / LOCKS[0]).read_text("utf-8")
    assert names <= set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
