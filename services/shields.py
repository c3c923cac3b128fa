"""What every answer tells a browser, so that no other site frames it, reads it or guesses at it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
)

# What is not a page is only ever read or saved: shown by itself, it may do nothing at all.
FILE_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"


def shields(public_url: str) -> dict[str, str]:
    """Return the headers of every answer of a system that browsers know under an address."""
    secure = public_url.startswith("https://")
    return {
        **HEADERS,
        **({"Strict-Transport-Security": "max-age=31536000"} if secure else {}),
    }
