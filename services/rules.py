"""The rulebook as it ships, and assessments as they are shown to other systems."""

from pathlib import Path
from typing import Any

from msgspec import to_builtins

from domain.application import Correspondence
from domain.rules.book import parse_rulebook
from domain.rules.types import Assessment, FactorScore, Rulebook
from services.reasons import say
from services.rulebook.files import read_files


def load_rulebook(folder: Path | None = None) -> Rulebook:
    """Every rule in a folder, or in the package `rulesets`; RulesetFaults naming every fault."""
    found = read_files(folder)
    return parse_rulebook(found.documents, unread=found.unread)


def answer(
    assessment: Assessment, language: Correspondence = Correspondence.ENGLISH
) -> dict[str, Any]:
    """An assessment as JSON-ready values, in the order and shape of the published format.

    Its reasons are said in a language. A test of points has no ``criteria`` and a test of criteria
    no ``factors``; an award or criterion has an ``edition`` only where a dated list was read. Only
    what officers decided otherwise has ``computed`` points, and an assessment without any such has
    neither ``computed_total`` nor ``overrides``.
    """
    shown: dict[str, Any] = to_builtins(assessment)
    del shown["criteria" if assessment.factors else "factors"]
    for finding, found in zip(shown["prerequisites"], assessment.prerequisites, strict=True):
        del finding["evidence"], finding["edition"]
        finding["reason"] = say(found.reason, language)
    for criterion, judged in zip(shown.get("criteria", ()), assessment.criteria, strict=False):
        criterion["reason"] = say(judged.reason, language)
        if criterion["edition"] is None:
            del criterion["edition"]
    for factor, score in zip(shown.get("factors", ()), assessment.factors, strict=False):
        _say_factor(factor, score, language)
    if not assessment.overrides:
        del shown["computed_total"], shown["overrides"]
    return shown


def _say_factor(shown: dict[str, Any], score: FactorScore, language: Correspondence) -> None:
    if score.computed is None:
        del shown["computed"]
    for award, given in zip(shown["awards"], score.awards, strict=True):
        award["reason"] = say(given.reason, language)
        if award["edition"] is None:
            del award["edition"]
    for shortfall, lacking in zip(shown["shortfalls"], score.shortfalls, strict=True):
        shortfall["reason"] = say(lacking.reason, language)
