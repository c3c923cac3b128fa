"""`qmas rules`: the scheme's rules as they are loaded: listed, shown, checked, compared.

Law: nothing here needs a database, but for what is asked of the log.
"""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final

import click
from msgspec import to_builtins

from domain.rules.reading import RulesetFaults
from domain.rules.types import Rulebook
from services.cli import ruletables
from services.cli.asking import office
from services.cli.assess import calendar_day, printable
from services.cli.simulate import simulate_rules
from services.rulebook.dated import dated_values
from services.rulebook.differences import compare
from services.rulebook.named import called, ruleset_named
from services.rulebook.shapes import every, in_brief, in_full, latest
from services.rules import load_rulebook

FAULTY: Final = 2
UNKNOWN: Final = 1
SHIPPED: Final = Path("rulesets")

_as_json = click.option("--json", "as_json", is_flag=True, help="As one JSON object.")


@click.group()
def rules() -> None:
    """The scheme's rules, 2006 to today: list, show, check, compare and try them."""


@rules.command("list")
@click.option("--on", metavar="DATE", callback=calendar_day, help="Only those in force on a day.")
@click.option(
    "--known-on", metavar="DATE", callback=calendar_day, help="As they were known on a day."
)
@click.option("--all", "all_", is_flag=True, help="Every edition, and the dated data as well.")
@_as_json
def list_(*, on: date | None, known_on: date | None, all_: bool, as_json: bool) -> None:
    """List every ruleset with its days, mark, maximum and what it catches."""
    book = load_rulebook()
    known = every(book) if all_ else latest(book, known_on)
    lines = [in_brief(book, each, known_on) for each in known]
    lines = [each for each in lines if each.days.known_from <= (known_on or date.max)]
    lines = [each for each in lines if on is None or each.days.cover(on)]
    values = dated_values(book, known_on) if all_ else ()
    values = tuple(each for each in values if on is None or each.covers(on))
    if as_json:
        _say_json({"rulesets": lines, "dated": values} if all_ else {"rulesets": lines})
        return
    legend = ruletables.legend() if lines or values else ()
    _say((*ruletables.listed(lines), *ruletables.dated(values), *legend))


@rules.command()
@click.argument("ruleset")
@click.option("--edition", type=click.IntRange(min=1), help="This edition, not the latest.")
@_as_json
def show(ruleset: str, *, edition: int | None, as_json: bool) -> None:
    """Show everything of one RULESET: each figure with its source, and how sure it is."""
    book = load_rulebook()
    found = ruleset_named(book, ruleset, edition=edition)
    if as_json:
        _say_json(in_full(book, found))
        return
    editions = [(each.edition, each.life.known_from) for each in every(book) if each.id == found.id]
    _say(ruletables.shown(in_full(book, found), editions))


@rules.command()
@click.argument("a")
@click.argument("b")
@click.option("--sources", is_flag=True, help="Also where only source or confidence differs.")
@_as_json
def diff(a: str, b: str, *, sources: bool, as_json: bool) -> None:
    """Compare rulesets A and B side by side; `gpt-2018@1` is an edition."""
    book = load_rulebook()
    one, other = ruleset_named(book, a), ruleset_named(book, b)
    found = compare(book, one, other, with_sources=sources)
    if as_json:
        _say_json(found)
    else:
        _say(ruletables.compared(found, (called(book, one), called(book, other))))


@rules.command()
@click.argument("year", type=int)
@_as_json
def holidays(*, year: int, as_json: bool) -> None:
    """List the general holidays of a YEAR; every Sunday is one as well."""
    book = load_rulebook()
    found = next((each for each in book.holidays if each.year == year), None)
    if found is None:
        raise book.calendar.not_loaded(f"for {year}")
    if as_json:
        _say_json(found)
    else:
        _say(ruletables.holidays(found))


@rules.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--log", "of_log", is_flag=True, help="Also that the log names no unknown ruleset.")
@click.pass_context
def check(context: click.Context, folder: Path | None, *, of_log: bool) -> None:
    """Check the rules that ship, or those in FOLDER, and tell every fault.

    The exit status is 2 when there is any. With --log it is 1 when an event of the log names a
    ruleset, by id and digest, that is not among them.
    """
    try:
        book = load_rulebook(folder)
    except RulesetFaults as refused:
        for fault in refused.faults:
            click.echo(printable(_in_file(fault, folder or SHIPPED)), err=True)
        context.exit(FAULTY)
    editions, values = len(every(book)), len(dated_values(book))
    click.echo(
        f"{_counted(len(book.rulesets), 'ruleset')} in {_counted(editions, 'edition')} and "
        f"{_counted(values, 'dated value')}: no fault"
    )
    if of_log and not _log_is_known(book):
        context.exit(UNKNOWN)


def _in_file(fault: str, folder: Path) -> str:
    """A fault with the file that it is in, where it is in one."""
    name, found, text = fault.partition(": ")
    file = folder / f"{name}.toml"
    return f"{file}: {text}" if found and " " not in name else fault


def _log_is_known(book: Rulebook) -> bool:
    """True when every ruleset that the log names is loaded; those that are not are told."""
    with office() as opened:
        applied = opened.store.rulesets_applied()
    loaded = {(each.id, each.digest) for each in every(book)}
    missing = sorted(set(applied) - loaded)
    for ruleset, digest in missing:
        events = _counted(applied[ruleset, digest], "event")
        click.echo(printable(f"{ruleset} {digest}: named by {events}, and not loaded"), err=True)
    if not missing:
        click.echo(
            f"{_counted(len(applied), 'ruleset')} named by "
            f"{_counted(sum(applied.values()), 'event')} of the log: all loaded"
        )
    return not missing


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _say(lines: Iterable[str]) -> None:
    # Bytes, so that a terminal's or a pipe's encoding cannot refuse a sign.
    click.echo("\n".join(lines).encode())


def _say_json(value: Any) -> None:
    click.echo(json.dumps(to_builtins(value), ensure_ascii=False, indent=2).encode())


rules.add_command(simulate_rules)

COMMANDS: tuple[click.Command, ...] = (rules,)
