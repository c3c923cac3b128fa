"""Whoever confirms an erasure names the preview that they looked at; nothing else asks for one."""

from dataclasses import replace

from domain import commands as c
from domain import stages as s
from domain.decisions import Matter
from domain.errors import PreviewOutdated
from tests.domain.deciding import given
from tests.domain.histories import HISTORIES, decided_on


def test_an_erasure_is_confirmed_by_the_preview_that_the_second_officer_looked_at() -> None:
    ended = given(*HISTORIES[s.Refused], decided_on(Matter.ERASURE)).previewed("a1").by("officer-9")
    erase = c.ConfirmDecision(matter=Matter.ERASURE)
    ended.when(erase).refused(PreviewOutdated, "look at the preview of the erasure first")
    ended.when(replace(erase, preview="b2")).refused(PreviewOutdated, "since the preview")
    ended.when(replace(erase, preview="a1")).leads_to(s.Stage.REFUSED)
    # What does not open has no preview, and is erased all the same.
    ended.previewed("").when(erase).leads_to(s.Stage.REFUSED)
    ended.previewed("").when(replace(erase, preview="b2")).leads_to(s.Stage.REFUSED)


def test_no_other_decision_asks_for_a_preview() -> None:
    approving = given(*HISTORIES[s.Verified], decided_on(Matter.APPROVAL)).previewed("a1")
    approve = c.ConfirmDecision(matter=Matter.APPROVAL)
    approving.by("officer-9").when(approve).leads_to(s.Stage.APPROVED)
