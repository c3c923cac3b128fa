"""`qmas audit`: what an auditor asks; `reads` is the record of who looked at which cases."""

from datetime import datetime

import click
import msgspec
from rich.table import Table

from domain.looks import What
from services.cases import canonical
from services.cli.asking import INSTANT, MOMENT, looking, office, wide_console
from services.identity.people import spellings
from services.projections import looks


@click.group()
def audit() -> None:
    """What an auditor asks."""


@audit.command()
@click.option("--case", "reference", help="Only looks at this case.")
@click.option("--who", help="Only looks of this account, or of the applicant of a reference.")
@click.option("--why", help="Only looks that were explained with all these words.")
@click.option("--from", "since", type=INSTANT, help="Only looks from then on; a day's beginning.")
@click.option("--to", "until", type=MOMENT, help="Only looks until then; a day means its end.")
@click.option("--before", type=click.IntRange(min=1), help="Only looks before this number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
def reads(  # noqa: PLR0913 - one argument an option
    *,
    reference: str | None,
    who: str | None,
    why: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show who looked at which cases, the latest first. This look is recorded as well."""
    case = None if reference is None else canonical(reference)
    with office() as opened:
        said = looks.words_of(opened.blind, why or "")
        named = () if who is None else spellings(opened.settings, who)
        wanted = looks.LookFilter(case=case, who=named, stated=said, since=since, until=until)
        look = looking(What.READS)
        page = looks.looks(opened.models, look, wanted, before=before, limit=limit)
    if as_json:
        for each in page.rows:
            click.echo(msgspec.json.encode(each))
    elif page.rows:
        wide_console().print(_table(page.rows))
    else:
        click.echo("no looks")
    if page.older:
        click.echo(f"older ones: --before {page.older}", err=as_json)


def _table(rows: tuple[looks.Looked, ...]) -> Table:
    table = Table()
    for heading in ("No.", "When (UTC)", "Who", "At what", "For", "Through", "Cases"):
        table.add_column(heading)
    for each in rows:
        table.add_row(
            str(each.number),
            f"{each.at:%Y-%m-%d %H:%M:%S}",
            f"{each.who} ({each.role})",
            _at_what(each),
            f"{each.purpose}: {each.stated}" if each.stated else each.purpose,
            each.door,
            _cases(each),
        )
    return table


def _at_what(look: looks.Looked) -> str:
    """Return what was looked at, what for it was worked out, and of which look this is a part."""
    asked = f" ({look.filters['asked']})" if "asked" in look.filters else ""
    of = f", of No. {look.filters['of']}" if "of" in look.filters else ""
    return f"{look.what}{asked}{of}"


def _cases(look: looks.Looked) -> str:
    more = look.case_count - len(look.cases)
    return " ".join(look.cases) + (f" and {more} more" if more else "") or "none"


COMMANDS = (audit,)
