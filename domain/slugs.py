"""A name of a class as the command line, addresses and messages have it."""

import re


def slug(name: str) -> str:
    """Return the name in small letters, its words joined by hyphens: `pay-visa-fee`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
