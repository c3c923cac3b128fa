"""The rulebook as it ships, and assessments as they are shown to other systems."""

from pathlib import Path
from typing import Any

from msgspec import to_builtins

from domain.rules.book import parse_rulebook
from domain.rules.reading import RulesetFaults
from domain.rules.types import Assessment, Rulebook
from services.rulebook.files import read_files


def load_rulebook(folder: Path | None = None) -> Rulebook:
    """Every rule in a folder, or in the package `rulesets`; RulesetFaults naming every fault."""
    found = read_files(folder)
    if found.faults:
        # What other files lack for want of these would be no fault of theirs.
        raise RulesetFaults("rulebook", found.faults)
    return parse_rulebook(found.documents)


def answer(assessment: Assessment) -> dict[str, Any]:
    """An assessment as JSON-ready values, in the order and shape of the published format.

    A test of points has no ``criteria`` and a test of criteria no ``factors``; an award has an
    ``edition`` only where a dated list was read.
    """
    shown: dict[str, Any] = to_builtins(assessment)
    del shown["criteria" if assessment.factors else "factors"]
    for finding in shown["prerequisites"]:
        del finding["evidence"], finding["edition"]
    for factor in shown.get("factors", ()):
        for award in factor["awards"]:
            if award["edition"] is None:
                del award["edition"]
    return shown
