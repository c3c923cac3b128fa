"""The rulebook as it ships, and assessments as they are shown to other systems."""

import tomllib
from importlib import resources
from typing import Any

from msgspec import to_builtins

from domain.rules.book import parse_rulebook
from domain.rules.types import Assessment, Rulebook


def load_rulebook() -> Rulebook:
    """Every rule in the package `rulesets`, or RulesetFaults naming every fault in them."""
    files = resources.files("rulesets").iterdir()
    return parse_rulebook(
        {
            file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
            for file in files
            if file.name.endswith(".toml")
        }
    )


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
