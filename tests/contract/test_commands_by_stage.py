"""The documented table of commands by stage is what the domain does now."""

import pytest

from domain import commands as c
from domain import stages as s
from tests.contract import commands_by_stage
from tests.contract.commands_by_stage import Mark, mark_of
from tests.domain.examples import COMMANDS


def example(kind: type[c.CaseCommand]) -> c.CaseCommand:
    return next(each for each in COMMANDS if type(each) is kind)


def test_the_table_is_current() -> None:
    assert commands_by_stage.PAGE.read_text(encoding="utf-8") == commands_by_stage.present(), (
        "run `python -m tests.contract.pin` and look at what it changes"
    )


@pytest.mark.parametrize(
    ("stage", "kind", "mark"),
    [
        (s.InPool, c.WithdrawApplication, Mark.POSSIBLE),
        (s.Approved, c.WithdrawApplication, Mark.NOT_POSSIBLE),
        (s.Approved, c.PayVisaFee, Mark.ON_SOME_DAYS),
        (s.Active, c.SeekExtension, Mark.ON_SOME_DAYS),
        (s.Active, c.LapseCase, Mark.ON_SOME_DAYS),
        (s.InPool, c.LapseCase, Mark.WHERE_OPEN),
        (s.Refused, c.RequestReconsideration, Mark.ON_SOME_DAYS),
        (s.Verified, c.ConfirmDecision, Mark.WHERE_OPEN),
        (s.InPrinciple, c.ProposeApproval, Mark.BY_REGIME),
    ],
)
def test_a_mark_says_what_it_takes(
    stage: type[s.CaseState], kind: type[c.CaseCommand], mark: Mark
) -> None:
    assert mark_of(stage, example(kind)) is mark
