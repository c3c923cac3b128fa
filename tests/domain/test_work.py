"""Who may take, pass on and return a case, and what may be noted on it."""

from datetime import date
from typing import get_args

import pytest

from domain import errors
from domain import work_commands as c
from domain import work_events as e
from domain.application import Channel
from domain.data_access import AccessChannel, AccessOutcome
from domain.work import Held, Note, Unheld, WorkState, holder_of, load, possible, standing
from tests.domain.desk import (
    CHAN,
    LEE,
    TEXT,
    TOLD,
    WONG,
    given,
    handed,
    noted,
    returned,
    superseded,
    taken,
)
from tests.domain.test_data_access import ANSWERED, DELAYED, EXPORTED, REQUESTED

POSTED = e.LetterPosted(event_id="event-1", effect="approved", party="applicant")
REASON = "Needs somebody who reads French"
COMMANDS: tuple[c.WorkCommand, ...] = (
    c.AssignCase(officer=LEE),
    c.TakeCase(),
    c.ReleaseCase(),
    c.HandOverCase(officer=LEE),
    c.ReturnCase(reason=REASON),
    c.AddNote(text=TEXT),
    c.SupersedeNote(note=1, text=TEXT),
    c.RecordPosting(letter=1),
    c.RecordDataAccessRequest(
        received_on=date(2019, 5, 1),
        channel=AccessChannel.LETTER,
        asked_by="John Carter",
        text="All of it",
    ),
    c.DelayDataAccess(due_on=date(2019, 8, 1), reason="An archive"),
    c.AnswerDataAccess(outcome=AccessOutcome.IN_FULL),
)
HISTORIES: dict[str, tuple[e.WorkEvent, ...]] = {
    "untouched": (),
    "noted": (noted(),),
    "corrected": (noted(), superseded(2, 1)),
    "mine": (taken(),),
    "handed to me": (taken(LEE), handed(CHAN, LEE)),
    "another's": (taken(WONG),),
    "lee's": (taken(LEE),),
    "released": (taken(), e.CaseReleased(officer=CHAN)),
    "returned": (taken(), returned(CHAN)),
    "returned to me": (taken(), handed(LEE, CHAN), returned(LEE, CHAN)),
    "mine, noted": (taken(), noted()),
    "mine, with a correction": (taken(), e.CorrectionRefused()),
    "mine, with a duplicate": (taken(), e.DuplicateRefused(channel=Channel.ONLINE)),
    "mine, with a day that passed": (taken(), *TOLD),
    "mine, with a letter posted": (taken(), POSTED),
    "noted, with data asked for": (noted(), REQUESTED),
    "mine, with an answer put off": (taken(), REQUESTED, DELAYED),
    "mine, with data put together": (taken(), REQUESTED, EXPORTED),
    "mine, with data given": (taken(), REQUESTED, EXPORTED, ANSWERED),
}
ASK, ANSWER = {"RecordDataAccessRequest"}, {"DelayDataAccess", "AnswerDataAccess"}
NOT_MINE = {"TakeCase", "AssignCase", "AddNote"} | ASK
MINE = {"AssignCase", "ReleaseCase", "HandOverCase", "ReturnCase", "AddNote"} | ASK
ALLOWED = {
    "untouched": NOT_MINE,
    "noted": NOT_MINE | {"SupersedeNote"},
    "corrected": NOT_MINE,
    "mine": MINE,
    "handed to me": MINE,
    "another's": NOT_MINE - {"TakeCase"},
    "lee's": {"AddNote"} | ASK,
    "released": NOT_MINE,
    "returned": NOT_MINE,
    "returned to me": MINE,
    "mine, noted": MINE | {"SupersedeNote"},
    "mine, with a correction": MINE,
    "mine, with a duplicate": MINE,
    "mine, with a day that passed": MINE,
    "mine, with a letter posted": MINE,
    "noted, with data asked for": NOT_MINE - ASK | {"SupersedeNote"} | ANSWER,
    "mine, with an answer put off": MINE - ASK | ANSWER,
    "mine, with data put together": MINE - ASK | ANSWER,
    "mine, with data given": MINE,
}
"""What officer Chan may do in each; who may assign at all is for the policy to say."""


