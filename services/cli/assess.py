"""`qmas assess`: application files scored, without a database or any other service.

Law: every file that can be assessed is answered on standard output in the order given, and every
other one has all its faults on standard error.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import click
import msgspec

from domain.application import Correspondence, Route
from domain.days import hong_kong_date, written_out
from domain.errors import Refusal
from domain.rules.assess import assess as assess_application
from domain.rules.assess import require_route
from domain.rules.choose import UnknownRuleset, choose, named
from domain.rules.reasons import Message
from domain.rules.transitions import filed_on
from domain.rules.types import (
    Assessment,
    Award,
    CriterionFinding,
    FactorScore,
    Rulebook,
    Ruleset,
    Shortfall,
)
from services.intake.application import application_from, route_of
from services.intake.document import parse_document
from services.intake.faults import ApplicationFaults, Fault
from services.intake.fields import day_or_none
from services.reasons import say
from services.rules import answer, load_rulebook

UNASSESSED: Final = 2
STANDARD_INPUT: Final = 0
LARGEST: Final = 16 * 1024 * 1024  # bytes; a real application is a few thousand


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all files are assessed by: the rules, the reference date, perhaps a named ruleset.

    Reasons are said in ``language``.
    """

    rulebook: Rulebook
    on: date
    ruleset_id: str | None
    language: Correspondence


LANGUAGE: Final = click.option(
    "--language",
    type=click.Choice([each.value for each in Correspondence]),
    callback=lambda _context, _option, value: Correspondence(value),
    default=Correspondence.ENGLISH.value,
    help="The language of the reasons: English, or Traditional or Simplified Chinese.",
)
"""The option of every command that tells reasons."""


def calendar_day(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> date | None:
    """Return the day that an option gives, None without it; a usage fault for anything else."""
    day = day_or_none(value)
    if value is not None and day is None:
        raise click.BadParameter(f"{value!r} is not a calendar date such as 2019-05-01")
    return day


@click.command("assess")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--ruleset", "ruleset_id", metavar="ID", help="Assess under this ruleset.")
@click.option(
    "--on",
    metavar="DATE",
    callback=calendar_day,
    help="Reference date (today in Hong Kong if absent).",
)
@LANGUAGE
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in the order given.")
@click.pass_context
def assess(  # noqa: PLR0913 - click hands over each option by its name
    context: click.Context,
    files: tuple[str, ...],
    ruleset_id: str | None,
    on: date | None,
    *,
    language: Correspondence,
    as_json: bool,
) -> None:
    """Score application files (`-` is standard input).

    Without --ruleset each is scored under the ruleset in force for a submission on that date. The
    exit status is 0 whether eligible or not, and 2 when any file cannot be assessed.
    """
    today = hong_kong_date(datetime.now(UTC))
    terms = Terms(
        rulebook=load_rulebook(), on=on or today, ruleset_id=ruleset_id, language=language
    )
    _refuse_unknown_ruleset(terms)
    assessed = [_assess_file(file, terms, as_json=as_json) for file in files]
    if not all(assessed):
        context.exit(UNASSESSED)


def _refuse_unknown_ruleset(terms: Terms) -> None:
    try:
        if terms.ruleset_id is not None:
            named(terms.rulebook, terms.ruleset_id)
    except UnknownRuleset as unknown:
        raise click.BadParameter(str(unknown), param_hint="'--ruleset'") from None


def _assess_file(file: str, terms: Terms, *, as_json: bool) -> bool:
    """True when the file was assessed and its answer written; its faults are written otherwise."""
    try:
        found = _assessment(_contents(file), terms)
    except ApplicationFaults as refused:
        _write_faults(file, refused.faults, as_json=as_json)
        return False
    if as_json:
        click.echo(msgspec.json.encode(answer(found, terms.language)))
    else:
        # Bytes, so that a terminal's or a pipe's encoding cannot refuse a name.
        click.echo("\n".join(map(printable, lines(file, found, terms.language))).encode())
    return True


def _assessment(data: bytes, terms: Terms) -> Assessment:
    """The assessment of a file's contents, or ApplicationFaults with those of its rules too."""
    document, faults = parse_document(data)
    if document is None:
        raise ApplicationFaults(faults)
    route, ruleset = route_of(document), None
    if route is not None:
        try:
            ruleset = _ruleset(route, terms)
        except Refusal as refused:
            faults = (*faults, Fault(path="route", message=str(refused)))
    application = application_from(document, terms.on, found=faults)
    if ruleset is None:
        raise AssertionError("an application without a fault has a route, and so a ruleset")
    return assess_application(ruleset, application, terms.on)


def _ruleset(route: Route, terms: Terms) -> Ruleset:
    if terms.ruleset_id is None:
        return choose(terms.rulebook, filed_on(route, terms.on))
    ruleset = named(terms.rulebook, terms.ruleset_id)
    require_route(ruleset, route)
    return ruleset


def _contents(file: str) -> bytes:
    try:
        # Opened by number, standard input that is closed is a fault of this file like any other.
        source = STANDARD_INPUT if file == "-" else file
        with open(source, "rb", closefd=file != "-") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        raise ApplicationFaults((_whole(f"cannot be read: {error.strerror}"),)) from None
    if len(data) > LARGEST:
        raise ApplicationFaults((_whole(f"is larger than {LARGEST} bytes"),))
    return data


def _whole(message: str) -> Fault:
    return Fault(path="", message=message)


def _write_faults(file: str, faults: tuple[Fault, ...], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_problem(file, faults)), err=True)
        return
    for fault in faults:
        click.echo(printable(f"{file}: {fault}"), err=True)


