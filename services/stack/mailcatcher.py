"""The embedded mail server: takes every message and delivers none.

Each message becomes one file, whole or not at all, before the sender is told that it was taken.
Run as `python -m services.stack.mailcatcher FOLDER PORT`.
"""

import asyncio
import os
import signal
import sys
import time
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from functools import partial
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_LARGEST = 32 * 1024 * 1024  # bytes of one message


class Catcher:
    """Keeps each message as `<nanoseconds>-<process>-<number>.eml`, so names sort by arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the message with its envelope's addresses in front; 451 asks to try again later."""
        del server, session
        content = envelope.content
        body = content.encode() if isinstance(content, str) else content or b""
        head = f"X-Envelope-From: {envelope.mail_from}\r\n" + "".join(
            f"X-Envelope-To: {recipient}\r\n" for recipient in envelope.rcpt_tos
        )
        try:
            self._keep(head.encode("utf-8", "surrogateescape") + body)
        except OSError as fault:
            print(f"a message could not be kept: {fault}", file=sys.stderr, flush=True)  # noqa: T201 - this program's log
            return "451 the message could not be kept; try again later"
        return "250 kept"

    def _keep(self, message: bytes) -> None:
        self._number += 1
        name = f"{time.time_ns()}-{os.getpid()}-{self._number:06d}.eml"
        draft = self._folder / f".{name}"
        with draft.open("xb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / name)


def caught(folder: Path) -> list[EmailMessage]:
    """Return the messages kept in `folder`, in the order they came."""
    # The pattern matches names with a dot in front too, and those are still being written.
    kept = sorted(each for each in folder.glob("*.eml") if not each.name.startswith("."))
    parser = BytesParser(_class=EmailMessage, policy=default)
    return [parser.parsebytes(path.read_bytes()) for path in kept]


async def serve(folder: Path, port: int) -> None:
    """Catch mail on the loopback port until asked to end; OSError when the port is taken."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, ended.set)
    session = partial(SMTP, Catcher(folder), data_size_limit=_LARGEST, enable_SMTPUTF8=True)
    server = await loop.create_server(session, "127.0.0.1", port)
    async with server:
        await ended.wait()


def main(folder: Path, port: int) -> None:
    """Catch mail until asked to end; ends at once, in one line that says why, without the port."""
    try:
        asyncio.run(serve(folder, port))
    except OSError as fault:
        why = os.strerror(fault.errno) if fault.errno else fault
        sys.exit(f"no mail is taken on 127.0.0.1:{port}: {why}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
