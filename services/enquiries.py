"""An applicant's question where an application stands, in two steps: ask for a code, enter it.

Law: whoever asks gets one and the same answer after the same work, whether there is such an
application or not, whatever day was typed, and however often; only the mailbox that the application
names learns more. That is kept by asking nothing of any case before the answer is given.
"""

from datetime import date
from functools import partial
from typing import Final
from uuid import UUID

from domain.rules.retention import RecordClass
from services.guesses import Limit
from services.notifications.codes import DIGITS, Asked
from services.privacy.retention import over_before
from services.projections import queries
from services.projections.catalogue import CASE_STATUS
from services.projections.errors import NotShown
from services.wiring import Office

OF_ONE: Final = Limit(name="ask", most=10)
"""How often one client may ask after one application."""
OF_CLIENT: Final = Limit(name="ask-client", most=60)
"""How often one client may ask at all; an agent asks for many."""
ENTERED: Final = Limit(name="enter-client", most=60)
"""How often one client may enter codes; each code has few tries of its own."""


def ask(
    office: Office, reference: str, born: date, *, client: str, browser: str | None = None
) -> UUID:
    """Return the challenge that a code answers, which was sent if all is right.

    `client` is the network address of who asks. `browser` is what only this browser knows, and the
    code can then be entered in no other; None for callers of the API.
    """
    blind = office.blind
    application, address = blind.token("enquiry", reference), blind.token("client", client)
    asker = address if browser is None else blind.token("browser", browser)
    # Who asks too often makes no count for each application they think up, only their own.
    within = office.guesses.admit((OF_CLIENT, address.hex()))
    one = f"{application.hex()}:{address.hex()}" if within else address.hex()
    admitted = office.guesses.admit((OF_ONE, one)) and within
    asked = Asked(
        reference=reference, born=born, asker=asker, browser=None if browser is None else asker
    )
    challenge = office.codes.ask(asked, office.clock(), admitted=admitted)
    office.pokes.enquired()
    return challenge


def tidy(office: Office) -> int:
    """No code is kept for longer than the schedule of retention says; return how many went."""
    return office.codes.tidy(over_before(office, RecordClass.CODES), office.clock())


def is_code(text: str) -> bool:
    """Say whether a text has the form of a code."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def enter(
    office: Office, challenge: UUID, code: str, *, client: str, browser: str | None = None
) -> str | None:
    """Return the reference that a code opens, once; None for any other, whatever is wrong.

    In the browser where it is open, the code leads to it again: a double click sends it twice.
    Raises `NotShown` for a right one while the read model has no status to show, and keeps it.
    """
    blind = office.blind
    admitted = office.guesses.admit((ENTERED, blind.token("client", client).hex()))
    return office.codes.enter(
        challenge,
        # One that is refused counts like a wrong one, and takes as long.
        code if admitted else "",
        browser=None if browser is None else blind.token("browser", browser),
        now=office.clock(),
        ready=partial(_is_there, office),
    )


def _is_there(office: Office, reference: str) -> None:
    """Raise `NotShown` unless there is a status to show, or nothing will be: an erased person's."""
    if queries.status(office.models, reference) is None and office.store.readable((reference,)):
        raise NotShown(CASE_STATUS.name)


def opened(office: Office, challenge: UUID, browser: str) -> str | None:
    """Return the reference whose status a code opened in this browser; None once it is closed."""
    return office.codes.opened(challenge, office.blind.token("browser", browser), office.clock())


def close(office: Office, challenge: UUID, browser: str) -> None:
    """The status that a code opened in this browser is closed, whoever has its cookie."""
    office.codes.close(challenge, office.blind.token("browser", browser))
