"""The unprivileged account that runs PostgreSQL when we are root.

PostgreSQL refuses to run as root, and `initdb` looks its own user up by name, so the account must
be one the machine already knows. Where we are not root, every server simply runs as ourselves.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.stack.errors import StackFault

_CANDIDATES = ("nobody", "daemon")  # present on every Linux, and never with rights of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine that a child process is to run as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Who PostgreSQL runs as; None for "whoever we are", which is so unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise StackFault(
        f"PostgreSQL does not run as root and this machine has none of the users "
        f"{', '.join(_CANDIDATES)}; run as an ordinary user, or set QMAS_DATABASE_URL"
    )


def may_enter(account: Account | None, folder: Path) -> bool:
    """True when `account` can reach and enter `folder` as the permissions stand."""
    if account is None:
        return os.access(folder, os.X_OK)
    return _succeeds(account, 'cd "$1"', str(folder))


def may_run(account: Account | None, program: Path) -> bool:
    """True when `account` can execute `program` with its libraries (asked for its version)."""
    if account is None:
        return os.access(program, os.X_OK)
    return _succeeds(account, '"$1" --version', str(program))


def _succeeds(account: Account, script: str, argument: str) -> bool:
    """Try it as that user: permission bits alone would miss ACLs, mounts and security modules."""
    tried = subprocess.run(  # noqa: S603 - a fixed script; the argument is our own path
        ["/bin/sh", "-c", script, "sh", argument],
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0