def test_every_command_and_every_event_is_tried() -> None:
    assert {type(each) for each in COMMANDS} == set(get_args(c.WorkCommand))
    tried = {type(each) for history in HISTORIES.values() for each in history}
    assert tried | {e.CaseAssigned} == set(get_args(e.WorkEvent))
    assert {type(load(each)) for each in HISTORIES.values()} == set(get_args(WorkState))


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: type(each).__name__)
def test_a_command_is_allowed_in_exactly_these_states(name: str, command: c.WorkCommand) -> None:
    decided = given(*HISTORIES[name]).when(command)
    assert (decided.refusal is None) == (type(command).__name__ in ALLOWED[name]), decided
    assert len(decided.facts) == (decided.refusal is None)


@pytest.mark.parametrize("name", HISTORIES)
def test_what_is_possible_is_what_is_not_refused(name: str) -> None:
    state = load(HISTORIES[name])
    for command in COMMANDS:
        # A note that stands, and an officer who does not have the case.
        asked = command
        if isinstance(command, c.SupersedeNote):
            numbers = [each.number for each in standing(state)] or [1]
            asked = c.SupersedeNote(note=numbers[-1], text=TEXT)
        if isinstance(command, c.AssignCase | c.HandOverCase):
            other = next(each for each in (LEE, WONG) if each != holder_of(state))
            asked = type(command)(officer=other)
        refusal = given(*HISTORIES[name]).when(asked).refusal
        assert (refusal is None) == (type(command) in possible(state, CHAN)), (name, asked)


def test_a_case_that_nobody_has_is_taken() -> None:
    given().when(c.TakeCase()).then(taken())


def test_a_case_that_somebody_has_is_not_taken() -> None:
    given(taken(LEE)).when(c.TakeCase()).refused(errors.HeldByAnother, "officer.lee has the case")
    given(taken()).when(c.TakeCase()).refused(errors.AlreadyHeld)


def test_a_released_and_a_returned_case_is_taken_again() -> None:
    for back in (e.CaseReleased(officer=LEE), returned(LEE)):
        given(taken(LEE), back).when(c.TakeCase()).then(taken())


def test_a_supervisor_assigns_a_case_whoever_has_it() -> None:
    assign = c.AssignCase(officer=LEE)
    given().by(WONG).when(assign).then(e.CaseAssigned(officer=LEE, before=None))
    given(taken()).by(WONG).when(assign).then(e.CaseAssigned(officer=LEE, before=CHAN))
    given(taken(LEE)).by(WONG).when(assign).refused(errors.AlreadyHeld)


def test_only_the_holder_passes_a_case_on() -> None:
    for command in (c.ReleaseCase(), c.HandOverCase(officer=WONG), c.ReturnCase(reason=REASON)):
        given(taken(LEE)).when(command).refused(errors.NotTheHolder, "officer.lee has it")
        given().when(command).refused(errors.NotTheHolder, "nobody has it")


def test_a_case_is_handed_over_and_comes_back_to_whoever_did_so() -> None:
    given(taken()).when(c.HandOverCase(officer=LEE)).then(handed(LEE, CHAN))
    after = given(taken(), handed(LEE, CHAN)).by(LEE)
    after.when(c.ReturnCase(reason=REASON)).then(returned(LEE, CHAN))


def test_a_case_that_nobody_handed_over_is_returned_to_the_queue() -> None:
    for history in ((taken(),), (e.CaseAssigned(officer=CHAN, before=LEE),)):
        given(*history).when(c.ReturnCase(reason=REASON)).then(returned(CHAN))
    # Once returned, it was handed over by nobody any more.
    again = given(taken(), handed(LEE, CHAN), returned(LEE, CHAN))
    again.when(c.ReturnCase(reason=REASON)).then(returned(CHAN))


def test_handing_over_to_oneself_is_refused() -> None:
    given(taken()).when(c.HandOverCase(officer=CHAN)).refused(errors.AlreadyHeld)


@pytest.mark.parametrize("officer", ["", "  ", "officer.nobody", "a\0b", "x" * 101])
def test_a_case_goes_to_nobody_unknown(officer: str) -> None:
    for command in (c.AssignCase(officer=officer), c.HandOverCase(officer=officer)):
        given(taken()).when(command).refused(errors.NoSuchOfficer)


