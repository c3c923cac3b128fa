"""Documents of a case: what came in, what was found, and when what was asked for has come in."""

from dataclasses import replace
from datetime import date, timedelta
from functools import reduce

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain import commands as c
from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.case import evolve, load
from domain.deciding.papers import decide
from domain.errors import (
    DueDatePassed,
    FileTooLarge,
    NoSuchDocument,
    NotAllowedNow,
    NothingRequested,
    ReasonsMissing,
    RequestUnclear,
    TooManyDocuments,
)
from domain.evolving import documents_awaited_after
from domain.reconsidering import CaseReopened, RefusalUpheld
from domain.residence import ExtensionRefused
from domain.rules.choose import NoRule, file_count, file_size
from tests.domain.deciding import NOON, REFERENCE, Given, given, real_rulebook
from tests.domain.histories import (
    APPROVED,
    CANCELLED,
    DUE_ON,
    HISTORIES,
    REFUSED,
    VOIDED,
    WITHDRAWN,
    checked,
    document,
    requested,
)
from tests.domain.test_case_residence import SECOND

POOL = HISTORIES[s.InPool]
TODAY = NOON.date()
STORED = "ab" * 32
ENDED = (s.Refused, s.Withdrawn, s.Settled, s.Lapsed, s.Voided)
LIVE = [each for each in HISTORIES if each is not s.Draft and each not in ENDED]
UNDECIDED = [each for each in LIVE if each in s.Undecided.__args__]
ASKING = [*UNDECIDED, s.Extending, s.UnderReconsideration]
DECIDED = [each for each in LIVE if each not in ASKING]
KINDS = tuple(p.DocumentKind)
ASKED = (p.DocumentKind.WORK, p.DocumentKind.LANGUAGE, p.DocumentKind.FAMILY)
"""Kinds of which ten are taken, which is as many as the law below draws."""
WORK, LANGUAGE, OTHER = p.DocumentKind.WORK, p.DocumentKind.LANGUAGE, p.DocumentKind.OTHER


def named(stage: type[s.CaseState]) -> str:
    return stage.__name__


def with_file(case: Given) -> Given:
    """Return the same case with sealed bytes that wait for their fact."""
    return replace(case, circumstances=replace(case.circumstances, stored=STORED))


def receive(kind: p.DocumentKind = WORK, size: int = 70_000) -> p.ReceiveDocument:
    """Return the command that takes in a file."""
    return p.ReceiveDocument(
        kind=kind, name="letter.pdf", media_type=p.MediaType.PDF, size=size, sha256="cd" * 32
    )


def received(number: int, kind: p.DocumentKind = WORK) -> p.DocumentReceived:
    """Return the fact that follows from it."""
    return p.DocumentReceived(
        document=number,
        kind=kind,
        media_type=p.MediaType.PDF,
        size=70_000,
        stored=STORED,
        received_from="officer-1",
        personal=p.DocumentFile(name="letter.pdf", sha256="cd" * 32),
    )


@pytest.mark.parametrize("stage", LIVE, ids=named)
def test_a_document_comes_in_at_any_stage_before_the_end(stage: type[s.CaseState]) -> None:
    case = with_file(given(*HISTORIES[stage]))
    case.when(receive()).then(received(1))
    case.when(receive()).leads_to(s.STAGES[stage])
    with_file(given(*HISTORIES[stage], document(1), document(2))).when(receive()).then(received(3))


@pytest.mark.parametrize("stage", [s.Draft, *ENDED], ids=named)
def test_no_document_comes_in_before_a_case_begins_or_after_it_ended(
    stage: type[s.CaseState],
) -> None:
    given(*HISTORIES[stage]).when(receive()).refused(NotAllowedNow)


@pytest.mark.parametrize("stage", LIVE, ids=named)
def test_an_officer_says_what_a_document_shows(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage], document())
    check = p.CheckDocument(document=1, outcome=p.CheckOutcome.ILLEGIBLE, remarks=" page 2 ")
    found = p.DocumentChecked(
        document=1,
        outcome=p.CheckOutcome.ILLEGIBLE,
        checked_by="officer-1",
        personal=p.CheckRemarks(text="page 2"),
    )
    case.when(check).then(found)
    case.when(check).leads_to(s.STAGES[stage])
    case.when(replace(check, remarks=" ")).then(replace(found, personal=None))


