"""`qmas populate`: believable applications, in the format of `qmas import`."""

from pathlib import Path

import click

from domain.errors import Reportable
from services import population
from services.population.rows import lines

_REGIME = "Whose rules and figures, such as 2018-2022; a wrong one is answered with all of them."


class Unwritten(Reportable):
    """The file of applications cannot be written."""


@click.command()
@click.option("--regime", required=True, help=_REGIME)
@click.option("--size", required=True, type=click.IntRange(0, 1_000_000), help="How many people.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same people.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A .jsonl file.")
def populate(regime: str, size: int, seed: int, out: Path | None) -> None:
    """Write believable applications as JSON lines, to a file or to standard output.

    Each line has its day and channel of receipt; `qmas populate ... | qmas import -` files them.
    What their people are drawn from is published or marked a guess in the file of figures.
    """
    written = lines(population.population(size, seed, regime))
    if out is None:
        for line in written:
            click.echo(line)
        return
    try:
        with out.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in written)
    except OSError as fault:
        raise Unwritten(f"{out} cannot be written: {fault.strerror}") from fault
    click.echo(f"{size} applications in {out}", err=True)


COMMANDS = (populate,)
