"""`qmas keys`: the master key, what it wraps, and another one in its place."""

import base64
import secrets
import sys
from pathlib import Path
from typing import Final

import click

from domain.errors import Reportable
from domain.looks import What
from services.cli.asking import looking, office, settings, tell
from services.cli.newfiles import new_file
from services.settings import Settings
from services.store import CaseKeys
from services.store.rewrapping import counts, rewrap
from services.store.sealing import KEY_BYTES, name_of

_TO: Final = click.Path(path_type=Path, dir_okay=False)


class NoOwner(Reportable):
    """Only the schema's owner may write wrapped keys, and nobody said how to be it."""


@click.group()
def keys() -> None:
    """The master key, which wraps the key of every case."""


@keys.command()
def status() -> None:
    """Say how many keys are wrapped by which master key; a key is named, and never shown."""
    told = settings()
    now = name_of(told.master_key).hex()
    known = {now: "QMAS_MASTER_KEY", None: "a key that is not named: by an earlier version"}
    if told.master_key_former:
        known[name_of(told.master_key_former).hex()] = "QMAS_MASTER_KEY_FORMER"
    found = counts(told.database_url)
    for name, count in {now: 0, **found}.items():
        click.echo(f"{count:>10}  {name or '-':16}  {known.get(name, 'a key that is not told')}")
    click.echo(_advice(told, found))


@keys.command()
@click.option("--to-file", "target", type=_TO, help="Make a new master key there, as a first step.")
def rotate(target: Path | None) -> None:
    """Have every key wrapped by QMAS_MASTER_KEY, while everybody works.

    What QMAS_MASTER_KEY_FORMER wrapped is wrapped anew, and nothing is wrapped by that any more: a
    process that does not know QMAS_MASTER_KEY yet is refused. Broken off, it is run again. Exit
    status 1 when a key opens by neither, which is named, or is held by others all the time. With
    `--to-file` a new key is made and nothing is wrapped by it yet, for no process knows it.
    """
    if target is not None:
        _make(target)
        return
    told = settings()
    if told.owner_database_url is None:
        raise NoOwner("QMAS_OWNER_DATABASE_URL is missing: only the schema's owner may do this")
    wrapping = CaseKeys(told.master_key, told.master_key_former, remembered=1)
    found = rewrap(told.owner_database_url, wrapping, _tell)
    wrapped = f"{found.done} keys were wrapped anew by {wrapping.name.hex()}"
    if found.unopened:
        closed = (f"the key of {each} opens by no master key told" for each in found.unopened)
        with office() as opened:
            tell(opened, looking(What.CASE), closed, err=True)
    if found.held:
        click.echo(f"{found.held} keys are held by others all the time: run this again", err=True)
    if found.unopened or found.held:
        click.echo(f"{wrapped}, and not all")
        sys.exit(1)
    click.echo(f"{wrapped}; no other key is in use")


def _make(target: Path) -> None:
    """A new master key is in a file that its owner alone can read; it is named, and not shown."""
    made = secrets.token_bytes(KEY_BYTES)
    with new_file(target) as file:
        file.write(base64.b64encode(made) + b"\n")
    click.echo(f"A new master key is in {target}; its name is {name_of(made).hex()}")
    click.echo("Tell it as QMAS_MASTER_KEY_FILE and the one of now as QMAS_MASTER_KEY_FORMER_FILE,")
    click.echo("restart every process, and then run `qmas keys rotate`")


def _tell(done: int) -> None:
    click.echo(f"{done} so far", err=True)


def _advice(told: Settings, found: dict[str | None, int]) -> str:
    if found.keys() - {name_of(told.master_key).hex()}:
        return "run `qmas keys rotate`, which wraps the others anew"
    if told.master_key_former:
        return "QMAS_MASTER_KEY_FORMER is not needed any more: take it away"
    return "all are wrapped by QMAS_MASTER_KEY"


COMMANDS: Final = (keys,)