@pytest.mark.parametrize("form", p.DocumentForm)
@pytest.mark.parametrize("finding", p.Finding)
@pytest.mark.parametrize("stage", LIVE, ids=named)
def test_an_officer_says_whether_a_document_is_genuine(
    stage: type[s.CaseState], finding: p.Finding, form: p.DocumentForm
) -> None:
    case = given(*HISTORIES[stage], document())
    verify = p.VerifyDocument(document=1, form=form, finding=finding)
    case.by("officer-2").when(verify).then(
        p.DocumentVerified(document=1, form=form, finding=finding, verified_by="officer-2")
    )
    case.when(verify).leads_to(s.STAGES[stage])


@pytest.mark.parametrize("stage", [s.Draft, *ENDED], ids=named)
@pytest.mark.parametrize(
    "command",
    [
        p.CheckDocument(document=1, outcome=p.CheckOutcome.SUFFICIENT),
        p.VerifyDocument(document=1, form=p.DocumentForm.COPY, finding=p.Finding.GENUINE),
        p.RequestDocuments(kinds=(WORK,), due_on=DUE_ON),
    ],
    ids=lambda each: type(each).__name__,
)
def test_nothing_is_done_about_documents_outside_a_case_s_life(
    stage: type[s.CaseState], command: p.PaperCommand
) -> None:
    history = HISTORIES[stage]
    brought = (history[0], document(), *history[1:]) if history else ()
    given(*brought).when(command).refused(NotAllowedNow)


def test_a_document_that_is_not_there_is_refused_by_its_number() -> None:
    two = given(*POOL, document(1), document(2))
    check = p.CheckDocument(document=3, outcome=p.CheckOutcome.SUFFICIENT)
    two.when(check).refused(NoSuchDocument, "no document 3; it has numbers 1 to 2")
    verify = p.VerifyDocument(document=0, form=p.DocumentForm.COPY, finding=p.Finding.GENUINE)
    two.when(verify).refused(NoSuchDocument, "no document 0")
    given(*POOL).when(check).refused(NoSuchDocument, "it has none yet")


def test_the_latest_finding_is_the_one_that_stands() -> None:
    first = p.DocumentVerified(
        document=1, form=p.DocumentForm.COPY, finding=p.Finding.GENUINE, verified_by="officer-1"
    )
    later = replace(first, form=p.DocumentForm.ORIGINAL, finding=p.Finding.NOT_GENUINE)
    facts = (document(1), document(2), checked(1), first, later)
    papers = reduce(p.after, facts, p.Papers())
    one, two = papers.received
    assert (one.checked, one.verified) == (checked(1), later)
    assert (two.checked, two.verified) == (None, None)


@pytest.mark.parametrize("stage", ASKING, ids=named)
def test_the_applicant_is_asked_for_documents_while_something_is_undecided(
    stage: type[s.CaseState],
) -> None:
    case = given(*HISTORIES[stage], document())
    asked = p.RequestDocuments(kinds=(WORK, OTHER, WORK), due_on=DUE_ON, text=" a payslip ")
    case.when(asked).then(
        p.DocumentsRequested(
            kinds=(WORK, OTHER),
            due_on=DUE_ON,
            after=1,
            requested_by="officer-1",
            personal=p.RequestText(text="a payslip"),
        )
    )
    case.when(asked).leads_to(s.STAGES[stage])


@pytest.mark.parametrize("stage", DECIDED, ids=named)
def test_nobody_is_asked_for_documents_once_the_case_is_decided(stage: type[s.CaseState]) -> None:
    asked = p.RequestDocuments(kinds=(WORK,), due_on=DUE_ON)
    given(*HISTORIES[stage]).when(asked).refused(NotAllowedNow)


def test_a_request_says_what_is_wanted_and_leaves_time() -> None:
    case = given(*POOL)
    ask = p.RequestDocuments(kinds=(WORK,), due_on=TODAY + timedelta(1))
    assert case.when(ask).refusal is None
    case.when(replace(ask, due_on=TODAY)).refused(DueDatePassed, "2 September 2019")
    case.when(replace(ask, kinds=())).refused(NothingRequested)
    case.when(replace(ask, kinds=(OTHER,), text=" ")).refused(RequestUnclear)


