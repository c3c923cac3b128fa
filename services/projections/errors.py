"""What can go wrong with a read model.

ProjectionFault
├── ProjectionStopped    an event could not be folded; nothing after it is
├── RowRefused           the table of a read model does not take a row
├── RowUnreadable        the table of a read model holds a row that says nothing
├── NotShown             it does not hold yet what it will
├── ProjectionOutdated   the read model was filled by another version of its fold
├── OwnerUnknown         nobody is known who may make and rename tables
├── NotFilled            a generation could not be filled beside the live one
├── NothingBeside        no generation is there that could take the place of the live one
├── NotYetAbreast        the one that is there does not hold as much of the log
├── StopsEarlier         the one that is there stands before an event that the live one holds
├── RebuiltByAnother     somebody else fills, changes over, drops or alters generations of it
├── StillInUse           somebody reads or folds its rows for longer than others can wait
├── OfAnotherLog         it was folded from another log than the one that is there
├── StoodStill           the owner's connection was broken off, as after a pause amid a change
├── UnknownProjection    no read model has this name
└── BadCursor            a page was asked for with a cursor that no page gave
"""

from collections.abc import Sequence
from typing import Final

from domain.errors import Reportable

MENDED_BY: Final = (
    "what this is read from stands still until whoever runs the system has seen to it: `qmas "
    "projections status` says which read model it is, and what to do"
)
"""What anybody may be told of a fault that names an event, and so perhaps a case."""


class ProjectionFault(Reportable):
    """A read model cannot do what was asked of it."""


class StandsStill(ProjectionFault):
    """A read model is folded no further until a person has seen to it; others go on."""


class ProjectionStopped(StandsStill):
    """A shard of it stands before an event that it cannot fold; it never skips one."""

    def __init__(self, name: str, position: int, event: str, reason: str) -> None:
        self.name, self.position, self.event, self.reason = name, position, event, reason
        super().__init__(
            f"projection {name} stopped before position {position} of the log ({event}): {reason}. "
            f"Correct its fold or the reading of that event, then run `qmas projections retry "
            f"{name}`, and it goes on from there; if earlier rows are wrong too, run `qmas "
            f"projections rebuild {name}`"
        )


class RowRefused(ProjectionFault):
    """The table of a read model does not take a row that was folded; it stays as it was.

    `kind` names the database's refusal; its text is left out, for it may quote what is personal.
    """

    def __init__(self, name: str, kind: str) -> None:
        self.kind = kind
        super().__init__(
            f"read model {name} is as it was: its table does not take a row ({kind}); `qmas "
            f"projections status` tells of which event once the workers have met it"
        )


class RowUnreadable(ProjectionFault):
    """The table of a read model holds a row that the program did not write; it stays as it was.

    Which value it is stays unsaid, for it may concern a person.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"read model {name} is as it was: its table holds a row that cannot be read; `qmas "
            f"projections rebuild {name}` fills it anew"
        )


class NotShown(ProjectionFault):
    """A read model does not hold yet what is in the log, as while it is behind or stands still."""

    def __init__(self, name: str) -> None:
        super().__init__(f"read model {name} does not hold this yet; ask again later")


class ProjectionOutdated(ProjectionFault):
    """The read model was filled by another version of its fold."""

    def __init__(self, name: str, found: int, wanted: int) -> None:
        super().__init__(
            f"read model {name} is of version {found} and this program folds version {wanted}; "
            f"run `qmas projections rebuild {name}`"
        )


class OwnerUnknown(ProjectionFault):
    """Tables are made and renamed by the schema's owner: set QMAS_OWNER_DATABASE_URL."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NotFilled(ProjectionFault):
    """New rows of read models could not be filled; the live ones are as they were."""

    def __init__(self, names: Sequence[str], why: str) -> None:
        super().__init__(
            f"{', '.join(names)}: the new rows could not be filled, and readers have the old ones: "
            f"{why}"
        )


class NothingBeside(ProjectionFault):
    """No generation of a read model is in that state."""

    def __init__(self, name: str, state: str) -> None:
        super().__init__(
            f"{name} has no generation that is {state}; `qmas projections rebuild {name}` fills "
            f"one beside the live one"
        )


class NotYetAbreast(ProjectionFault):
    """A generation holds less of the log than the live one, and cannot take its place."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(
            f"generation {number} of {name} holds less of the log than the live one: see `qmas "
            f"projections status`, and try it again once it is abreast"
        )


class StopsEarlier(ProjectionFault):
    """A generation stands before an event that the live one is past, and takes no place by itself.

    Where an `outdated` fold made the live one, a person may have it take the place all the same.
    """

    def __init__(self, stop: ProjectionStopped, *, outdated: bool) -> None:
        all_the_same = f"; or have them all the same: `qmas projections switch {stop.name}`"
        super().__init__(
            f"{stop.name} is as it was: the rows that would take its place stand before position "
            f"{stop.position} of the log ({stop.event}), which the live ones are past: "
            f"{stop.reason}. Correct the fold or the reading of that event, and try it again"
            f"{all_the_same if outdated else ''}"
        )


class RebuiltByAnother(ProjectionFault):
    """Somebody else fills generations of a read model, changes them over, drops or alters them."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"somebody else is filling {name} anew, changing it over or dropping what stands "
            f"beside it, or a migration alters it: see `qmas projections status`, and try it again "
            f"once they are done"
        )


class StillInUse(ProjectionFault):
    """Tables of a read model were read or folded for longer than others can wait behind us."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"rows of {name} are in use without a pause, perhaps by a long report, a backup or a "
            f"VACUUM; nothing changed for readers: try it again later"
        )


class OfAnotherLog(StandsStill):
    """A read model was folded from another log, as after a restore of an older one.

    What this log has at positions that the read model holds already would never be folded.
    """

    def __init__(self, name: str, position: int, head: int) -> None:
        super().__init__(
            f"read model {name} is at position {position} of another log, perhaps of one before a "
            f"restore, and this one ends at {head}; run `qmas projections rebuild {name}`"
        )


class StoodStill(ProjectionFault):
    """The database broke off the change of a read model, as it does when one stands still amid it.

    Everybody else waits meanwhile; readers have the former rows or the new ones, whole.
    """

    def __init__(self) -> None:
        super().__init__(
            "the database broke off the change, perhaps because it stood still while everybody "
            "waited for it: see `qmas projections status` for what is live, then try it again"
        )


class UnknownProjection(ProjectionFault):
    """No read model has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no projection is called {name!r}; there are: {', '.join(known)}")


class BadCursor(ProjectionFault):
    """This is not a cursor that a page of this list gave; ask for the first page again."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)
