"""A year of the office's work: intake on paper, assessment, one exercise, and visas.

Every command's id follows from whom it is about and what it does, so the year can be cut short at
any moment and run again: what was done is recognised, and the rest is done.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources
from typing import Final
from uuid import UUID, uuid5

from domain import commands as c
from domain import exercise_commands as q
from domain import exercise_events as x
from domain.access import Person, Role
from domain.application import Application, Channel
from domain.days import HONG_KONG, hong_kong_date
from domain.decisions import Matter
from domain.errors import DuplicateApplication, NothingToSelect, Reportable
from domain.stages import Stage
from services import exercises
from services.cases import Outcome, carry_out, submit
from services.exercise_requests import events_of
from services.intake.application import application_from
from services.population import Arrival, Fate, Lot, population
from services.redrawing import redraw
from services.requests import Request
from services.wiring import Office

SEED: Final = 2019
REGIME: Final = "2018-2022"
INTAKE: Final = date(2019, 1, 2), date(2019, 5, 31)
APPLICANTS: Final = 2_000
EXERCISE: Final = "2019-1"
PLACES: Final = 874  # as many as were allotted in 2019
SHORTLIST: Final = 1_050
HELD_AT: Final = datetime(2019, 9, 16, 10, tzinfo=HONG_KONG)
FILED_ON: Final = datetime(2019, 5, 1, 9, 30, tzinfo=HONG_KONG)
KNOWN: Final = ("john", "emma", "jackie")
COMMANDS: Final = UUID("0d0f3c52-6a4e-4d0b-8a6b-3e5ad1f0a9a7")
THREADS: Final = 8
VISA_FEE_HKD: Final = 230

OFFICER: Final = Person(name="officer.chan", role=Role.OFFICER)
SUPERVISOR: Final = Person(name="supervisor.wong", role=Role.SUPERVISOR)
SECOND: Final = Person(name="supervisor.lee", role=Role.SUPERVISOR)

Advance = Callable[[int], None]


class FolderTaken(Reportable):
    """The data folder holds what the demonstration is about to make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One of the people whom the demonstration follows by name, with their application."""

    name: str
    application: Application


def known_people() -> tuple[Known, ...]:
    """Return John, Emma and Jackie with what they file."""
    folder = resources.files("services.demo") / "people"
    return tuple(
        Known(
            name=name,
            application=application_from(
                json.loads((folder / f"{name}.json").read_text("utf-8")), hong_kong_date(FILED_ON)
            ),
        )
        for name in KNOWN
    )


def arrivals() -> Iterator[Arrival]:
    """Return everybody of the year: the three who are known by name, then the population."""
    for number, person in enumerate(known_people()):
        yield Arrival(
            application=person.application,
            received_at=FILED_ON + timedelta(minutes=20 * number),
            channel=Channel.PAPER,
            lot=Lot(route=person.application.route, fate=Fate.BEFORE_COMMITTEE, recommended=True),
        )
    yield from population(APPLICANTS, SEED, REGIME, INTAKE)


def take_in(office: Office, everybody: Iterable[Arrival], advance: Advance) -> dict[str, str]:
    """File and assess everybody; return the references of the first, who are known by name."""

    def one(numbered: tuple[int, Arrival]) -> str:
        number, arrival = numbered
        reference = _take_in(office, number, arrival)
        advance(1)
        return reference

    numbered = list(enumerate(everybody))
    try:
        known = [one(each) for each in numbered[: len(KNOWN)]]
    except DuplicateApplication as fault:
        raise FolderTaken(
            "John, Emma or Jackie has an application here that the demonstration did not file; "
            "give it a data folder of its own: QMAS_HOME=.qmas-demo make demo"
        ) from fault
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(one, numbered[len(KNOWN) :]):
            pass
    return dict(zip(KNOWN, known, strict=True))


def hold_exercise(office: Office) -> tuple[str, ...]:
    """Hold the exercise up to its published result; return the references selected, in order."""
    command = q.OpenExercise(
        exercise=EXERCISE,
        title="First exercise of 2019",
        places=PLACES,
        shortlist_size=SHORTLIST,
    )
    exercises.open_exercise(office, command, asked_at(SUPERVISOR, EXERCISE, "open", HELD_AT))

    def then(step: str, person: Person, hours: int) -> Request:
        return asked_at(person, EXERCISE, step, HELD_AT + timedelta(hours=hours))

    exercises.draw_shortlist(office, EXERCISE, then("shortlist", SUPERVISOR, 1))
    exercises.propose_selection(office, EXERCISE, then("propose", SUPERVISOR, 47))
    exercises.make_selection(office, EXERCISE, _confirmed(office), then("select", SECOND, 48))
    exercises.publish_result(office, EXERCISE, then("publish", SUPERVISOR, 72))
    drawn = redraw(office, EXERCISE)
    if drawn.selection is None:
        raise NothingToSelect(f"exercise {EXERCISE} has selected nobody")
    return tuple(each.member.reference for each in drawn.selection.taken)


def _confirmed(office: Office) -> q.MakeSelection:
    """Return the confirmation of what was proposed, in a first run or in one before."""
    history = (each.event for each in events_of(office, EXERCISE))
    (proposed,) = (each for each in history if isinstance(each, x.SelectionProposed))
    return q.MakeSelection(digest=proposed.digest)


def issue_visas(office: Office, selected: Iterable[str], advance: Advance) -> None:
    """Take every selected case from approval in principle to an activated visa."""

    def one(reference: str) -> None:
        _to_visa(office, reference)
        advance(1)

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(one, selected):
            pass


def _take_in(office: Office, number: int, arrival: Arrival) -> str:
    """File one application and take it as far as its assessment leads."""
    name = f"arrival {number}"
    at = arrival.received_at
    filed = submit(
        office,
        c.SubmitApplication(application=arrival.application, channel=arrival.channel),
        asked_at(OFFICER, name, "submit", at),
    )

    def then(command: c.CaseCommand, days: int) -> Outcome:
        when = at + timedelta(days=days)
        asked = asked_at(OFFICER, name, type(command).__name__, when)
        return carry_out(office, filed.reference, command, asked)

    then(c.AcknowledgeApplication(), 9)
    outcome = then(c.AssessPrerequisites(), 40)
    if outcome.stage is Stage.PREREQUISITES_MET:
        outcome = then(c.ScoreApplication(), 55)
    if outcome.stage in {Stage.PREREQUISITES_UNMET, Stage.BELOW_MARK}:
        then(c.ProposeRefusal(), 60)
        asked = asked_at(SUPERVISOR, name, "confirm", at + timedelta(days=61))
        carry_out(office, filed.reference, c.ConfirmDecision(matter=Matter.REFUSAL), asked)
    elif arrival.withdraws:
        then(c.WithdrawApplication(reason="Circumstances have changed"), 70)
    return filed.reference


def _to_visa(office: Office, reference: str) -> None:
    def then(command: c.CaseCommand, days: int) -> Outcome:
        when = HELD_AT + timedelta(days=days)
        asked = asked_at(OFFICER, reference, type(command).__name__, when)
        return carry_out(office, reference, command, asked)

    def confirmed(matter: Matter, days: int) -> Outcome:
        when = HELD_AT + timedelta(days=days)
        asked = asked_at(SUPERVISOR, reference, f"confirm {matter}", when)
        return carry_out(office, reference, c.ConfirmDecision(matter=matter), asked)

    then(c.ProposeApprovalInPrinciple(), 9)
    confirmed(Matter.APPROVAL_IN_PRINCIPLE, 10)
    then(c.VerifyOriginals(), 60)
    then(c.ProposeApproval(), 64)
    confirmed(Matter.APPROVAL, 65)
    then(c.PayVisaFee(amount_hkd=VISA_FEE_HKD), 75)
    then(c.IssueVisa(), 80)
    entered = hong_kong_date(HELD_AT) + timedelta(days=100)
    then(c.ActivateVisa(entered_on=entered), 101)


def asked_at(person: Person, subject: str, step: str, at: datetime) -> Request:
    """Return the request for a step, whose id follows from whom it is about and what it does."""
    command_id = uuid5(COMMANDS, f"{SEED} {subject} {step}")
    return Request(
        person=person,
        command_id=command_id,
        correlation_id=str(command_id),
        effective_at=at,
    )
