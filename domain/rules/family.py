"""The items of the family factor tested against an application.

Law: an item counts as often as there is somebody to count, up to its cap.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final, assert_never

from domain.application import Application, Family, Spouse
from domain.days import age_on
from domain.rules.factors import FamilyItem, FamilyKind
from domain.rules.reasons import Message, Reason
from domain.rules.tested import Need, Tested, Why, because, needing


def family_item(item: FamilyItem, application: Application, on: date) -> Tested:
    """How often an item counts, up to its cap."""
    match item.kind:
        case FamilyKind.PERMANENT_RESIDENT_RELATIVE:
            return _family_item(item, *_relative(application.family))
        case FamilyKind.SPOUSE_WITH_DEGREE:
            return _family_item(item, *_spouse(application.family.spouse))
        case FamilyKind.DEPENDENT_CHILD:
            return _family_item(item, *_children(application.family, item, on))
        case _:
            assert_never(item.kind)


def _family_item(
    item: FamilyItem, path: str, paths: tuple[str, ...], reason: Why, need: Need
) -> Tested:
    return Tested(
        rule=item.id,
        met=bool(paths),
        points=min(len(paths) * item.points, item.cap),
        most=item.cap,
        reason=reason,
        need=need,
        evidence=paths,
        looked_at=(path,),
        source=item.cited.source,
    )


_Found = tuple[str, tuple[str, ...], Why, Need]


def _relative(family: Family) -> _Found:
    path, relative = "family.permanent_resident_relative", family.permanent_resident_relative
    return (
        path,
        (path,) if relative else (),
        partial(because, Message.RESIDENT_RELATIVE, relative=relative or ""),
        partial(needing, Message.NEEDS_RESIDENT_RELATIVE),
    )


_SPOUSE_NEEDS: Final[Mapping[tuple[bool, bool] | None, Message]] = {
    (False, False): Message.NEEDS_SPOUSE_TO_COME_WITH_DEGREE,
    (False, True): Message.NEEDS_SPOUSE_TO_COME,
    (True, False): Message.NEEDS_SPOUSE_TO_HAVE_DEGREE,
}


def _spouse(spouse: Spouse | None) -> _Found:
    has = (spouse.accompanying, spouse.degree_or_above) if spouse else None
    return (
        "family.spouse",
        ("family.spouse",) if has == (True, True) else (),
        partial(because, Message.SPOUSE_WITH_DEGREE),
        partial(needing, _SPOUSE_NEEDS.get(has, Message.NEEDS_SPOUSE_WITH_DEGREE)),
    )


def _children(family: Family, item: FamilyItem, on: date) -> _Found:
    under = item.under or 0
    paths = tuple(
        f"family.children[{number}]"
        for number, each in enumerate(family.children)
        if each.accompanying and not each.married and age_on(each.date_of_birth, on) < under
    )
    number = len(paths)
    counted = partial(because, Message.CHILDREN, number=number, under=under, on=on.isoformat())
    return "family.children", paths, counted, partial(_children_needed, item, number)


def _children_needed(item: FamilyItem, number: int, points: int) -> Reason:
    more = -(-points // item.points) if item.points else 0
    return needing(Message.NEEDS_CHILDREN, points, more=more, under=item.under or 0, number=number)
