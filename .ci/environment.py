"""Leaves a complete environment in `.venv`: exactly the locked packages, and this project.

Run it with the Python that the environment is to have. It does nothing when the environment is
complete already; it starts afresh when the lock changed, when the folder was moved, when its
Python is gone, or when an earlier run was interrupted. Two runs at once wait for each other.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
PROVIDER = ROOT / "tests" / "integration" / "oidc"
OURS = ("domain", "rulesets", "services", "workers", "migrations")
QUIET = ("--disable-pip-version-check", "--no-input", "--quiet")


def main() -> None:
    """Bring the environment up to date, or end with a line that says what failed."""
    with LOCK.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            install_packages()
            install_project()
            install_provider()
        except subprocess.CalledProcessError as failed:
            command = " ".join(map(str, failed.cmd))
            sys.exit(f"The environment is incomplete: `{command}` ended with {failed.returncode}")


def install_packages() -> None:
    """Install every locked package into an empty environment, unless that was done."""
    stamp, wanted = VENV / ".packages", seal(LOCK)
    if holds(stamp, wanted) and runs():
        return
    began = time.monotonic()
    print(f"Building .venv with Python {sys.version.split()[0]} ({sys.executable})", flush=True)
    make_empty()
    print("Installing the locked packages (a minute or two the first time)", flush=True)
    exact = ("--require-hashes", "--only-binary=:all:", "--requirement", str(LOCK))
    pip("install", "--no-compile", *exact)
    compile_all(VENV / "lib")
    stamp.write_text(wanted)
    print(f"Built in {time.monotonic() - began:.0f} s", flush=True)


def install_project() -> None:
    """Install this project, editable and without asking an index, unless that was done."""
    stamp, wanted = VENV / ".project", seal(PROJECT)
    if holds(stamp, wanted):
        return
    pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT))
    pip("check")
    compile_all(*(ROOT / each for each in OURS))
    stamp.write_text(wanted)


def install_provider() -> None:
    """Install the OpenID provider that some tests sign in with, where Node is at hand.

    Without it those tests are skipped; nothing else needs it, so that no failure is one of ours.
    It is tried once for each content of its lock.
    """
    stamp, wanted = VENV / ".provider", seal(PROVIDER / "package-lock.json")
    if holds(stamp, wanted):
        return
    stamp.write_text(wanted)
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        print("No Node.js: tests with a real OpenID provider are skipped", flush=True)
        return
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
    try:
        subprocess.run(command, cwd=PROVIDER, check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError) as failed:
        print(
            f"npm gave no OpenID provider ({type(failed).__name__}): tests with it are skipped. "
            f"To try again: rm {stamp.relative_to(ROOT)}",
            flush=True,
        )


def make_empty() -> None:
    """Make an environment with nothing in it; without pip where Python cannot bring its own."""
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        # Some distributions keep ensurepip in a package of its own; their pip serves as well.
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], check=True)


def pip(*arguments: str) -> None:
    """Run pip on the environment: its own, or that of the Python it was made with."""
    own = any(VENV.glob("lib/python*/site-packages/pip"))
    program = [str(PYTHON), "-m", "pip"] if own else [sys.executable, "-m", "pip"]
    where = [] if own else ["--python", str(PYTHON)]
    # A user's own packages must not stand in for locked ones, nor root's be warned about.
    environment = {**os.environ, "PIP_USER": "0", "PIP_ROOT_USER_ACTION": "ignore"}
    command, *rest = arguments
    subprocess.run([*program, *where, command, *QUIET, *rest], check=True, env=environment)


def compile_all(*folders: Path) -> None:
    """Compile all Python in the folders, on every processor, which pip does on one.

    What is not of this version stays as it is: whoever imports it is told then.
    """
    program = [str(PYTHON), "-m", "compileall", "-qq", "-j", "0"]
    subprocess.run([*program, *map(str, folders)], check=False)


def runs() -> bool:
    """Say whether the environment's Python still starts."""
    try:
        return subprocess.run([str(PYTHON), "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def holds(stamp: Path, wanted: str) -> bool:
    """Say whether a stamp was left by a finished run over the same files in the same place."""
    return stamp.is_file() and stamp.read_text() == wanted


def seal(file: Path) -> str:
    """Return what tells one content of a file, at one place of the tree, from any other."""
    return f"{hashlib.sha256(file.read_bytes()).hexdigest()} {ROOT}\n"


if __name__ == "__main__":
    main()
