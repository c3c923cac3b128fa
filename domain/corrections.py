"""Who is told that something recorded of a person was corrected, by what it was.

Law: whoever was told the former value by the office, or works by it, is told of the correction, and
once [S156]. Nobody is left out without a reason here; what cannot be corrected says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from domain import events as e
from domain.particulars import ApplicationCorrected, ContactChanged
from domain.processes import Party

_BOTH: Final = (Party.APPLICANT, Party.REPRESENTATIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What is corrected by which event, where its former value may stand, and who is told.

    `paths` are those of the application, each with all below it. `told` are told whatever was
    given away before; of the office those in `office` are, and `answerable` instead where a copy
    of all data was made for a request.
    """

    what: str
    paths: tuple[str, ...]
    stands_in: str
    event: type[e.CaseEvent] = ApplicationCorrected
    told: tuple[Party, ...] = _BOTH
    office: tuple[Party, ...] = (Party.OFFICER,)
    answerable: tuple[Party, ...] = (Party.OFFICER, Party.SUPERVISOR)


CORRECTED: Final = (
    Corrected(
        what="name",
        paths=("applicant.family_name", "applicant.given_names", "applicant.name_in_chinese"),
        stands_in="every letter, lists of cases, copies of all data",
    ),
    Corrected(
        what="who and from where",
        paths=(
            "applicant.date_of_birth",
            "applicant.nationality",
            "applicant.country_of_residence",
            "applicant.travel_document",
        ),
        stands_in="assessments, letters that give reasons, copies of all data",
    ),
    Corrected(
        what="language of letters",
        paths=("applicant.correspondence_language",),
        stands_in="the language of every letter, copies of all data",
    ),
    Corrected(
        what="what is claimed and declared",
        paths=(
            "prerequisites",
            "qualifications",
            "employment",
            "languages",
            "family",
            "talent_list_profession",
            "annual_income_hkd",
            "businesses",
            "achievements",
        ),
        stands_in="assessments, letters that give reasons, copies of all data",
    ),
    Corrected(
        what="e-mail address",
        paths=("applicant.email",),
        event=ContactChanged,
        stands_in="where letters go, copies of all data",
        told=(*_BOTH, Party.FORMER_ADDRESS),
    ),
)
"""Everything of an application that can be corrected."""

NOT_CORRECTED: Final[Mapping[str, str]] = MappingProxyType(
    {"route": "an application stays on the route that it was filed on; another one is filed"}
)
"""What cannot be, and why."""

NOT_TOLD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "who represented them before": "what they were told served to speak for somebody whom they "
        "speak for no longer, as they were told",
        "officers who had the case before": "they do not work by it any more, and read it as it is "
        "when they open it",
        "systems that are not subscribed any more": "their operator ended it",
        "who looked": "a page is read as it is when it is opened; what it showed is on record",
    }
)
"""Who may have seen a former value and is not told, and why."""


def row_of(path: str) -> Corrected | None:
    """Return what a path of the application is corrected as, None where it cannot be."""
    return next(
        (
            each
            for each in CORRECTED
            for one in each.paths
            if path == one or path.startswith(f"{one}.")
        ),
        None,
    )