@pytest.mark.parametrize("stage", ASKING, ids=named)
def test_an_open_request_is_cancelled_with_a_reason(stage: type[s.CaseState]) -> None:
    cancel = p.CancelDocumentRequest(reason=f" {CANCELLED.personal.text} ")
    open_ = given(*HISTORIES[stage], requested())
    open_.when(cancel).then(CANCELLED)
    open_.when(cancel).leads_to(s.STAGES[stage])
    open_.when(replace(cancel, reason=" ")).refused(ReasonsMissing, "no longer needed")
    # What is not asked for cannot be cancelled, nor twice.
    given(*HISTORIES[stage]).when(cancel).refused(NotAllowedNow)
    given(*HISTORIES[stage], requested(), CANCELLED).when(cancel).refused(NotAllowedNow)


def test_documents_are_awaited_from_a_request_until_it_ends() -> None:
    awaited = False
    for event, then in [
        *((each, False) for each in POOL),
        (requested(WORK), True),
        (document(1, LANGUAGE), True),
        (CANCELLED, False),
        (document(2, LANGUAGE), False),
    ]:
        awaited = documents_awaited_after(event, before=awaited)
        assert awaited is then


def test_what_comes_in_after_a_cancellation_answers_nothing() -> None:
    with_file(given(*POOL, requested(WORK), CANCELLED)).when(receive(WORK)).then(received(1))


def test_a_new_request_takes_the_place_of_the_open_one() -> None:
    history = (*POOL, requested(WORK), document(1, LANGUAGE), requested(LANGUAGE, after=1))
    state = load(history)
    assert isinstance(state, s.InPool)
    assert state.filed.papers.missing == (LANGUAGE,)
    with_file(given(*history)).when(receive(WORK)).then(received(2))


@pytest.mark.parametrize(
    ("stage", "end"),
    [
        (s.Extending, SECOND),
        (s.Extending, ExtensionRefused(personal=None)),
        (s.Extending, VOIDED),
        (s.UnderReconsideration, CaseReopened()),
        (s.UnderReconsideration, RefusalUpheld(personal=None)),
    ],
    ids=lambda each: each.__name__ if isinstance(each, type) else type(each).__name__,
)
def test_what_decides_on_a_stay_or_a_refusal_ends_a_request_everywhere(
    stage: type[s.CaseState], end: e.CaseEvent
) -> None:
    asked = (*HISTORIES[stage], requested(WORK))
    # What nobody sent ends neither the stay nor the review by itself.
    given(*asked).at(NOON.replace(year=2040)).when(c.LapseCase()).refused(NotAllowedNow)
    state = load((*asked, end))
    assert not isinstance(state, s.Draft)
    assert state.filed.papers.requested is None


@pytest.mark.parametrize("decision", [APPROVED, REFUSED, WITHDRAWN], ids=lambda e: type(e).__name__)
def test_nothing_is_asked_for_any_more_once_the_case_is_decided(decision: object) -> None:
    state = evolve(load((*POOL, requested(WORK))), decision)
    assert not isinstance(state, s.Draft)
    assert state.filed.papers.requested is None


@pytest.mark.parametrize("stage", UNDECIDED, ids=named)
def test_a_request_stays_open_while_the_case_goes_on_undecided(stage: type[s.CaseState]) -> None:
    filed, *later = HISTORIES[stage]
    state = load((filed, requested(WORK), *later))
    assert isinstance(state, stage)
    assert state.filed.papers.requested == requested(WORK)


def test_what_comes_in_late_is_taken_while_the_case_goes_on() -> None:
    late = NOON.replace(year=2020)
    assert late.date() > DUE_ON
    case = with_file(given(*POOL, requested(WORK)).at(late))
    case.when(receive()).then(received(1), p.RequestedDocumentsReceived(documents=(1,)))


def test_a_request_is_answered_when_the_last_kind_comes_in() -> None:
    asked = (*POOL, document(1, LANGUAGE), requested(WORK, LANGUAGE, after=1))
    with_file(given(*asked)).when(receive(WORK)).then(received(2, WORK))
    both = with_file(given(*asked, document(2, WORK)))
    answer = p.RequestedDocumentsReceived(documents=(2, 3))
    both.when(receive(LANGUAGE)).then(received(3, LANGUAGE), answer)


@pytest.mark.parametrize("outcome", sorted(p.WANTING))
def test_a_document_found_wanting_answers_nothing_until_it_is_looked_at_again(
    outcome: p.CheckOutcome,
) -> None:
    asked = (*POOL, requested(WORK, LANGUAGE), document(1, WORK), checked(1, outcome))
    with_file(given(*asked)).when(receive(LANGUAGE)).then(received(2, LANGUAGE))
    again = given(*asked, document(2, LANGUAGE))
    again.when(p.CheckDocument(document=1, outcome=p.CheckOutcome.SUFFICIENT)).then(
        checked(1), p.RequestedDocumentsReceived(documents=(1, 2))
    )


