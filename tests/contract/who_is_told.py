"""The table of who is told what, as documented and as the domain has it now."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from domain.corrections import CORRECTED, NOT_CORRECTED, NOT_TOLD
from domain.events import Event
from domain.happenings import always
from domain.processes import EFFECTS, OUTSIDE, PUBLIC, Effect, Party
from domain.untold import UNTOLD
from domain.wire import WIRE
from services.notifications.cloud_events import NAMES

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "who-is-told.md"

SAYS: Final[Mapping[Party, str]] = MappingProxyType(
    {
        Party.APPLICANT: "applicant",
        Party.REPRESENTATIVE: "representative",
        Party.FORMER_REPRESENTATIVE: "who represented them until then",
        Party.FORMER_ADDRESS: "the address until then",
        Party.OFFICER: "officer who has the case",
        Party.FORMER_OFFICER: "officer who had it",
        Party.PROPOSER: "who proposed it",
        Party.SUPERVISOR: "every supervisor",
    }
)


def present() -> str:
    """The page as it is to be."""
    return "\n".join(_lines()) + "\n"


def pin() -> None:
    """The page says what is so now."""
    PAGE.write_text(present(), encoding="utf-8")


def told(effect: Effect) -> str:
    """Whom an effect is for, as a sentence lists them."""
    own = Party.APPLICANT in effect.to
    names = [
        f"{SAYS[party]} (a copy)" if own and party is Party.REPRESENTATIVE else SAYS[party]
        for party in effect.to
    ]
    return " and ".join(names)


def unheard() -> tuple[str, ...]:
    """The events because of which the applicant is written to and no other system can be told."""
    written = [
        event for event, each in EFFECTS.items() if any(Party.APPLICANT in one.to for one in each)
    ]
    return tuple(WIRE[each].name for each in written if WIRE[each].name not in NAMES)


def _lines() -> Iterator[str]:
    yield "# Who is told what"
    yield ""
    yield "Made by `python -m tests.contract.pin` from `domain/`: `processes.py`, `untold.py`,"
    yield "`corrections.py`."
    yield ""
    yield "- Everything goes by e-mail, as plain text and as a page that loads nothing."
    yield "- The applicant and whoever represents them are written to in the applicant's language"
    yield "  of correspondence (English, 繁體 or 简体); the office in English, by a reference and a"
    yield "  link alone."
    yield "- Nobody is told of what they did themselves, nor of a case that they left, recused."
    yield "- ◐ is sent in quiet hours too (`QMAS_QUIET_HOURS`), for whoever did not ask for it has"
    yield "  to learn of it soon. All else to people outside the office waits until they are over."
    public = ", ".join(f"`{WIRE[each].name}`" for each in WIRE if each in PUBLIC)
    yield "- A subscribed system that names no events is told of each event of a case for which a"
    yield "  letter to the applicant stands here, where its *only* holds, and of what is public:"
    yield f"  {public}."
    yield "- No system is told of what stands beside the case, though the applicant is written to:"
    yield f"  {', '.join(f'`{each}`' for each in unheard())}."
    yield ""
    yield "| event | letter | to | only |"
    yield "|---|---|---|---|"
    for event, effects in sorted(EFFECTS.items(), key=lambda item: list(WIRE).index(item[0])):
        yield from (_row(event, effect) for effect in effects)
    yield ""
    yield "## What nobody is told of"
    yield ""
    yield "| event | why |"
    yield "|---|---|"
    for event in WIRE:
        if event in UNTOLD:
            yield f"| {WIRE[event].name} | {UNTOLD[event]} |"
    yield from _of_corrections()


def _of_corrections() -> Iterator[str]:
    yield ""
    yield "## Who is told of a correction"
    yield ""
    yield "Whoever was told the former value, or works by it, is told once [S156]; a subscribed"
    yield "system as well. Where a copy of all data was made for a request, the office is told by"
    yield "another letter, for whoever was given it may have to be sent the corrected data."
    yield ""
    yield "| corrected | fields | former value in | told | of the office | where a copy was made |"
    yield "|---|---|---|---|---|---|"
    for each in CORRECTED:
        paths = ", ".join(f"`{path}`" for path in each.paths)
        told = [_parties(given) for given in (each.told, each.office, each.answerable)]
        yield f"| {each.what} | {paths} | {each.stands_in} | {' | '.join(told)} |"
    for path, why in NOT_CORRECTED.items():
        yield f"| – | `{path}` | {why} | | | |"
    yield ""
    yield "| not told | why |"
    yield "|---|---|"
    yield from (f"| {who} | {why} |" for who, why in NOT_TOLD.items())


def _parties(parties: tuple[Party, ...]) -> str:
    return ", ".join(SAYS[each] for each in parties)


def _row(event: type[Event], effect: Effect) -> str:
    mark = " ◐" if effect.at_any_hour and set(effect.to) <= OUTSIDE else ""
    return f"| {WIRE[event].name} | {effect.name}{mark} | {told(effect)} | {_only(effect)} |"


def _only(effect: Effect) -> str:
    if effect.when is always:
        return ""
    said = (effect.when.__doc__ or "").splitlines()[0].rstrip(".")
    return f"{said[:1].lower()}{said[1:]}"
