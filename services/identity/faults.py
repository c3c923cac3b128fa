"""Why somebody does not get in, in words for them; none repeats a token, a code or a secret."""

from domain.errors import Reportable


class SignInRefused(Reportable):
    """Signing in did not succeed."""


class NoRole(SignInRefused):
    """The identity provider knows the person, and says nothing by which they had a role here."""


class TokenRefused(Reportable):
    """A token is not one that is taken."""


class ProviderAway(Reportable):
    """The identity provider does not answer, or not as one must."""
