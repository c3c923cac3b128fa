"""A command's name as the addresses of pages and the command line have it."""

import re


def slug(command: str) -> str:
    """Return the name in small letters, its words joined by hyphens: `pay-visa-fee`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", command).lower()
