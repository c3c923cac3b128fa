"""Who is at the door: local people of the embedded stack, or whom an identity provider knows."""

from typing import Final

from services.identity.people import (
    LOCAL_PEOPLE,
    Login,
    are_local,
    colleagues,
    issuer,
    logins,
    logins_file,
    officers,
    person_of_token,
    refuse_open_door,
    sign_in,
)

RETURN_PATH: Final = "/sign-in/return"
"""Where an identity provider sends browsers back to, below the public URL."""

__all__ = [
    "LOCAL_PEOPLE",
    "RETURN_PATH",
    "Login",
    "are_local",
    "colleagues",
    "issuer",
    "logins",
    "logins_file",
    "officers",
    "person_of_token",
    "refuse_open_door",
    "sign_in",
]
