"""Importing the project does nothing, and the direction of imports is kept by a machine."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT

# Imports every module while refusing whatever reaches outside: a connection, a process, a written
# file. Reading is allowed, for modules are read.
_IMPORT_ALL = """
import sys, pkgutil, importlib

def refuse(event, args):
    if event in {"socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.posix_spawn"}:
        raise SystemExit(f"importing {current} does {event} {args}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise SystemExit(f"importing {current} writes {args[0]}")

current = "nothing"
names = []
for package in ("domain", "rulesets", "services", "workers"):
    module = importlib.import_module(package)
    names += [found.name for found in pkgutil.walk_packages(module.__path__, package + ".")]
sys.addaudithook(refuse)
for current in names:
    importlib.import_module(current)
print(len(names))
"""


def in_python(program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", program],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    """Return what import-linter says of a tree."""
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=tree,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="session")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tree / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def test_importing_every_module_reaches_nothing() -> None:
    done = in_python(_IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


def test_a_module_that_writes_on_import_would_be_noticed(tmp_path: Path) -> None:
    program = _IMPORT_ALL.replace("    importlib.import_module(current)\n", "    open('x', 'w')\n")
    done = in_python(program)
    assert "writes x" in done.stderr
    assert done.returncode == 1


def test_every_contract_on_imports_is_kept(copied_tree: Path) -> None:
    done = contracts(copied_tree)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


BAD: dict[str, str] = {
    "domain.bad_shell": "services.cases",
    "domain.bad_chance": "random",
    "domain.bad_schema": "msgspec",
    "services.bad_worker": "workers.queues",
    "services.bad_table": "sqlalchemy",
    "services.api.bad_query": "psycopg",
    "services.bad_page": "flask",
    "services.stack.bad_prompt": "click",
    "services.bad_task": "celery",
    "services.bad_span": "opentelemetry",
    "services.pages.bad_neighbour": "services.api.app",
    "services.store.bad_user": "services.cases",
}
"""Modules that must not be, and what each imports."""


@pytest.fixture(scope="session")
def told_of_bad(copied_tree: Path) -> str:
    """What is said of a tree with every bad module in it."""
    tree = copied_tree.with_name("bad-tree")
    shutil.copytree(copied_tree, tree)
    for module, imported in BAD.items():
        (tree / f"{module.replace('.', '/')}.py").write_text(f"import {imported}\n")
    done = contracts(tree)
    assert done.returncode == 1, done.stdout
    return done.stdout


@pytest.mark.parametrize("module", BAD)
def test_a_contract_finds_who_breaks_it(told_of_bad: str, module: str) -> None:
    assert f"{module} -> {BAD[module]} (l.1)" in told_of_bad


def test_every_contract_can_be_broken(told_of_bad: str) -> None:
    assert "Contracts: 0 kept" in told_of_bad
