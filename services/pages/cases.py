"""The office's list of cases: counts by stage, filters, search by name, page by page.

A name that is searched for never stands in an address, where logs would keep it: it is sent in a
form and the address holds only its blind tokens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import Action, permitted
from domain.application import Route as Test
from domain.exercise_terms import NAME
from domain.looks import What
from domain.references import parse_reference
from domain.stages import Stage
from services.counts import Count
from services.pages.forms import FormFaults, packed, read_packed
from services.pages.guard import Route, look, visitor
from services.projections import queries
from services.projections.queries import CaseFilter, CasePage, Mark, Sort
from services.wiring import Office
from services.work import Whose, whose_cases

WordT = TypeVar("WordT", bound=StrEnum)

_NAMED: Final = "named"
_SORTS: Final[Mapping[Sort, str]] = {
    Sort.NEWEST: "Newest first",
    Sort.OLDEST: "Oldest first",
    Sort.MOST_POINTS: "Most points first",
    Sort.LONGEST_AT_STAGE: "Longest at its stage first",
    Sort.LATEST_MOVED: "Latest moved first",
    Sort.NEXT_DUE: "Next due first",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the address of the list asks for."""

    wanted: CaseFilter
    sort: Sort
    after: str | None


def case_list(office: Office) -> ResponseReturnValue:
    """Show a page of the cases that the address asks for."""
    asked = _asked(request.args)
    page = queries.case_list(
        office.models,
        look(What.SEARCH if asked.wanted.name else What.LIST),
        asked.wanted,
        sort=asked.sort,
        after=asked.after,
    )
    counts = queries.counts_by_stage(office.models, visitor())
    return render_template(
        "cases.html",
        page=page,
        counts=counts,
        total=Count.total(counts.values()),
        matching=_matching(office, asked, page, counts),
        asked=asked,
        kept=_kept(request.args),
        sorts={each: words for each, words in _SORTS.items() if _may_ask(each)},
        stages=tuple(Stage)[1:],
        tests=tuple(Test),
        whose=tuple(Whose),
        marks=tuple(filter(_may_ask, Mark)),
        exercises=queries.exercises(office.models),
        fresh=queries.freshness(office.models, *queries.read_for(asked.sort)),
    )


def _may_ask(each: Mark | Sort) -> bool:
    return each not in queries.OF_WORK or permitted(visitor(), Action.READ_WORK)


def search(office: Office) -> ResponseReturnValue:
    """Go to the case of a reference, or to the list of those whose name has all words typed."""
    typed = request.form.get("sought", "").strip()
    reference = parse_reference(typed)
    if reference is not None:
        return redirect(url_for("case", reference=reference), 303)
    tokens = queries.name_tokens(office.models, typed)
    return redirect(url_for("case_list", named=packed(tokens) or None), 303)


def _matching(
    office: Office, asked: _Asked, page: CasePage, counts: Mapping[Stage, Count]
) -> Count:
    """Return how many cases match; they are counted anew only where nothing else says so."""
    wanted, here = asked.wanted, len(page.rows)
    if not page.next and not asked.after:
        return Count(number=here)
    if wanted == CaseFilter(stage=wanted.stage) and asked.sort is not Sort.NEXT_DUE:
        found = Count.total(each for stage, each in counts.items() if wanted.stage in {None, stage})
    else:
        counted = queries.case_count(office.models, visitor(), wanted, sort=asked.sort)
        found = Count(number=here, or_more=True) if counted is None else counted
    # A case may have moved between the counting and the listing.
    return replace(found, number=max(found.number, here))


def _asked(args: Mapping[str, str]) -> _Asked:
    whose = word(args, "held", Whose)
    wanted = CaseFilter(
        stage=word(args, "stage", Stage),
        route=word(args, "route", Test),
        exercise=_exercise(args),
        name=read_packed(args, _NAMED),
        mark=word(args, "mark", Mark),
        **({} if whose is None else whose_cases(visitor(), whose)),
    )
    return _Asked(
        wanted=wanted,
        sort=word(args, "sort", Sort) or Sort.NEWEST,
        after=_plain(args, "after"),
    )


def _kept(args: Mapping[str, str]) -> dict[str, str]:
    """Return what the address of the next page keeps of this one's."""
    return {
        name: args[name]
        for name in ("stage", "route", "exercise", "held", "mark", "sort", _NAMED)
        if args.get(name)
    }


def word(args: Mapping[str, str], name: str, vocabulary: type[WordT]) -> WordT | None:
    """Return the word that was chosen, None for none; FormFaults for one that there is not."""
    text = args.get(name, "")
    if not text:
        return None
    try:
        return vocabulary(text)
    except ValueError as fault:
        raise FormFaults({name: f"There is no {name} called {text!r}"}) from fault


def _exercise(args: Mapping[str, str]) -> str | None:
    """Return the exercise that was chosen, None for none; FormFaults for what none is called."""
    name = args.get("exercise", "")
    if name and not NAME.fullmatch(name):
        raise FormFaults({"exercise": "An exercise has a name such as 2019-2; choose one"})
    return name or None


def _plain(args: Mapping[str, Any], name: str) -> str | None:
    text = str(args.get(name, ""))
    if "\0" in text:
        raise FormFaults({name: f"The {name} holds a character that no name has"})
    return text or None


ROUTES: Final = (
    Route(path="/staff", endpoint="case_list", view=case_list, action=Action.READ_CASES),
    Route(
        path="/staff/search",
        endpoint="search",
        view=search,
        action=Action.READ_CASES,
        methods=("POST",),
    ),
)
