"""Why somebody does not get in, in words for them; none repeats a token, a code or a secret."""

from domain.errors import Reportable


class SignInRefused(Reportable):
    """Signing in did not succeed."""


class NoRole(SignInRefused):
    """The identity provider knows this account, and says nothing by which it had a role here."""

    def __init__(self, account: str) -> None:
        self.account = account
        super().__init__(
            "The identity provider knows you, but your account has no role in this system. "
            "Ask whoever looks after accounts for one"
        )


class TokenRefused(Reportable):
    """A token is not one that is taken."""


class ProviderAway(Reportable):
    """The identity provider does not answer, or not as one must."""