def test_a_suspect_document_is_an_answer_all_the_same() -> None:
    asked = (*POOL, requested(WORK, LANGUAGE), document(1), checked(1, p.CheckOutcome.SUSPECT))
    answer = p.RequestedDocumentsReceived(documents=(1, 2))
    with_file(given(*asked)).when(receive(LANGUAGE)).then(received(2, LANGUAGE), answer)


@given_any(
    st.sets(st.sampled_from(ASKED), min_size=1),
    st.lists(
        st.tuples(st.sampled_from(ASKED), st.none() | st.sampled_from(p.CheckOutcome)), max_size=10
    ),
    st.integers(0, 4),
)
def test_a_request_is_answered_exactly_when_every_kind_has_come_in_since(
    kinds: set[p.DocumentKind],
    steps: list[tuple[p.DocumentKind, p.CheckOutcome | None]],
    before: int,
) -> None:
    """Told without the code: a request waits for the kinds that no later, good document has."""
    state = load(POOL)
    good: dict[int, p.DocumentKind] = {}
    waiting: set[p.DocumentKind] = set()
    count = 0
    for number, (kind, outcome) in enumerate(steps):
        if number == before:
            ask = p.RequestDocuments(kinds=tuple(sorted(kinds)), due_on=DUE_ON, text="as said")
            state = reduce(evolve, decide(state, ask, given().circumstances), state)
            waiting, good = set(kinds), {}
        commands: list[p.PaperCommand] = [receive(kind)]
        if outcome is not None:
            commands.append(p.CheckDocument(document=count + 1, outcome=outcome))
        for command in commands:
            facts = decide(state, command, given().circumstances)
            state = reduce(evolve, facts, state)
            if isinstance(command, p.ReceiveDocument):
                count += 1
                good[count] = kind
            elif outcome in ("insufficient", "illegible", "needs-translation"):
                good.pop(count, None)
            else:
                good[count] = kind
            complete = bool(waiting) and waiting <= set(good.values())
            told = [each for each in facts if isinstance(each, p.RequestedDocumentsReceived)]
            numbers = tuple(each for each, had in sorted(good.items()) if had in waiting)
            assert told == [p.RequestedDocumentsReceived(documents=numbers)] * complete
            if complete:
                waiting = set()
            assert not isinstance(state, s.Draft)
            assert set(state.filed.papers.missing) == waiting - set(good.values())


@pytest.mark.parametrize("kind", KINDS)
def test_so_many_files_of_a_kind_are_taken_and_no_more(kind: p.DocumentKind) -> None:
    most = file_count(real_rulebook(), kind, TODAY)
    one_less = tuple(document(number, kind) for number in range(1, most))
    assert with_file(given(*POOL, *one_less)).when(receive(kind)).refusal is None
    full = (*one_less, document(most, kind))
    with_file(given(*POOL, *full)).when(receive(kind)).refused(TooManyDocuments, f"{most} doc")
    # What has to be replaced takes nobody's place, and other kinds have limits of their own.
    wanting = (*full, checked(1, p.CheckOutcome.INSUFFICIENT))
    assert with_file(given(*POOL, *wanting)).when(receive(kind)).refusal is None
    another = KINDS[(KINDS.index(kind) + 1) % len(KINDS)]
    assert with_file(given(*POOL, *full)).when(receive(another)).refusal is None


def test_a_file_of_five_megabytes_is_taken_and_not_a_byte_more() -> None:
    most = file_size(real_rulebook(), TODAY)
    assert most == 5 * 1024 * 1024
    case = with_file(given(*POOL))
    assert case.when(receive(size=most)).refusal is None
    case.when(receive(size=most + 1)).refused(FileTooLarge, "5,242,880 bytes")


def test_limits_that_are_not_loaded_are_refused_by_name() -> None:
    day = date(2006, 6, 27)
    with pytest.raises(NoRule, match=r"limit of the size of files is loaded for 27 June 2006"):
        file_size(real_rulebook(), day)
    with pytest.raises(NoRule, match="files of the kind work"):
        file_count(real_rulebook(), WORK, day)


def test_the_applicant_is_named_as_the_one_it_came_from() -> None:
    decided = with_file(given(*POOL)).by(REFERENCE).when(receive())
    decided.then(replace(received(1), received_from=REFERENCE))
