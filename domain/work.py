"""The work on a case as a decider: who may take or pass on the case, and what was noted on it.

`decide` refuses or returns facts; `evolve` never refuses and never skips, as in `case.py`. A case
on which nothing was done yet is one that nobody has. Of the case's own events the erasure of its
person counts here too: it ends what can be asked of the office.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from typing import Final, assert_never

from domain import work_commands as c
from domain import work_events as e
from domain.data_access import (
    Access,
    DataAccessAnswered,
    DataAccessDelayed,
    DataAccessRequested,
    DataExported,
    access_after,
)
from domain.deadlines import DeadlineApproaching, DeadlinePassed, StillInQueue
from domain.deciding import answering
from domain.errors import (
    AlreadyHeld,
    AlreadyPosted,
    AlreadySuperseded,
    HeldByAnother,
    NoSuchLetter,
    NoSuchNote,
    NoSuchOfficer,
    NotTheHolder,
    RecusedFromCase,
    WordsMissing,
)
from domain.particulars import ErasureDecided

LONGEST_NAME: Final = 100

_GIVES_BACK: Final = (c.ReleaseCase, c.ReturnCase)
"""What is left to an officer who stepped aside: to say nothing and choose nobody, and let go."""

Facts = tuple[e.WorkEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note by its number, without its text; `superseded_by` is the note in its place, if any."""

    number: int
    author: str
    superseded_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheld:
    """Nobody has the case; `posted` are the letters that were sent by post."""

    notes: tuple[Note, ...] = ()
    posted: frozenset[e.LetterPosted] = frozenset()
    access: Access = field(default_factory=Access)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """`holder` has the case; `giver` handed it over, None where it came in another way."""

    notes: tuple[Note, ...]
    holder: str
    giver: str | None = None
    posted: frozenset[e.LetterPosted] = frozenset()
    access: Access = field(default_factory=Access)


WorkState = Unheld | Held


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCircumstances:
    """What a decision may look at besides the work so far.

    `actor` is who asks. `recused` are the officers who must not have this case, and `officers`
    all that can have cases, None where the office does not know their names. `undelivered` are the
    letters that mail could not deliver by their numbers, each as its posting would be recorded.
    It is `today`, and a request for data that came in on its day is answered in `access_days`.
    """

    actor: str
    today: date
    access_days: int
    recused: frozenset[str] = frozenset()
    officers: frozenset[str] | None = None
    undelivered: Mapping[int, e.LetterPosted] = field(default_factory=dict)


def load(history: Iterable[e.WorkEvent | ErasureDecided]) -> WorkState:
    """Return the state that `history` leads to."""
    start: WorkState = Unheld()
    return reduce(evolve, history, start)


def decide(state: WorkState, command: c.WorkCommand, given: WorkCircumstances) -> Facts:  # noqa: C901, PLR0911 - one arm per command is the clearest table of them
    """Return the facts that follow from `command`, or raise the `Refusal` that forbids it."""
    if not isinstance(command, _GIVES_BACK):
        _not_recused(given.actor, given)
    match command:
        case c.AssignCase():
            return _assign(state, command, given)
        case c.TakeCase():
            return _take(state, given)
        case c.ReleaseCase():
            return (e.CaseReleased(officer=_own(state, given).holder),)
        case c.HandOverCase():
            return _hand_over(_own(state, given), command, given)
        case c.ReturnCase():
            return _return(_own(state, given), command, given)
        case c.AddNote():
            return _add_note(state, command, given)
        case c.SupersedeNote():
            return _supersede_note(state, command, given)
        case c.RecordPosting():
            return _post(state, command, given)
        case c.RecordDataAccessRequest() | c.DelayDataAccess() | c.AnswerDataAccess():
            return answering.decide(state.access, command, given.today, given.access_days)
        case _:
            assert_never(command)


def evolve(state: WorkState, event: e.WorkEvent | ErasureDecided) -> WorkState:  # noqa: PLR0911 - one arm per event
    """Return the state after `event`; every event leads somewhere from every state."""
    match event:
        case e.CaseAssigned(officer=officer) | e.CaseTaken(officer=officer):
            return _held(state, officer)
        case e.CaseHandedOver(officer=officer, before=before):
            return replace(_held(state, officer), giver=before)
        case e.CaseReturned(officer=str(officer)):
            return _held(state, officer)
        case e.CaseReturned() | e.CaseReleased():
            return Unheld(notes=state.notes, posted=state.posted, access=state.access)
        case e.NoteAdded(note=number, author=author):
            return replace(state, notes=(*state.notes, Note(number=number, author=author)))
        case e.NoteSuperseded():
            return replace(state, notes=_superseded(state.notes, event))
        case e.LetterPosted():
            return replace(state, posted=state.posted | {event})
        case (
            DataAccessRequested()
            | DataAccessDelayed()
            | DataAccessAnswered()
            | DataExported()
            | ErasureDecided()
        ):
            return replace(state, access=access_after(state.access, event))
        case (
            e.DuplicateRefused()
            | e.CorrectionRefused()
            | DeadlineApproaching()
            | DeadlinePassed()
            | StillInQueue()
        ):
            return state
        case _:
            assert_never(event)


def _held(state: WorkState, officer: str) -> Held:
    return Held(notes=state.notes, holder=officer, posted=state.posted, access=state.access)


def holder_of(state: WorkState) -> str | None:
    """Return who has the case, None where nobody does."""
    return state.holder if isinstance(state, Held) else None


_SAYS_SOMETHING: Final = frozenset({c.AddNote, c.SupersedeNote, c.ReturnCase})


