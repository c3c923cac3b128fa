"""`qmas`: the commands by noun, each loaded only when it is asked for."""

import errno
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from inspect import cleandoc
from types import MappingProxyType
from typing import Final

import click
import structlog

from domain.errors import Reportable

MODULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "assess": "services.cli.assess",
        "audit": "services.cli.audit",
        "case": "services.cli.case",
        "command": "services.cli.command",
        "demo": "services.cli.demo",
        "documents": "services.cli.documents",
        "doctor": "services.cli.stack",
        "down": "services.cli.stack",
        "exercise": "services.cli.exercise",
        "explain": "services.cli.explain",
        "history": "services.cli.case",
        "import": "services.cli.filing",
        "keys": "services.cli.keys",
        "notifications": "services.cli.notifications",
        "populate": "services.cli.populate",
        "privacy": "services.cli.privacy",
        "projections": "services.cli.projections",
        "refile": "services.cli.filing",
        "rules": "services.cli.rules",
        "sessions": "services.cli.sessions",
        "statistics": "services.cli.statistics",
        "status": "services.cli.stack",
        "submit": "services.cli.filing",
        "tokens": "services.cli.tokens",
        "up": "services.cli.stack",
        "webhooks": "services.cli.webhooks",
        "work": "services.cli.work",
    }
)
"""Where each command lives; every module lists its own in COMMANDS."""

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Commands(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands, in order."""
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return the command of that name, None when there is none."""
        if cmd_name not in MODULES:
            return None
        commands: tuple[click.Command, ...] = import_module(MODULES[cmd_name]).COMMANDS
        return _told_whole(next(each for each in commands if each.name == cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is meant, or fail with the names that are nearly the same."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as fault:
            # click looks among what was imported, and nothing was.
            raise click.exceptions.NoSuchCommand(
                fault.command_name, possibilities=MODULES, ctx=ctx
            ) from None


def _told_whole(command: click.Command) -> click.Command:
    """Return the command, of which and of whose own a list tells the first sentences uncut."""
    if command.help and not command.short_help:
        command.short_help = " ".join(cleandoc(command.help).partition("\n\n")[0].split())
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        _told_whole(each)
    return command


@click.group(cls=Commands)
@click.version_option(package_name="qmas", prog_name="qmas")
@click.option("--trace", is_flag=True, help="Show where a fault of the program itself arose.")
@click.option("--home", help="The data folder (default: QMAS_HOME, or .qmas in this folder).")
@click.option("--database-url", help="Use this PostgreSQL instead of the embedded one.")
@click.option("--broker-url", help="Use this broker instead of the embedded Redis.")
@click.pass_context
def qmas(ctx: click.Context, /, *, trace: bool, **told: str | None) -> None:  # noqa: ARG001 - `main` reads it
    """Case management for a points-based admission scheme, on events."""
    ctx.obj = {f"QMAS_{option.upper()}": value for option, value in told.items() if value}


def main() -> None:
    """Run the command line; a fault is one clear line on standard error and exit status 2."""
    # What is said besides the answer never mixes with it.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        # Outside its standalone mode click returns the status of `ctx.exit` to whoever called.
        sys.exit(qmas.main(standalone_mode=False))
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.Abort:
        # The question that was left stands on a line that nothing has ended yet.
        print("\nqmas: stopped before it was done", file=sys.stderr)  # noqa: T201 - as below
        sys.exit(130)
    except click.ClickException as fault:
        fault.show()
        sys.exit(2)
    except Reportable as fault:
        # libpq goes on with a sentence on an indented line.
        text = str(fault).replace("\n\t", " ").strip()
        print(f"qmas: {text}", file=sys.stderr)  # noqa: T201 - the command line speaks here
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(141)
    except Exception as fault:
        if "--trace" in sys.argv:
            raise
        sys.exit(_tell(fault))


def _tell(fault: Exception) -> int:
    """Tell a fault that nobody expected in one line; return the exit status."""
    if isinstance(fault, OSError) and (_output_is_lost() or fault.errno in _NO_ROOM):
        # What is longer than a buffer is not kept in one: nothing of it is left to be written
        # again. Of the output a fault tells no name.
        what = fault.filename if fault.errno in _NO_ROOM and fault.filename else "the output"
        print(f"qmas: cannot write {what}: {fault.strerror}", file=sys.stderr)  # noqa: T201 - as in `main`
        return 2
    # A fault of the program: its text may quote what concerns a person, so its kind must do.
    where = "run it again as `qmas --trace ...` to see where, and report it"
    print(f"qmas: a fault of the program, {type(fault).__name__}; {where}", file=sys.stderr)  # noqa: T201 - as in `main`
    return 70


def _output_is_lost() -> bool:
    """True when standard output takes nothing; what it still holds is then thrown away."""
    try:
        sys.stdout.flush()
    except OSError:
        # Or Python would try once more as it ends, and complain in its own words.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False
