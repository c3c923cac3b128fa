"""A ruleset to try that nobody uses, and cases to try it on whose change is known by hand."""

from dataclasses import replace
from datetime import date

from domain import commands as c
from domain.application import Application
from domain.commands import SubmitApplication
from domain.events import Channel
from domain.rules.choose import named
from domain.rules.factors import Factor, FamilyFactor, FamilyKind, TalentListFactor
from domain.rules.types import Ruleset
from services.cases import carry_out, submit
from services.wiring import Office
from tests.services.asking import asked, filed_by

TO_POOL = (c.AcknowledgeApplication(), c.AssessPrerequisites(), c.ScoreApplication())


def trial_of(ruleset: Ruleset) -> Ruleset:
    """Return a ruleset without a talent list, with 15 points a child, and a pass mark of 140.

    So John, who claims a listed profession and has no child, has 30 points less, and Emma, who
    claims none and has one child for which she had 5 points, has 10 more.
    """
    factors = tuple(
        _with_children(each) for each in ruleset.factors if not isinstance(each, TalentListFactor)
    )
    mark = replace(ruleset.pass_mark, value=140)
    life = replace(ruleset.life, known_from=date(2019, 1, 1))
    return replace(
        ruleset,
        id="trial",
        edition=1,
        digest="sha256:trial",
        life=life,
        factors=factors,
        pass_mark=mark,
    )


def _with_children(factor: Factor) -> Factor:
    if not isinstance(factor, FamilyFactor):
        return factor
    items = tuple(
        replace(each, points=15, cap=30) if each.kind is FamilyKind.DEPENDENT_CHILD else each
        for each in factor.items
    )
    return replace(factor, items=items)


def with_trial(office: Office) -> Office:
    """Return the office with that ruleset loaded besides its own."""
    book = office.rulebook
    trial = trial_of(named(book, "gpt-2018"))
    return replace(office, rulebook=replace(book, rulesets=(*book.rulesets, trial)))


def another(name: str, passport: str) -> Application:
    """Return what John, Emma or Jackie would file with another passport."""
    application = filed_by(name)
    document = replace(application.applicant.travel_document, number=passport)
    return replace(application, applicant=replace(application.applicant, travel_document=document))


def file(office: Office, application: Application, *commands: c.CaseCommand) -> str:
    """File an application, carry out the commands, and return the reference."""
    command = SubmitApplication(application=application, channel=Channel.PAPER)
    reference = submit(office, command, asked()).reference
    for each in commands:
        carry_out(office, reference, each, asked())
    return reference
