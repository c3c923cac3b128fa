"""Who is at the door: local people of the embedded stack, or whom an identity provider knows."""

from services.identity.people import (
    LOCAL_PEOPLE,
    Login,
    are_local,
    colleagues,
    issuer,
    logins,
    officers,
    person_of_token,
    refuse_open_door,
    sign_in,
)

__all__ = [
    "LOCAL_PEOPLE",
    "Login",
    "are_local",
    "colleagues",
    "issuer",
    "logins",
    "officers",
    "person_of_token",
    "refuse_open_door",
    "sign_in",
]