def _problem(file: str, faults: tuple[Fault, ...]) -> dict[str, object]:
    return {
        "type": "urn:qmas:problem:application-faults",
        "title": "The application cannot be assessed",
        "detail": f"{file}: {len(faults)} fault{'s' if len(faults) > 1 else ''}",
        "file": file,
        "errors": [{"path": fault.path, "message": fault.message} for fault in faults],
    }


def printable(line: str) -> str:
    """A line that cannot steer a terminal: control characters stand as escapes."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in line
    )


def lines(file: str, found: Assessment, language: Correspondence) -> Iterator[str]:
    """Return the lines that tell an assessment, headed by what was assessed.

    Reasons are in a language; behind each of points stand the sources of its rule.
    """
    day = written_out(found.reference_date)
    yield f"{file}: {found.ruleset}, {found.route} route, on {day}"
    yield "  Prerequisites"
    for each in found.prerequisites:
        yield f"    {'met' if each.met else 'NOT MET':<8}{each.id:<12}{say(each.reason, language)}"
    yield "  Criteria" if found.criteria else "  Points"
    for factor in found.factors:
        yield from _factor_lines(factor, language)
    for asked in found.criteria:
        met = "met" if asked.met else "not met"
        yield f"    {met:<8}{asked.id:<4}{_sourced(asked, language, asked.edition)}"
    yield f"  {_total(found)}"
    yield f"  {_verdict(found)}"
    yield f"  Rules {found.digest}"


def _factor_lines(factor: FactorScore, language: Correspondence) -> Iterator[str]:
    computed = "" if factor.computed is None else f", {factor.computed} computed"
    yield f"    {factor.factor:<16}{factor.points:>4} of {factor.max}{computed}"
    for award in factor.awards:
        yield f"      {f'+{award.points}':>5}  {_sourced(award, language)}"
    for shortfall in factor.shortfalls:
        yield f"      {f'({shortfall.points})':>6} {_sourced(shortfall, language)}"


def _sourced(
    item: Award | Shortfall | CriterionFinding, language: Correspondence, edition: str | None = None
) -> str:
    # What was recorded before sources were has none.
    behind = "; ".join(filter(None, (" ".join(item.source), edition)))
    told = f"{_whose(item)}{say(item.reason, language)}"
    return f"{told} [{behind}]" if behind else told


def _whose(item: Award | Shortfall | CriterionFinding) -> str:
    """Return the rule of what officers decided, because the reason does not say what it asks."""
    if isinstance(item, CriterionFinding) or item.reason.message is not Message.DECIDED_BY_OFFICER:
        return ""
    return f"{item.rule}: "


def _total(found: Assessment) -> str:
    computed = "" if found.computed_total is None else f", {found.computed_total} computed"
    if found.criteria:
        met = f"{found.total} of {len(found.criteria)} met{computed}"
        return f"{met}; {found.pass_mark} are needed"
    return f"Total {found.total}{computed}; the pass mark is {found.pass_mark}"


def _verdict(found: Assessment) -> str:
    unmet = [each.id for each in found.prerequisites if not each.met]
    reasons = [f"prerequisites not met: {', '.join(unmet)}"] if unmet else []
    if found.total < found.pass_mark:
        short = f"{found.pass_mark - found.total} points short of the pass mark"
        reasons.append("too few criteria met" if found.criteria else short)
    return f"Not eligible: {'; '.join(reasons)}" if reasons else "Eligible"


COMMANDS: tuple[click.Command, ...] = (assess,)
