"""What can go wrong with the servers this project runs for itself."""


class StackFault(Exception):
    """A server or a folder is not as it must be; the message says what, where and what to do."""