def possible(
    state: WorkState, actor: str, recused: frozenset[str] = frozenset()
) -> tuple[type[c.WorkCommand], ...]:
    """Return the commands that the work allows `actor`, whatever else they may be asked for."""
    if actor in recused:
        return _GIVES_BACK if holder_of(state) == actor else ()
    found: list[type[c.WorkCommand]] = []
    match holder_of(state):
        case None:
            found += [c.TakeCase, c.AssignCase]
        case holder if holder == actor:
            found += [c.ReleaseCase, c.HandOverCase, c.ReturnCase, c.AssignCase]
        case _:
            found += [c.AssignCase]
    found.append(c.AddNote)
    if standing(state):
        found.append(c.SupersedeNote)
    if state.access.open:
        found += [c.DelayDataAccess, c.AnswerDataAccess]
    elif not state.access.erased:
        found.append(c.RecordDataAccessRequest)
    # What is said of whoever was erased could not be sealed any more.
    return tuple(each for each in found if not (state.access.erased and each in _SAYS_SOMETHING))


def standing(state: WorkState) -> tuple[Note, ...]:
    """Return the notes that no other has superseded."""
    return tuple(each for each in state.notes if each.superseded_by is None)


# Who has the case.


def _assign(state: WorkState, command: c.AssignCase, given: WorkCircumstances) -> Facts:
    before = holder_of(state)
    if before == command.officer:
        raise AlreadyHeld(f"{before} has the case already")
    _may_have(command.officer, given)
    return (e.CaseAssigned(officer=command.officer, before=before),)


def _take(state: WorkState, given: WorkCircumstances) -> Facts:
    holder = holder_of(state)
    if holder == given.actor:
        raise AlreadyHeld("you have the case already")
    if holder is not None:
        raise HeldByAnother(f"{holder} has the case; ask to have it handed over")
    return (e.CaseTaken(officer=given.actor),)


def _hand_over(state: Held, command: c.HandOverCase, given: WorkCircumstances) -> Facts:
    if command.officer == state.holder:
        raise AlreadyHeld("you have the case already; name somebody else")
    _may_have(command.officer, given)
    return (e.CaseHandedOver(officer=command.officer, before=state.holder),)


def _return(state: Held, command: c.ReturnCase, given: WorkCircumstances) -> Facts:
    reason = e.ReturnReason(text=_in_words(command.reason, "say why the case goes back"))
    # Who was recused since handing it over must not get it back.
    officer = state.giver if state.giver not in given.recused else None
    return (e.CaseReturned(officer=officer, before=state.holder, personal=reason),)


def _own(state: WorkState, given: WorkCircumstances) -> Held:
    """Return the state of a case that the actor has, else refuse."""
    if isinstance(state, Held) and state.holder == given.actor:
        return state
    has = f"{state.holder} has it" if isinstance(state, Held) else "nobody has it; take it first"
    raise NotTheHolder(f"only whoever has the case can do this, and {has}")


def _may_have(officer: str, given: WorkCircumstances) -> None:
    """Pass where the case can be given to that officer, else refuse."""
    if not 1 <= len(officer.strip()) <= LONGEST_NAME or not officer.isprintable():
        raise NoSuchOfficer("name the officer who is to have the case")
    if given.officers is not None and officer not in given.officers:
        known = ", ".join(sorted(given.officers))
        raise NoSuchOfficer(f"{officer} is nobody who works on cases; there are: {known}")
    _not_recused(officer, given)


def _not_recused(officer: str, given: WorkCircumstances) -> None:
    if officer in given.recused:
        raise RecusedFromCase(f"{officer} is recused from this case; somebody else must have it")


# What was sent by post.


def _post(state: WorkState, command: c.RecordPosting, given: WorkCircumstances) -> Facts:
    letter = given.undelivered.get(command.letter)
    if letter is None:
        known = ", ".join(map(str, sorted(given.undelivered))) or "none"
        raise NoSuchLetter(
            f"{command.letter} is no letter of this case that waits; there is {known}"
        )
    if letter in state.posted:
        raise AlreadyPosted(f"letter {command.letter} was recorded as sent by post already")
    return (letter,)


# What was noted.


def _add_note(state: WorkState, command: c.AddNote, given: WorkCircumstances) -> Facts:
    text = e.NoteText(text=_in_words(command.text, "write the note"))
    return (e.NoteAdded(note=len(state.notes) + 1, author=given.actor, personal=text),)


def _supersede_note(state: WorkState, command: c.SupersedeNote, given: WorkCircumstances) -> Facts:
    note = next((each for each in state.notes if each.number == command.note), None)
    if note is None:
        raise NoSuchNote(f"the case has no note {command.note}; it has {len(state.notes)}")
    if note.superseded_by is not None:
        raise AlreadySuperseded(
            f"note {note.superseded_by} took the place of note {note.number}; correct that one"
        )
    text = e.NoteText(text=_in_words(command.text, "write the note that is to stand"))
    return (
        e.NoteSuperseded(
            note=len(state.notes) + 1, supersedes=note.number, author=given.actor, personal=text
        ),
    )


def _superseded(notes: tuple[Note, ...], event: e.NoteSuperseded) -> tuple[Note, ...]:
    kept = (
        replace(each, superseded_by=event.note) if each.number == event.supersedes else each
        for each in notes
    )
    return (*kept, Note(number=event.note, author=event.author))


def _in_words(text: str, otherwise: str) -> str:
    if not text.strip():
        raise WordsMissing(otherwise)
    return text
