"""What can go wrong with the servers this project runs for itself."""

from domain.errors import Reportable


class StackFault(Reportable):
    """A server or a folder is not as it must be; the message says what, where and what to do."""
