"""The application as its annotations say it: stored and read back, it is the same."""

from dataclasses import fields

import msgspec
import pytest
from hypothesis import given

from domain.application import Application, Percentage, Qualification
from domain.rules.choose import named
from services.rules import load_rulebook
from tests.rules.strategies import applications


@given(applications(named(load_rulebook(), "gpt-2018")))
def test_an_application_survives_being_stored(filed: Application) -> None:
    assert msgspec.json.decode(msgspec.json.encode(filed), type=Application) == filed


def test_optional_fields_claim_nothing_by_default() -> None:
    defaults = {each.name: each.default for each in fields(Application)}
    assert defaults["talent_list_profession"] is None
    assert defaults["annual_income_hkd"] is None
    assert {each.name: each.default for each in fields(Qualification)}["recognised_body"] is False


def test_texts_with_a_meaning_are_told_apart_by_their_annotation() -> None:
    assert Percentage.__metadata__ == ("from 0 to 100",)
    with pytest.raises(msgspec.ValidationError, match="Expected `float`"):
        msgspec.convert("half", Percentage)
