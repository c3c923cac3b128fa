"""What a command is answered with where it did nothing new: it tells of a case, and so is a look.

Law: a command that was carried out is on record as what it did. One that was refused did nothing,
and one that came again did nothing more; what its sender is told of the case then is on record as
a look at it before they are told.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from domain.access import Action
from domain.errors import Reportable
from domain.looks import What, look_of
from domain.references import parse_reference, references_in
from domain.slugs import slug
from services.requests import Request
from services.store.errors import MigrationFault, StoreUnreachable
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A command of this kind on a case, which is answered to whoever may ask `action`.

    It is made once its sender was found to have that leave; before, nobody is told of any case.
    """

    office: Office
    request: Request
    action: Action
    command: type
    reference: str

    @contextmanager
    def refusals_seen(self) -> Iterator[None]:
        """Whatever the command is refused for within is on record as a look once it is raised."""
        try:
            yield
        except (StoreUnreachable, MigrationFault):
            # The database is not there, so nobody is told of a case, and nothing can be recorded.
            raise
        except Reportable:
            self.seen()
            raise

    def seen(self) -> None:
        """The look at the case is on record; there is none where nobody is answered at a door.

        Nor where what was typed is no reference. Raises as `read_seen` where it cannot be recorded.
        """
        reference = parse_reference(self.reference)
        if reference is None:
            return
        _seen(self.office, self.request, self.action, self.command, (reference,))


@contextmanager
def named_in_refusals_seen(
    office: Office, request: Request, action: Action, command: type, told: Collection[str] = ()
) -> Iterator[None]:
    """Each case that a refusal raised within names is on record as a look once it is raised.

    So is each that is in `told` by then, which it tells of without its name. For a command on many
    cases, or on something else; nobody is answered where there is no door.
    """
    try:
        yield
    except (StoreUnreachable, MigrationFault):
        raise
    except Reportable as refusal:
        if cases := sorted(references_in(str(refusal)).union(told)):
            _seen(office, request, action, command, cases)
        raise


def _seen(
    office: Office, request: Request, action: Action, command: type, cases: Sequence[str]
) -> None:
    """The look at these cases is on record; there is none where nobody is answered at a door."""
    if request.door is None:
        return
    look = look_of(request.person, action, What.ANSWER, request.door, request.correlation_id)
    office.store.looks.named(look, cases, {"asked": slug(command.__name__)})
