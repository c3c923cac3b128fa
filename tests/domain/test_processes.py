"""Which events call for something to be done, for whom, under which permanent name."""

from typing import get_args

from domain.events import ApplicationAcknowledged, Event
from domain.processes import EFFECTS, Effect, Means, Party, effects
from tests.domain.histories import MAIN_PATH


def test_an_acknowledged_application_is_confirmed_to_its_applicant_by_email() -> None:
    assert effects(ApplicationAcknowledged()) == (
        Effect(name="acknowledgement", to=Party.APPLICANT, by=Means.EMAIL),
    )


def test_every_other_event_on_the_way_to_a_visa_calls_for_nothing_yet() -> None:
    called_for = {type(event) for event in MAIN_PATH if effects(event)}
    assert called_for == {ApplicationAcknowledged}


def test_effects_are_named_once_each_because_the_ledger_knows_them_by_name() -> None:
    names = [(effect.name, effect.to) for each in EFFECTS.values() for effect in each]
    assert sorted(names) == [("acknowledgement", "applicant")]


def test_effects_belong_to_events_that_exist() -> None:
    assert set(EFFECTS) <= set(get_args(Event))
