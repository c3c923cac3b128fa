"""What the doctor finds, in a line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; `remedy` says what to do when it is not well.

    One that `warns` is well as far as the system goes, and somebody should see to it.
    """

    subject: str
    is_well: bool
    says: str
    remedy: str = ""
    warns: bool = False
