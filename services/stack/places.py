"""Where the embedded servers keep their files.

Everything is in one data folder, `home`. Two things may have to be elsewhere: PostgreSQL's own
folder, when we are root and `home` lies where its unprivileged user cannot go, and the sockets,
when `home` is so deep that a socket's path would be longer than the system allows. No permission
of a folder that we did not make is ever changed.
"""

import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.stack.accounts import Account, may_enter, server_account
from services.stack.errors import StackFault
from services.stack.keys import kept

SOCKET_PATH_LIMIT = 107  # bytes of sockaddr_un.sun_path less its final NUL
_LONGEST_SOCKET_NAME = "/.s.PGSQL.5432.lock"
_SHARED_PLACES = (Path("/var/lib/qmas"), Path("/var/tmp/qmas-root"))  # noqa: S108 - checked below
_SHORT_PLACES = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - a private folder is made below it
_LOCK_PAUSE = 0.05
_PRIVATE = 0o700
_PASSED = 0o711  # others may pass through to PostgreSQL's folder, and list nothing
_SECRETS = "secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders of one installation; `account` is who PostgreSQL runs as, None for ourselves."""

    home: Path
    account: Account | None
    cluster: Path
    postgres_sockets: Path
    redis_sockets: Path

    @property
    def log(self) -> Path:
        """Where every process writes what it has to say."""
        return self.home / "log"

    @property
    def run(self) -> Path:
        """Where process files and locks are."""
        return self.home / "run"

    @property
    def mail(self) -> Path:
        """Where caught messages land, one file each."""
        return self.home / "mail"

    @property
    def secrets(self) -> Path:
        """Where generated secrets are kept."""
        return self.home / _SECRETS

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.cluster / "data"


def settle(home: Path) -> Places:
    """Return the places of `home`, making the folders in it that are missing.

    The same home always gives the same places; what lies outside it is made by the server that
    needs it (`make_private`). Raises StackFault when a folder cannot be made.
    """
    home = home.absolute()
    _make(home, _PASSED)
    for name in ("log", "run", "mail", _SECRETS, "redis"):
        _make(home / name, _PRIVATE)
    account = server_account()
    cluster = _cluster(home, account)
    return Places(
        home=home,
        account=account,
        cluster=cluster,
        postgres_sockets=_sockets(cluster.parent / "postgres-sockets", account),
        redis_sockets=_sockets(home / "redis", None),
    )


def secrets_folder(home: Path) -> Path:
    """Return where the secrets of `home` are kept, and make no more of its places than that.

    Whoever has servers of its own so asks no other user where these can go, which takes a process.
    Raises StackFault when a folder cannot be made.
    """
    home = home.absolute()
    _make(home, _PASSED)
    _make(home / _SECRETS, _PRIVATE)
    return home / _SECRETS


@contextmanager
def locked(places: Places, name: str, *, seconds: float = 180.0) -> Iterator[None]:
    """Hold the lock `name` of this home: one process at a time. The kernel frees it if we die.

    Raises StackFault when another process still holds it after that many seconds.
    """
    path = places.run / f"{name}.lock"
    until = time.monotonic() + seconds
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise StackFault(
                        f"another process has held {path} for {seconds:.0f} s; "
                        f"let it finish or end it, then try again"
                    ) from None
                time.sleep(_LOCK_PAUSE)
        yield


def make_private(folder: Path, account: Account | None) -> None:
    """See to it that `folder` is one that only the account (None: we) can enter, or StackFault."""
    _make(folder.parent, 0o711)
    _make(folder, _PRIVATE, account)


def shared_place(name: str) -> Path:
    """Make and return a folder of root's that every user may enter, outside any closed home."""
    folder = _shared_parent() / name
    _make(folder, 0o755)
    return folder


def _shared_parent() -> Path:
    """The first of the known places that is there, or can be made, and is only ours to change."""
    for parent in _SHARED_PLACES:
        try:
            if not os.path.lexists(parent):
                _make_at_once(parent, 0o755, None)
            if _is_only_ours(parent):
                return parent
        except OSError:
            continue
    raise StackFault(
        "neither of the folders "
        + " and ".join(map(str, _SHARED_PLACES))
        + " can be made or trusted; set QMAS_HOME to a folder that every user may enter"
    )


def _cluster(home: Path, account: Account | None) -> Path:
    """PostgreSQL's folder: in `home`, or where it was put at the first start.

    A place elsewhere has a name never used before, so that a home which was deleted and made anew
    does not meet the data, and the passwords, of the old one.
    """
    inside, remembered = home / "postgres", home / "postgres.place"
    if remembered.exists():
        return Path(os.fsdecode(remembered.read_bytes()))
    # What is there stays there: asked again, a machine out of processes would answer no, and the
    # office would begin anew in an empty place.
    if (inside / "data").exists() or may_enter(account, home):
        return inside
    place = kept(remembered, lambda: os.fsencode(_new_place() / "postgres"))
    return Path(os.fsdecode(place))


def _new_place() -> Path:
    return _shared_parent() / f"home-{secrets.token_hex(6)}"


def _sockets(preferred: Path, account: Account | None) -> Path:
    """`preferred`, or a private folder with a short path when a socket's name would not fit."""
    if len(os.fsencode(f"{preferred}{_LONGEST_SOCKET_NAME}")) <= SOCKET_PATH_LIMIT:
        return preferred
    uid = os.geteuid() if account is None else account.uid
    name = f"qmas-{uid}-{hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]}"
    for parent in _SHORT_PLACES:
        if parent.is_dir():
            return parent / name
    raise StackFault(
        f"{preferred} is too deep for a socket, and there is no folder "
        f"{' or '.join(map(str, _SHORT_PLACES))}; set QMAS_HOME to a shorter path"
    )


def _make(folder: Path, mode: int, account: Account | None = None) -> None:
    """See to it that `folder` is a directory with `mode` if new, ours or the account's.

    Raises StackFault when it is not, or when a private one belongs to somebody else.
    """
    owner = os.geteuid() if account is None else account.uid
    try:
        if not os.path.lexists(folder):
            _make_at_once(folder, mode, account)
        found = folder.lstat() if mode == _PRIVATE else folder.stat()
    except OSError as fault:
        raise StackFault(_unusable(folder, fault.strerror or str(fault))) from fault
    if not stat.S_ISDIR(found.st_mode):
        raise StackFault(_unusable(folder, "it is not a directory"))
    if mode == _PRIVATE and found.st_uid != owner:
        raise StackFault(_unusable(folder, f"it belongs to user {found.st_uid}, not {owner}"))
    if account is None and not os.access(folder, os.W_OK | os.X_OK):
        raise StackFault(_unusable(folder, "it is not writable"))


def _make_at_once(folder: Path, mode: int, account: Account | None) -> None:
    """Make it under another name first: nobody sees it before its mode and owner are right."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}")
    draft.mkdir(mode=_PRIVATE)
    try:
        if mode != _PRIVATE:
            draft.chmod(mode)
        if account is not None:
            os.chown(draft, account.uid, account.gid, follow_symlinks=False)
        draft.rename(folder)
    except OSError:
        draft.rmdir()
        if not folder.is_dir():  # else another process was first, and its folder is as good
            raise


def _unusable(folder: Path, reason: str) -> str:
    return (
        f"the folder {folder} cannot be used: {reason}; "
        f"make it writable, or name another data folder with QMAS_HOME"
    )


def _is_only_ours(folder: Path) -> bool:
    """True for a real directory of ours that nobody else can plant anything in."""
    found = folder.lstat()
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )
