"""A corrected application held against the day on which its case was submitted."""

from dataclasses import replace
from datetime import date

from domain.application import Application
from services.intake.application import impossible_days
from services.intake.faults import ApplicationFaults
from services.intake.spelling import document_of


def demand_possible_days(application: Application, submitted_on: date) -> None:
    """Raise `ApplicationFaults` with every impossible day of an application as of that day.

    Its paths are those of a command: `application.family.children[0].date_of_birth`.
    """
    faults = impossible_days(document_of(application), submitted_on)
    if found := tuple(replace(each, path=f"application.{each.path}") for each in faults):
        raise ApplicationFaults(found)
