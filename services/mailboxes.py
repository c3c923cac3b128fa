"""E-mail addresses: whether mail can be sent to one, or from it.

Law: what passes here is one address in its plain form, and makes the header of a message.
"""

from email.errors import MessageError
from email.headerregistry import Address


def usable(email: str) -> str:
    """Return the address in its plain form, and nothing for what could smuggle in a second one."""
    try:
        address = Address(addr_spec=email.strip())
    except (MessageError, ValueError, IndexError, AttributeError):
        # The parser stumbles over some texts, such as a@[b: those are no addresses either.
        return ""
    return address.addr_spec if address.username and address.domain else ""
