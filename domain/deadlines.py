"""The facts of time passing in a case: a day comes near, a day has passed, nothing was heard.

They stand in the case's work stream and never in its own, so that a reminder makes nobody's
version of the case stale. `events.py` gives them their wire names; what is said there of change
holds here too. Nothing in them concerns the person.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class Deadline(StrEnum):
    """What has to be done by a day, or can be done until it."""

    DOCUMENTS = "documents"
    """The documents that were asked for are here."""
    ORIGINALS = "originals"
    """The originals were shown, after an approval in principle [S64][S65][S66]."""
    VISA_FEE = "visa-fee"
    """The fee for the visa is paid [S66][S68]."""
    ACTIVATION = "activation"
    """The holder of the visa has entered on it [S66][S69]."""
    EXTENSION = "extension"
    """The next period of stay is applied for, before the present one ends [S74]."""
    STAY = "stay"
    """The stay ends, and no period comes after it."""
    RECONSIDERATION = "reconsideration"
    """A refusal can be asked to be looked at again until then [S81]."""
    DATA_ACCESS = "data-access"
    """A request for the data on the person is answered, by the office; told to nobody else."""


PASSED: Final = -1
"""What a day that has passed counts as, where the days that are left are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineApproaching:
    """`due_on` is near: it is the reminder that is due `days` ahead of it.

    `opened` is the version of the event that set the day, in the case or in the work on it, so that
    what is due by the same day again is told again.
    """

    deadline: Deadline
    due_on: date
    opened: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePassed:
    """`due_on` is over and what was due was not done; `opened` as in `DeadlineApproaching`.

    Nothing lapses by it: what becomes of the case an officer decides. `belated` says that it is
    told of so late, as in a history that was brought in, that it is news to the office alone.
    """

    deadline: Deadline
    due_on: date
    opened: int
    belated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StillInQueue:
    """The case waits for the office, and its applicant has heard nothing since an instant."""

    since: datetime


DeadlineEvent = DeadlineApproaching | DeadlinePassed | StillInQueue
