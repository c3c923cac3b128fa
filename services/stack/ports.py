"""Which home may listen where: at each address of this machine one of them, and no other.

Law: what was started with a claim has its address among all homes for as long as it, or anything
that it started, lives. To look whether a port is free would not do: the web server shares its port
among its processes, so that another home's may listen there too, and each answers some of what the
other is asked. The claim is there before anybody listens, and nobody has to give it back.
"""

import errno
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from services.stack.errors import StackFault
from services.stack.processes import wait_until
from services.stack.programs import Program, is_free, reached

_PORT_SECONDS = 1.0


@contextmanager
def claimed(program: Program) -> Iterator[tuple[int, ...]]:
    """Give the file numbers with which a program is started, so that it has its address alone.

    Raises StackFault where another home or another program has it, before anything is started.
    What was started in the block keeps the claim, and otherwise it ends there.
    """
    if not program.port:
        yield ()
        return
    refuse_taken_port(program)
    # A name beside the file system, gone when nobody has it open: in containers as for all users
    # it is known as far as the port itself is.
    with socket.socket(socket.AF_UNIX) as claim:
        if not wait_until(lambda: _takes(claim, _name(program.host, program.port)), _PORT_SECONDS):
            raise StackFault(
                f"{program.name} cannot listen on {program.address}: another home's does, or is "
                f"about to; run `qmas down` with its QMAS_HOME, or set {program.setting}"
            )
        yield (claim.fileno(),)


def refuse_shared_port(programs: Iterable[Program]) -> None:
    """Raise StackFault where two of these, all of one home, are told to listen at one address."""
    first: dict[bytes, Program] = {}
    for each in programs:
        if each.port and (other := first.setdefault(_name(each.host, each.port), each)) is not each:
            raise StackFault(
                f"{other.name} and {each.name} are both told to listen on {each.address}: "
                f"set {other.setting} or {each.setting} to another port"
            )


def refuse_taken_port(program: Program) -> None:
    """Raise StackFault where somebody listens already, or nobody on this machine can."""
    host, port = program.host, program.port
    # A server that was killed a moment ago gives its port back when its last thread has ended.
    if port and not wait_until(lambda: is_free(host, port), _PORT_SECONDS):
        raise StackFault(
            f"{program.name} cannot listen on {program.address}: another program does, or the "
            f"address is not this machine's; end it (`ss -ltnp` shows it) or set {program.setting}"
        )


def _name(host: str, port: int | None) -> bytes:
    """Return the name of where a server is asked: on every interface that is the loopback too."""
    *_, (address, *_) = socket.getaddrinfo(reached(host), port, type=socket.SOCK_STREAM)[0]
    return f"\0qmas listens at {address} {port}".encode()


def _takes(claim: socket.socket, name: bytes) -> bool:
    try:
        claim.bind(name)
    except OSError as fault:
        if fault.errno != errno.EADDRINUSE:
            raise
        return False
    return True