def test_where_the_officers_are_not_known_any_name_will_do() -> None:
    office = given(taken()).among(None)
    office.when(c.HandOverCase(officer="mei.fong")).then(handed("mei.fong", CHAN))
    office.when(c.HandOverCase(officer=" ")).refused(errors.NoSuchOfficer)


def test_a_recused_officer_gets_the_case_in_no_way() -> None:
    given().recused(CHAN).when(c.TakeCase()).refused(errors.RecusedFromCase, CHAN)
    for command in (c.AssignCase(officer=LEE), c.HandOverCase(officer=LEE)):
        given(taken()).recused(LEE).when(command).refused(errors.RecusedFromCase, LEE)
    handed_on = given(taken(LEE), handed(CHAN, LEE)).recused(LEE)
    handed_on.when(c.ReturnCase(reason=REASON)).then(returned(CHAN))


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: type(each).__name__)
def test_an_officer_who_stepped_aside_does_nothing_but_give_the_case_back(
    name: str, command: c.WorkCommand
) -> None:
    decided = given(*HISTORIES[name]).recused(CHAN).when(command)
    assert type(command) in (allowed := {c.ReleaseCase, c.ReturnCase}) or (
        type(decided.refusal) is errors.RecusedFromCase
    )
    mine = holder_of(load(HISTORIES[name])) == CHAN
    assert (decided.refusal is None) == (mine and type(command) in allowed)
    left = possible(load(HISTORIES[name]), CHAN, frozenset({CHAN}))
    assert set(left) == (allowed if mine else set())


def test_notes_are_numbered_and_leave_the_case_where_it_is() -> None:
    given(taken(LEE), noted()).when(c.AddNote(text=TEXT)).then(noted(2))
    assert load((taken(LEE), noted())) == Held(holder=LEE, notes=(Note(number=1, author=CHAN),))


def test_a_note_is_corrected_by_another_and_stays() -> None:
    corrected = given(noted(author=LEE)).when(c.SupersedeNote(note=1, text=TEXT))
    corrected.then(superseded(2, 1))
    assert load((noted(), superseded(2, 1))) == Unheld(
        notes=(Note(number=1, author=CHAN, superseded_by=2), Note(number=2, author=CHAN))
    )


def test_a_note_is_corrected_once() -> None:
    history = (noted(), superseded(2, 1))
    again = given(*history).when(c.SupersedeNote(note=1, text=TEXT))
    again.refused(errors.AlreadySuperseded, "note 2 took the place of note 1")
    given(*history).when(c.SupersedeNote(note=2, text=TEXT)).then(superseded(3, 2))


def test_a_note_that_there_is_not_is_not_corrected() -> None:
    for number in (0, 2, -1):
        given(noted()).when(c.SupersedeNote(note=number, text=TEXT)).refused(errors.NoSuchNote)


def test_words_that_are_needed_are_asked_for() -> None:
    office = given(taken(), noted())
    for command in (
        c.AddNote(text=" \n"),
        c.SupersedeNote(note=1, text=""),
        c.ReturnCase(reason=" "),
    ):
        office.when(command).refused(errors.WordsMissing)


def test_work_goes_on_where_the_words_were_erased() -> None:
    history = (taken(), noted(text=None))
    given(*history).when(c.SupersedeNote(note=1, text=TEXT)).then(superseded(2, 1))


def test_a_letter_that_mail_could_not_deliver_is_recorded_as_posted_once() -> None:
    waits = given(taken()).by(LEE).with_undelivered({7: POSTED})
    waits.when(c.RecordPosting(letter=7)).then(POSTED)
    waits.when(c.RecordPosting(letter=8)).refused(errors.NoSuchLetter, "there is 7")
    again = given(taken(), POSTED, handed(LEE, CHAN)).by(LEE).with_undelivered({7: POSTED})
    again.when(c.RecordPosting(letter=7)).refused(errors.AlreadyPosted)
    after = given(taken(), POSTED, returned(CHAN)).with_undelivered({7: POSTED})
    after.when(c.RecordPosting(letter=7)).refused(errors.AlreadyPosted)


def test_whoever_stepped_aside_posts_no_letter_of_the_case() -> None:
    waits = given(taken()).by(LEE).with_undelivered({7: POSTED}).recused(LEE)
    waits.when(c.RecordPosting(letter=7)).refused(errors.RecusedFromCase)
