"""A connection to a server of somebody else's, cut when its time is over.

Law: a socket's own time limit bounds one wait, and starts anew with every byte that comes. This one
starts once, so that no server keeps whoever speaks to it by answering little by little.
"""

import socket
import threading
from contextlib import suppress
from typing import Self


class Leash:
    """Cuts a connection after so many seconds, unless it is let go before; then it has `ended`."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self.ended = False
        # A second hold on the connection, for a cut from beside whoever waits on the first.
        self._hold = socket.fromfd(connection.fileno(), connection.family, connection.type)
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._hold.close()

    def _cut(self) -> None:
        self.ended = True
        with suppress(OSError):
            self._hold.shutdown(socket.SHUT_RDWR)
