"""What a letter tells of the event that it is about, in its language: the facts of its template."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from domain import events as e
from domain import papers as f
from domain import particulars as p
from domain import residence as h
from domain import stages as s
from domain.application import Correspondence
from domain.data_access import DataAccessAnswered, DataAccessDelayed, DataAccessRequested
from domain.days import written_out
from domain.deadlines import DeadlineApproaching, DeadlinePassed
from domain.decisions import DecisionWords
from domain.happenings import Happening
from domain.interruptions import CaseLapsed
from domain.reconsidering import RefusalUpheld
from services.notifications.wording import FRAME, Facts, filled, words_of
from services.reasons import say


def facts_of(happening: Happening, language: Correspondence) -> Facts:
    """Return what there is to tell of an event besides its case; nothing for most events."""
    told = _TOLD.get(type(happening.event))
    return {} if told is None else told(happening, happening.event, language)


def day(on: date, language: Correspondence) -> str:
    """Return a day as a sentence has it."""
    if language is Correspondence.ENGLISH:
        return written_out(on)
    return f"{on.year} 年 {on.month} 月 {on.day} 日"


def wait(months: tuple[int, int] | None, language: Correspondence) -> str:
    """Return what is expected of a wait in whole months, at least and at most; nothing for None."""
    if months is None:
        return ""
    low, high = months
    words = words_of("still-in-queue", language).named
    told = words["wait.between" if low else "wait.within" if high > 1 else "wait.month"]
    return filled(told, {"low": str(low), "high": str(high)})


def money(hkd: int, language: Correspondence) -> str:
    """Return whole Hong Kong dollars."""
    return words_of(FRAME, language).named["money"].replace("#", f"{hkd:,}")


def _word(place: str, language: Correspondence) -> str:
    return words_of(FRAME, language).named[place]


def _years(number: int, language: Correspondence) -> str:
    return _word("year" if number == 1 else "years", language).replace("#", str(number))


def _said(said: DecisionWords | None) -> tuple[str, ...]:
    return said.texts if said else ()


def _sentences(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{text[:1].upper()}{text[1:]}" for text in texts)


def _fee_due(at: Happening, event: e.ApplicationSubmitted, language: Correspondence) -> Facts:
    del at
    return {"fee": money(event.application_fee_hkd or 0, language), "persons": str(event.persons)}


def _paid(
    at: Happening, event: e.ApplicationFeePaid | e.VisaFeePaid, language: Correspondence
) -> Facts:
    del at
    return {"amount": money(event.amount_hkd, language)}


def _requested(at: Happening, event: f.DocumentsRequested, language: Correspondence) -> Facts:
    del at
    return {
        "kinds": tuple(_word(f"document.{kind}", language) for kind in event.kinds),
        "due_on": day(event.due_on, language),
        "wanted": event.personal.text if event.personal else "",
    }


def _in_principle(at: Happening, event: e.ApprovedInPrinciple, language: Correspondence) -> Facts:
    del at
    return {"originals_by": _until(event.originals_by, language)}


def _approved(at: Happening, event: e.ApplicationApproved, language: Correspondence) -> Facts:
    del at
    return {
        "fee": money(event.visa_fee_hkd, language),
        "persons": str(event.persons),
        "pay_by": day(event.pay_by, language),
    }


def _issued(at: Happening, event: e.VisaIssued, language: Correspondence) -> Facts:
    del at
    may = event.conditions
    conditions = {
        "work": may.may_work,
        "study": may.may_study,
        "business": may.may_establish_business,
    }
    return {
        "activate_by": day(event.activate_by, language),
        "stay": _years(may.stay_years, language),
        "conditions": tuple(
            _word(f"{'may' if allowed else 'may-not'}.{name}", language)
            for name, allowed in conditions.items()
        ),
    }


def _activated(at: Happening, event: e.VisaActivated, language: Correspondence) -> Facts:
    del at
    return {
        "entered_on": day(event.entered_on, language),
        "stay_until": day(event.stay_until, language),
    }


def _extended(at: Happening, event: h.StayExtended, language: Correspondence) -> Facts:
    del at
    return {
        "years": _years(event.years, language),
        "stay_until": day(event.stay_until, language),
    }


def _not_extended(at: Happening, event: h.ExtensionRefused, language: Correspondence) -> Facts:
    ends = at.after.stay_until if isinstance(at.after, s.Active) else None
    return {
        "reasons": _sentences(_said(event.personal)),
        "stay_until": day(ends, language) if ends else "",
    }


def _abode(at: Happening, event: h.RightOfAbodeReached, language: Correspondence) -> Facts:
    del at
    return {"reached_on": day(event.reached_on, language)}


def _voided(at: Happening, event: h.VisaVoided, language: Correspondence) -> Facts:
    del at
    return {
        "cause": _word(f"voided.{event.code}", language),
        "reasons": _sentences(_said(event.personal)),
    }


def _refused(at: Happening, event: e.ApplicationRefused, language: Correspondence) -> Facts:
    del at
    reasons = event.personal
    told = [say(each, language) for each in reasons.reasons] if reasons else []
    return {
        "cause": _word(f"refused.{event.reason_class}", language),
        "reasons": _sentences([*told, *(reasons.texts if reasons else ())]),
        "reconsider_by": _until(event.reconsider_by, language),
    }


def _upheld(at: Happening, event: RefusalUpheld, language: Correspondence) -> Facts:
    del at
    return {
        "reasons": _sentences(_said(event.personal)),
        "reconsider_by": _until(event.reconsider_by, language),
    }


def _until(last: date | None, language: Correspondence) -> str:
    return "" if last is None else day(last, language)


def _lapsed(at: Happening, event: CaseLapsed, language: Correspondence) -> Facts:
    del at
    return {
        "cause": _word(f"lapsed.{event.cause}", language),
        "due_on": day(event.due_on, language),
    }


def _withdrawn(at: Happening, event: e.ApplicationWithdrawn, language: Correspondence) -> Facts:
    del at, language
    return {"refiled_as": event.refiled_as or ""}


def _corrected(at: Happening, event: p.ApplicationCorrected, language: Correspondence) -> Facts:
    del at
    return {"anew": _word("assessed-anew", language) if event.assessed_anew else ""}


def _people(at: Happening, event: Any, language: Correspondence) -> Facts:
    del event
    number = 0 if isinstance(at.after, s.Draft) else len(at.after.filed.dependants)
    place = {0: "dependants.none", 1: "dependants.one"}.get(number, "dependants.many")
    return {"dependants": _word(place, language).replace("#", str(number))}


def _spoken_for(at: Happening, event: p.RepresentativeAppointed, language: Correspondence) -> Facts:
    del at, language
    who = event.personal
    return {
        "representative": who.name if who else "",
        "organisation": who.organisation if who else "",
    }


def _asked_for_data(at: Happening, event: DataAccessRequested, language: Correspondence) -> Facts:
    del at
    return {
        "received_on": day(event.received_on, language),
        "due_on": day(event.due_on, language),
    }


def _data_delayed(at: Happening, event: DataAccessDelayed, language: Correspondence) -> Facts:
    del at
    return {
        "due_on": day(event.due_on, language),
        "reason": event.personal.text if event.personal else "",
    }


def _data_answered(at: Happening, event: DataAccessAnswered, language: Correspondence) -> Facts:
    del at
    named = words_of("data-access-answered", language).named
    return {
        "answer": named[f"outcome.{event.outcome}"],
        "cause": named[f"ground.{event.ground}"] if event.ground else "",
        "reason": event.personal.text if event.personal else "",
        "complain": named["complain"] if event.ground else "",
    }


def _near(at: Happening, event: DeadlineApproaching, language: Correspondence) -> Facts:
    del at
    return _day_told("day-is-near", ("what", "how", "otherwise", "done"), event, language)


def _over(at: Happening, event: DeadlinePassed, language: Correspondence) -> Facts:
    del at
    return _day_told("day-is-over", ("what", "now"), event, language)


def _day_told(
    letter: str,
    places: Iterable[str],
    event: DeadlineApproaching | DeadlinePassed,
    language: Correspondence,
) -> Facts:
    """Return what the letter of a day says of what is due by it, and the day."""
    named = words_of(letter, language).named
    told = {place: named.get(f"{event.deadline}.{place}", "") for place in places}
    return {**told, "due_on": day(event.due_on, language)}


_Told = Callable[[Happening, Any, Correspondence], Facts]

_TOLD: Final[Mapping[type[e.Event], _Told]] = MappingProxyType(
    {
        e.ApplicationSubmitted: _fee_due,
        e.ApplicationFeePaid: _paid,
        f.DocumentsRequested: _requested,
        e.ApprovedInPrinciple: _in_principle,
        e.ApplicationApproved: _approved,
        e.VisaFeePaid: _paid,
        e.VisaIssued: _issued,
        e.VisaActivated: _activated,
        e.ApplicationRefused: _refused,
        e.ApplicationWithdrawn: _withdrawn,
        CaseLapsed: _lapsed,
        RefusalUpheld: _upheld,
        h.StayExtended: _extended,
        h.ExtensionRefused: _not_extended,
        h.RightOfAbodeReached: _abode,
        h.VisaVoided: _voided,
        p.ApplicationCorrected: _corrected,
        DeadlineApproaching: _near,
        DeadlinePassed: _over,
        DataAccessRequested: _asked_for_data,
        DataAccessDelayed: _data_delayed,
        DataAccessAnswered: _data_answered,
        p.DependantAdded: _people,
        p.DependantRemoved: _people,
        p.RepresentativeAppointed: _spoken_for,
    }
)
"""What each event has to tell, where its letter needs more than the case."""
