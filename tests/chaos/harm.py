"""What any process can suffer."""

import signal
from collections.abc import Callable

from services.stack import processes
from services.stack.processes import Running


def kill(process: Running | None) -> None:
    """The process has ended without a word."""
    if process is not None:
        processes.send(process, signal.SIGKILL)


def pause(process: Running | None) -> Callable[[], None]:
    """The process stands still until what is returned is called."""
    if process is None:
        return lambda: None
    processes.send(process, signal.SIGSTOP)
    return lambda: processes.send(process, signal.SIGCONT)
