"""What can be wrong with a request before anything is asked of the domain.

Every class's docstring is the title that people are shown; the instance's text says what was wrong
with this request and what to do instead.
"""

from domain.errors import Refusal
from services.intake.faults import Fault


class EdgeFault(Refusal):
    """The request was refused."""


class SignInNeeded(EdgeFault):
    """Sign in first."""

    def __init__(self, detail: str, *, offered: bool) -> None:
        self.offered = offered
        super().__init__(detail)


class MalformedJson(EdgeFault):
    """The body is no JSON that is read here."""


class TypeUnsupported(EdgeFault):
    """The body is of a type that is not read here."""


class UploadCutOff(EdgeFault):
    """The file did not arrive whole."""


class InvalidRequest(EdgeFault):
    """Something in the request is not as it must be."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")


class IdempotencyKeyMissing(EdgeFault):
    """A command needs an Idempotency-Key."""


class IdempotencyKeyInvalid(EdgeFault):
    """The Idempotency-Key is not a UUID."""


class IfMatchMissing(EdgeFault):
    """A command on a case needs If-Match."""

    def __init__(self, current: int) -> None:
        self.current = current
        super().__init__(
            f'say which version you have looked at, such as If-Match: "{current}"; '
            f"the case is at version {current}"
        )


class IfMatchInvalid(EdgeFault):
    """If-Match must name one version."""


class NotShownYet(EdgeFault):
    """What you wait for is not shown yet."""


class CodeRefused(EdgeFault):
    """The code is not right or holds no longer."""


class NoSuchProblem(EdgeFault):
    """No problem has this name."""


class NoSuchRuleset(EdgeFault):
    """No ruleset has this id, or not in this edition."""
