"""Commands carried out: repeats, versions, times, and one live application a person."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain import commands as c
from domain.access import Person, Role
from domain.application import Application
from domain.days import HONG_KONG
from domain.errors import (
    DuplicateApplication,
    EarlierThanHistory,
    Forbidden,
    NoSuchCase,
    NotAllowedNow,
    NotYet,
)
from domain.events import ApplicationSubmitted, ApplicationWithdrawn
from domain.references import parse_reference
from domain.rules.choose import NoRuleset
from domain.stages import Stage
from services.cases import case_at, history, submit
from services.reservations import live_application
from services.store import CommandReused, Conflict
from services.wiring import Office
from tests.services.asking import (
    APPLICANT,
    AUDITOR,
    MAY_2019,
    SUPERVISOR,
    asked,
    asked_for,
    filed_by,
    on_paper,
    together,
)
from tests.services.erasing import erase
from tests.services.exercising import carry_out

_TO_SELECTION: tuple[c.CaseCommand, ...] = (
    c.AcknowledgeApplication(),
    c.AssessPrerequisites(),
    c.ScoreApplication(),
    c.ShortlistCase(exercise="2019-1", rank=1),
    c.SelectCase(exercise="2019-1", rank=1),
)
_TO_ENTRY: tuple[c.CaseCommand, ...] = (
    *together(c.ProposeApprovalInPrinciple()),
    c.VerifyOriginals(),
    *together(c.ProposeApproval()),
    c.PayVisaFee(amount_hkd=230),
    c.IssueVisa(),
    c.ActivateVisa(entered_on=MAY_2019.date()),
)


def test_a_filed_application_is_a_case_with_a_reference_and_one_event(office: Office) -> None:
    outcome = submit(office, on_paper("john"), asked())

    assert parse_reference(outcome.reference) == outcome.reference
    (submitted,) = history(office, outcome.reference)
    assert submitted.event == ApplicationSubmitted(
        reference=outcome.reference,
        route=filed_by("john").route,
        channel=on_paper("john").channel,
        submitted_at=MAY_2019,
        application_fee_hkd=None,
        personal=filed_by("john"),
    )
    assert (outcome.version, outcome.stage, outcome.repeated) == (1, Stage.SUBMITTED, False)


def test_a_case_is_found_however_its_reference_is_typed(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    typed = reference.lower().replace("-", " ")
    carry_out(office, typed, c.AcknowledgeApplication(), asked())
    assert case_at(office, f" {typed} ").stage is Stage.ACKNOWLEDGED


def test_john_scores_175_and_waits_in_the_pool(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    for command in (c.AcknowledgeApplication(), c.AssessPrerequisites(), c.ScoreApplication()):
        outcome = carry_out(office, reference, command, asked_for(command))
    assert outcome.stage is Stage.IN_POOL
    scored = case_at(office, reference).events[-1]
    assert getattr(scored.event, "total", None) == 175


def test_a_repeated_command_gets_the_first_result_even_where_it_is_no_longer_allowed(
    office: Office,
) -> None:
    filing = asked()
    reference = submit(office, on_paper("john"), filing).reference
    acknowledging = asked(expected=1)
    first = carry_out(office, reference, c.AcknowledgeApplication(), acknowledging)
    carry_out(office, reference, c.AssessPrerequisites(), asked())

    again = carry_out(office, reference, c.AcknowledgeApplication(), acknowledging)
    assert again == replace(first, repeated=True)
    assert submit(office, on_paper("john"), filing).reference == reference
    assert office.store.sequence() == 3


def test_a_repeat_may_spell_the_reference_and_the_instant_in_another_way(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    command_id = uuid4()
    first = asked(command_id=command_id, at=MAY_2019)
    carry_out(office, reference, c.AcknowledgeApplication(), first)
    again = asked(command_id=command_id, at=MAY_2019.astimezone(HONG_KONG))
    typed = reference.lower().removeprefix("qm-")
    assert carry_out(office, typed, c.AcknowledgeApplication(), again).repeated


def test_a_repeated_id_with_another_content_is_refused(office: Office) -> None:
    command_id = uuid4()
    submit(office, on_paper("john"), asked(command_id=command_id))
    with pytest.raises(CommandReused):
        submit(office, on_paper("emma"), asked(command_id=command_id))
    assert office.store.sequence() == 1


def test_a_stale_version_is_a_conflict_and_nothing_is_written(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    carry_out(office, reference, c.AcknowledgeApplication(), asked(expected=1))
    with pytest.raises(Conflict) as refused:
        carry_out(office, reference, c.AssessPrerequisites(), asked(expected=1))
    assert (refused.value.expected, refused.value.actual) == (1, 2)
    assert case_at(office, reference).version == 2


def test_of_many_who_act_on_one_version_exactly_one_succeeds(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference

    def act(_: int) -> bool:
        try:
            carry_out(office, reference, c.AcknowledgeApplication(), asked(expected=1))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        succeeded = list(pool.map(act, range(6)))
    assert succeeded.count(True) == 1
    assert case_at(office, reference).version == 2


def test_a_machine_that_names_no_version_is_retried_until_the_state_forbids_it(
    office: Office,
) -> None:
    reference = submit(office, on_paper("john"), asked()).reference

    def act(_: int) -> str:
        try:
            carry_out(office, reference, c.AcknowledgeApplication(), asked())
        except NotAllowedNow as refusal:
            return refusal.stage
        return "done"

    with ThreadPoolExecutor(6) as pool:
        ends = list(pool.map(act, range(6)))
    assert sorted(ends) == ["acknowledged"] * 5 + ["done"]


def test_a_command_that_the_stage_forbids_says_what_is_possible(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    with pytest.raises(NotAllowedNow, match="possible now: acknowledge-application"):
        carry_out(office, reference, c.IssueVisa(), asked())
    assert case_at(office, reference).version == 1


@pytest.mark.parametrize("reference", ["QM-22222-22224", "nonsense", ""])
def test_an_unknown_reference_is_refused_by_name(office: Office, reference: str) -> None:
    with pytest.raises(NoSuchCase):
        carry_out(office, reference, c.AcknowledgeApplication(), asked())


def test_a_role_without_leave_is_refused_before_anything_is_read(office: Office) -> None:
    with pytest.raises(Forbidden, match="auditor"):
        carry_out(office, "QM-22222-22222", c.ProposeApproval(), asked(AUDITOR))


def test_one_person_has_one_live_application_until_it_ends(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    with pytest.raises(DuplicateApplication):
        submit(office, on_paper("john"), asked())
    carry_out(office, reference, c.WithdrawApplication(reason="Moving elsewhere"), asked())
    assert submit(office, on_paper("john"), asked()).reference != reference


@pytest.mark.parametrize("written", ["k1234567", "K 123-4567", "\uff2b1234567"])
def test_one_document_is_one_person_however_its_number_is_written(
    office: Office, written: str
) -> None:
    plain = live_application(office, _document_of_john(number="K1234567"))
    assert live_application(office, _document_of_john(number=written)) == plain


def test_another_number_issuer_or_day_of_birth_is_another_person(office: Office) -> None:
    john = filed_by("john")
    born = john.applicant.date_of_birth + timedelta(days=1)
    others = (
        john,
        _document_of_john(number="K1234568"),
        _document_of_john(issued_by="NZL"),
        replace(john, applicant=replace(john.applicant, date_of_birth=born)),
    )
    assert len({live_application(office, each) for each in others}) == len(others)


def _document_of_john(**changed: str) -> Application:
    john = filed_by("john")
    document = replace(john.applicant.travel_document, **changed)
    return replace(john, applicant=replace(john.applicant, travel_document=document))


@pytest.mark.parametrize("ends", ["refused", "activated"])
def test_a_person_may_apply_anew_once_the_case_was_refused_or_led_to_entry(
    office: Office, ends: str
) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    refusal = together(c.ProposeRefusal(reasons=("The plans did not convince",)))
    for command in (*_TO_SELECTION, *(refusal if ends == "refused" else _TO_ENTRY)):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    assert submit(office, on_paper("john"), asked()).reference != reference


def test_of_many_filings_of_one_person_at_once_one_is_taken(office: Office) -> None:
    def file(_: int) -> bool:
        try:
            submit(office, on_paper("emma"), asked())
        except DuplicateApplication:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(file, range(6))).count(True) == 1
    assert _filed(office) == 1


def _filed(office: Office) -> int:
    log = office.store.read_log(after=0, limit=100)
    return sum(isinstance(each.event, ApplicationSubmitted) for each in log)


def test_a_day_without_a_ruleset_is_refused_by_name(office: Office) -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    with pytest.raises(NoRuleset, match="1 January 2001"):
        submit(office, on_paper("john"), asked(at=long_ago))
    assert office.store.sequence() == 0


def test_nothing_takes_effect_in_the_future(office: Office) -> None:
    tomorrow = office.clock() + timedelta(days=1)
    with pytest.raises(NotYet):
        submit(office, on_paper("john"), asked(at=tomorrow))


def test_nothing_takes_effect_before_what_is_already_recorded(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    earlier = MAY_2019 - timedelta(seconds=1)
    with pytest.raises(EarlierThanHistory):
        carry_out(office, reference, c.AcknowledgeApplication(), asked(at=earlier))


def test_a_clock_that_is_behind_orders_what_happens_now_after_the_past(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    behind = replace(office, clock=lambda: MAY_2019 - timedelta(seconds=2))
    carry_out(behind, reference, c.AcknowledgeApplication(), asked(at=None))
    assert history(office, reference)[-1].effective_at == MAY_2019


def test_an_entry_before_the_visa_was_issued_is_refused(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    for command in (*_TO_SELECTION, *_TO_ENTRY[:-1]):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    day_before = MAY_2019.date() - timedelta(days=1)
    with pytest.raises(EarlierThanHistory, match="issued on 1 May 2019"):
        carry_out(office, reference, c.ActivateVisa(entered_on=day_before), asked())


def test_an_applicant_cannot_say_when_something_took_effect(office: Office) -> None:
    with pytest.raises(Forbidden, match="only staff"):
        submit(office, on_paper("john"), asked(APPLICANT))


def test_a_case_is_shown_as_it_stood_and_as_it_was_believed_to_stand(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    office.store.sequence()
    before = office.clock()
    later = MAY_2019 + timedelta(days=30)
    carry_out(office, reference, c.WithdrawApplication(), asked(at=later))
    office.store.sequence()

    assert case_at(office, reference, as_of=MAY_2019).stage is Stage.SUBMITTED
    assert case_at(office, reference, as_of=later).stage is Stage.WITHDRAWN
    assert case_at(office, reference, believed_at=before).stage is Stage.SUBMITTED
    sequenced = [each.sequenced_at for each in history(office, reference)]
    assert case_at(office, reference, believed_at=sequenced[-1]).stage is Stage.WITHDRAWN
    assert isinstance(history(office, reference)[-1].event, ApplicationWithdrawn)
    with pytest.raises(NoSuchCase, match="at that time"):
        case_at(office, reference, as_of=MAY_2019 - timedelta(days=1))


def test_an_applicant_withdraws_their_own_application_and_nobody_elses(office: Office) -> None:
    own = submit(office, on_paper("john"), asked()).reference
    other = submit(office, on_paper("emma"), asked()).reference
    applicant = Person(name=own, role=Role.APPLICANT)
    with pytest.raises(Forbidden, match="their own application"):
        carry_out(office, other, c.WithdrawApplication(), asked(applicant, at=None))
    assert case_at(office, other).version == 1
    outcome = carry_out(office, own.lower(), c.WithdrawApplication(), asked(applicant, at=None))
    assert outcome.stage is Stage.WITHDRAWN


def test_twins_of_one_command_at_once_all_get_its_one_result(office: Office) -> None:
    for name in ("john", "emma", "jackie"):
        filing = asked()
        with ThreadPoolExecutor(6) as pool:
            filed = list(pool.map(lambda _: submit(office, on_paper(name), filing), range(6)))  # noqa: B023 - done within the loop
        reference = filed[0].reference
        acknowledging = asked(expected=1)
        with ThreadPoolExecutor(6) as pool:
            done = list(
                pool.map(
                    lambda _: carry_out(
                        office,
                        reference,  # noqa: B023 - as above
                        c.AcknowledgeApplication(),
                        acknowledging,  # noqa: B023 - as above
                    ),
                    range(6),
                )
            )
        assert {each.reference for each in filed} == {reference}
        assert [each.repeated for each in filed].count(False) == 1
        assert {(each.version, each.stage) for each in done} == {(2, Stage.ACKNOWLEDGED)}
        assert [each.repeated for each in done].count(False) == 1


def test_a_withdrawal_without_a_reason_closes_even_the_case_of_an_erased_person(
    office: Office,
) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    erase(office.store, reference)
    outcome = carry_out(office, reference, c.WithdrawApplication(), asked())
    assert outcome.stage is Stage.WITHDRAWN
