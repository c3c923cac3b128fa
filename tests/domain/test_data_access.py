"""A request for the data on a person: one at a time, to be answered by a day, at any stage."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain import errors
from domain import stages as s
from domain import work_commands as c
from domain.data_access import (
    AccessAsked,
    AccessChannel,
    AccessGround,
    AccessOutcome,
    AccessWords,
    DataAccessAnswered,
    DataAccessDelayed,
    DataAccessRequested,
    DataExported,
)
from domain.days import hong_kong_date
from domain.deadlines import PASSED, Deadline, DeadlineApproaching, DeadlinePassed
from domain.deciding import answering
from domain.happenings import Happening, is_past
from domain.particulars import ErasureDecided
from domain.processes import Party, effects, recipients
from domain.projections.deadlines import open_days
from domain.work import load, possible
from domain.work_events import WorkEvent
from domain.work_told import access_told
from tests.domain.desk import CHAN, LEE, WONG, Given, given, noted, taken
from tests.domain.histories import HISTORIES, PAY_BY
from tests.domain.test_deadlines import START, life, noon

RECEIVED = date(2019, 5, 1)
DUE = date(2019, 6, 10)
ASKED = c.RecordDataAccessRequest(
    received_on=RECEIVED,
    channel=AccessChannel.LETTER,
    asked_by="John Carter",
    text="All that you hold on me",
)
DELAY = c.DelayDataAccess(due_on=date(2019, 7, 1), reason="The files are in an archive")
FULL = c.AnswerDataAccess(outcome=AccessOutcome.IN_FULL)
REQUESTED = DataAccessRequested(
    request=1,
    received_on=RECEIVED,
    due_on=DUE,
    channel=AccessChannel.LETTER,
    personal=AccessAsked(asked_by="John Carter", text="All that you hold on me"),
)
DELAYED = DataAccessDelayed(request=1, due_on=DELAY.due_on, personal=AccessWords(text=DELAY.reason))
ANSWERED = DataAccessAnswered(request=1, outcome=AccessOutcome.IN_FULL, ground=None, personal=None)
EXPORTED = DataExported(
    request=1, digest="0" * 64, position=12, until=datetime(2019, 5, 20, tzinfo=UTC)
)


def on(day: date, *history: WorkEvent | ErasureDecided) -> Given:
    """The work with this history on a day, where a request is to be answered in 40 days."""
    found = given(*history)
    return replace(found, circumstances=replace(found.circumstances, today=day, access_days=40))


def test_a_request_is_to_be_answered_forty_days_after_it_came_in() -> None:
    # Keyed a week after it came in: the days count from then.
    on(RECEIVED + timedelta(days=7)).when(ASKED).then(REQUESTED)


def test_a_request_cannot_have_come_in_tomorrow() -> None:
    on(RECEIVED - timedelta(days=1)).when(ASKED).refused(errors.DayImpossible, "is after today")
    on(RECEIVED).when(ASKED).then(REQUESTED)


@pytest.mark.parametrize("command", [replace(ASKED, asked_by=" "), replace(ASKED, text="\n")])
def test_a_request_says_who_asks_for_what(command: c.RecordDataAccessRequest) -> None:
    on(RECEIVED).when(command).refused(errors.WordsMissing)


def test_one_request_is_open_at_a_time_and_the_next_one_counts_on() -> None:
    on(DUE, REQUESTED).when(ASKED).refused(errors.DataAccessOpen, "10 June 2019")
    on(DUE, REQUESTED, ANSWERED).when(ASKED).then(replace(REQUESTED, request=2))


def test_nothing_is_answered_or_put_off_that_was_not_asked() -> None:
    for history in ((), (REQUESTED, ANSWERED)):
        for command in (FULL, DELAY):
            on(RECEIVED, *history).when(command).refused(errors.NoDataAccessOpen)


def test_an_export_is_of_an_open_request_and_answers_it_not_yet() -> None:
    exported = on(DUE, REQUESTED, EXPORTED).state.access
    assert answering.exported(exported).request == 1
    on(DUE, REQUESTED, EXPORTED).when(FULL).then(ANSWERED)
    with pytest.raises(errors.NoDataAccessOpen):
        answering.exported(on(DUE, REQUESTED, EXPORTED, ANSWERED).state.access)
    with pytest.raises(errors.PersonErased):
        answering.exported(on(DUE, REQUESTED, ErasureDecided()).state.access)


def test_an_answer_can_be_put_off_until_its_day_is_over() -> None:
    on(DUE, REQUESTED).when(DELAY).then(DELAYED)
    on(DUE + timedelta(days=1), REQUESTED).when(DELAY).refused(errors.TooLate, "10 June 2019")
    # Once more, while the later day is not over.
    later = replace(DELAY, due_on=date(2019, 8, 1))
    on(DELAY.due_on, REQUESTED, DELAYED).when(later).then(replace(DELAYED, due_on=later.due_on))


def test_an_answer_is_put_off_to_a_later_day_with_a_reason() -> None:
    on(RECEIVED, REQUESTED).when(replace(DELAY, due_on=DUE)).refused(errors.DayImpossible)
    on(RECEIVED, REQUESTED).when(replace(DELAY, reason=" ")).refused(errors.WordsMissing)


@pytest.mark.parametrize("outcome", AccessOutcome)
def test_what_is_kept_back_has_its_ground_and_its_reasons(outcome: AccessOutcome) -> None:
    keeps_back = outcome in {AccessOutcome.IN_PART, AccessOutcome.REFUSED}
    bare = c.AnswerDataAccess(outcome=outcome)
    grounded = replace(bare, ground=AccessGround.ANOTHER_PERSON, reason=" It names a sponsor ")
    said = AccessWords(text="It names a sponsor")
    ended = replace(ANSWERED, outcome=outcome)
    asked = on(DUE + timedelta(days=400), REQUESTED)
    if keeps_back:
        asked.when(bare).refused(errors.AccessGroundMismatch, "name the ground")
        asked.when(replace(grounded, reason="")).refused(errors.WordsMissing)
        asked.when(grounded).then(replace(ended, ground=grounded.ground, personal=said))
    else:
        asked.when(bare).then(ended)
        asked.when(grounded).refused(errors.AccessGroundMismatch, "leave the ground out")
        asked.when(replace(bare, reason="Sent")).then(
            replace(ended, personal=AccessWords(text="Sent"))
        )


def test_it_is_the_same_whoever_has_the_case() -> None:
    # A case that changes hands takes its open request with it.
    for history in ((taken(LEE),), (taken(), REQUESTED, taken(LEE))):
        open_already = REQUESTED in history
        decided = on(RECEIVED, *history).when(ASKED)
        if open_already:
            decided.refused(errors.DataAccessOpen)
        else:
            decided.then(REQUESTED)


def test_who_stepped_aside_has_no_part_in_it() -> None:
    for command in (ASKED, FULL, DELAY):
        on(RECEIVED, REQUESTED).recused(CHAN).when(command).refused(errors.RecusedFromCase)


@pytest.mark.parametrize("stage", [each for each in HISTORIES if HISTORIES[each]])
def test_its_day_is_open_beside_whatever_the_stage_sets(stage: type[s.CaseState]) -> None:
    before = life(stage)
    assert before.row is not None
    own = tuple(open_days(before.row))
    row = life(stage).happens(REQUESTED, stream="work").row
    assert row is not None
    *others, added = open_days(row)
    assert tuple(others) == own
    assert (added.deadline, added.due_on, added.opened) == (Deadline.DATA_ACCESS, DUE, 1)
    ended = life(stage).happens(REQUESTED, ANSWERED, stream="work").row
    assert ended is not None
    assert tuple(open_days(ended)) == own


def test_both_days_are_told_each_by_itself_though_their_events_have_one_number() -> None:
    case = life(s.Approved)
    assert case.row is not None
    versions = case.row.opened or 0
    # The request is the event of the work that has the number of the approval in the case.
    case.happens(*[taken(LEE)] * (versions - 1), stream="work")
    case.happens(replace(REQUESTED, due_on=PAY_BY), stream="work")
    assert case.row is not None
    assert case.row.opened == case.row.access_opened
    for days in range(-20, 3):
        while case.looked_at(noon(PAY_BY + timedelta(days=days))):
            pass
    said = [
        (each.deadline, getattr(each, "days", PASSED))
        for _, each in case.told
        if isinstance(each, DeadlineApproaching | DeadlinePassed)
    ]
    expected = [
        (deadline, days)
        for days in (14, 3, PASSED)
        for deadline in (Deadline.VISA_FEE, Deadline.DATA_ACCESS)
    ]
    assert said == expected


def test_a_day_that_was_put_off_is_told_anew() -> None:
    case = life(s.Refused).happens(REQUESTED, stream="work")
    near = case.looked_at(noon(DUE))
    assert isinstance(near, DeadlineApproaching)
    case.happens(DELAYED, stream="work")
    assert case.looked_at(noon(DUE + timedelta(days=1))) is None
    assert isinstance(case.looked_at(noon(DELAY.due_on)), DeadlineApproaching)
    assert isinstance(case.looked_at(noon(DELAY.due_on + timedelta(days=1))), DeadlinePassed)


def test_an_erasure_ends_the_request_and_leaves_nothing_to_ask_for() -> None:
    for history in ((), (REQUESTED,), (REQUESTED, ANSWERED), (taken(), REQUESTED, DELAYED)):
        erased = on(RECEIVED, *history, ErasureDecided())
        for command in (ASKED, DELAY, FULL):
            erased.when(command).refused(errors.PersonErased)
        assert not {type(each) for each in (ASKED, DELAY, FULL)} & {*possible(erased.state, CHAN)}
        assert access_told((), erased.state.access) is None


@given_any(st.lists(st.sampled_from([ASKED, DELAY, FULL, ErasureDecided()]), max_size=12))
def test_the_work_and_the_read_model_say_the_same_of_what_is_open(
    happens: list[c.DataAccessCommand | ErasureDecided],
) -> None:
    case, history = life(s.Refused), (taken(),)
    for each in happens:
        erased = isinstance(each, ErasureDecided)
        events = (each,) if erased else on(RECEIVED, *history).when(each).facts
        case.happens(*events, stream="case" if erased else "work")
        history += events
    assert case.row is not None
    days = [each.due_on for each in open_days(case.row) if each.deadline is Deadline.DATA_ACCESS]
    asked = load(history).access.open
    assert days == ([] if asked is None else [asked.due_on])


def test_nothing_more_is_said_of_an_erased_person() -> None:
    says = {c.AddNote, c.SupersedeNote, c.ReturnCase}
    history = (taken(), noted())
    assert says <= {*possible(load(history), CHAN)}
    assert not says & {*possible(load((*history, ErasureDecided())), CHAN)}


def test_of_an_erased_person_no_data_are_due() -> None:
    case = life(s.Refused).happens(REQUESTED, stream="work").happens(ErasureDecided())
    assert case.row is not None
    assert tuple(open_days(case.row)) == ()
    assert case.looked_at(noon(DUE + timedelta(days=1))) is None


def test_what_the_office_is_reminded_of_is_no_news_to_who_waits() -> None:
    case = life(s.InPool).happens(REQUESTED, stream="work", at=START)
    while case.looked_at(noon(DUE)):
        pass
    assert case.row is not None
    assert case.row.quiet_since == START


NEAR = DeadlineApproaching(deadline=Deadline.DATA_ACCESS, due_on=DUE, opened=1, days=3)
OVER = DeadlinePassed(deadline=Deadline.DATA_ACCESS, due_on=DUE, opened=1)


def reminded(
    event: DeadlineApproaching | DeadlinePassed, *history: WorkEvent | ErasureDecided
) -> Happening:
    """A reminder of a request for data, after it alone or after this history."""
    state, access = s.Draft(), load(history or (REQUESTED,)).access
    return Happening(
        event=event, actor="system", before=state, after=state, holder=WONG, access=access
    )


@pytest.mark.parametrize("event", [NEAR, OVER])
def test_nobody_is_reminded_of_a_request_that_does_not_await_its_answer(
    event: DeadlineApproaching | DeadlinePassed,
) -> None:
    (called_for,) = effects(reminded(event))
    for since in ((ANSWERED,), (DELAYED,), (ErasureDecided(),), (ANSWERED, REQUESTED, DELAYED)):
        assert effects(reminded(event, REQUESTED, *since)) == ()
        latest = reminded(event, REQUESTED, *since)
        assert is_past(reminded(event), called_for.when, latest)
    for since in ((), (taken(),)):
        assert not is_past(reminded(event), called_for.when, reminded(event, REQUESTED, *since))


def test_the_office_alone_is_reminded_and_nobody_twice() -> None:
    for event in (NEAR, OVER):
        at = reminded(event)
        found = effects(at)
        assert [each.to for each in found] == [(Party.OFFICER, Party.SUPERVISOR)]
        told = recipients(found[0], at, {WONG, LEE})
        assert [(each.party, each.account) for each in told] == [
            (Party.OFFICER, WONG),
            (Party.SUPERVISOR, LEE),
        ]


@given_any(
    commands=st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([ASKED, DELAY, FULL])), max_size=12
    )
)
def test_whatever_is_asked_one_is_open_at_most_and_each_has_one_answer(
    commands: list[tuple[int, c.DataAccessCommand]],
) -> None:
    history: tuple[WorkEvent, ...] = ()
    day = hong_kong_date(START)
    for days, command in commands:
        day += timedelta(days=days)
        asked = command
        if isinstance(command, c.RecordDataAccessRequest):
            asked = replace(command, received_on=day)
        if isinstance(command, c.DelayDataAccess):
            asked = replace(command, due_on=day + timedelta(days=90))
        history += on(day, *history).when(asked).facts
    numbers = [each.request for each in history if isinstance(each, DataAccessRequested)]
    assert numbers == list(range(1, len(numbers) + 1))
    answers = [each.request for each in history if isinstance(each, DataAccessAnswered)]
    assert answers == numbers[: len(answers)]
    assert len(numbers) - len(answers) in {0, 1}
