"""One conversation with the mail server that outgoing mail is handed to (SMTP, RFC 5321).

Law: whatever the server or the network does comes back as a `Reply`, and none of its words leave
here but the numbers, because servers like to repeat the address that they refuse.
"""

import re
import smtplib
import socket
import ssl
from email.message import EmailMessage
from types import TracebackType
from typing import Final, Self

from services.notifications.leash import Leash
from services.notifications.replies import Reply, Verdict
from services.settings import Smtp, SmtpSecurity

SECONDS: Final = 20.0
"""The longest wait for the next bytes of an answer."""
CONVERSATION: Final = 60.0
"""The longest that the server is spoken to for one message, and until it is ready for the first."""
_TO_PART: Final = 5.0
_ANSWER: Final = 64 * 1024  # bytes; nobody has more to say to a command

_ENHANCED: Final = re.compile(rb"^[245]\.\d{1,3}\.\d{1,3}\b")
_LINE: Final = re.compile(rb"(?P<code>[2-5]\d\d)(?P<more>[ -]?)(?P<words>.*)", re.DOTALL)
_GOING_AWAY: Final = 421
_PERMANENT: Final = 500
_NOT_LOGGED_IN: Final = 530
_TOO_LARGE: Final = 552
_OF_THE_SENDER: Final = re.compile(rb"^[45]\.1\.[78]\b")
"""What RFC 3463 says of a sender's address; many servers say it no earlier than to a recipient."""


class MailServer:
    """The configured server; connected at the first message, again whenever it hung up."""

    def __init__(self, smtp: Smtp, *, calls_itself: str) -> None:
        self._smtp = smtp
        # Named, or else smtplib would ask the network for this machine's name.
        self._calls_itself = calls_itself
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._hang_up()

    def hand_over(self, message: EmailMessage, *, sender: str, recipient: str) -> Reply:
        """Return what the server made of the message.

        A refusal at the door (no connection, no TLS, no login) or of the sender, who is the same
        for all, is not the message's fault: then the server is unreachable, whatever the number.
        A message that was put off may yet have been taken, when the line broke before the answer.
        """
        try:
            connection, line = self._open()
        except OSError as fault:
            return Reply(verdict=Verdict.UNREACHABLE, reason=_reason("connection", fault))
        with Leash(line, CONVERSATION) as leash:
            try:
                connection.send_message(message, from_addr=sender, to_addrs=[recipient])
            except smtplib.SMTPNotSupportedError:
                return Reply(verdict=Verdict.REFUSED, reason="the server cannot take this address")
            except OSError as fault:
                return self._not_taken(fault, cut=leash.ended)
        return Reply(verdict=Verdict.TAKEN)

    def _not_taken(self, fault: OSError, *, cut: bool) -> Reply:
        step, code, text = _answer(fault)
        if code is None:
            self._hang_up()
            # Such a line may break for what one message says; so slow, or so odd, is the server.
            of_server = cut or isinstance(fault, UnreadableAnswer)
            return Reply(
                verdict=Verdict.UNREACHABLE if of_server else Verdict.PUT_OFF,
                reason=_reason(step, TimeoutError() if cut else fault),
            )
        of_all = _concerns_all(step, code, text)
        if of_all or code == _GOING_AWAY:
            self._hang_up()
        of_this = Verdict.REFUSED if code >= _PERMANENT else Verdict.PUT_OFF
        return Reply(
            verdict=Verdict.UNREACHABLE if of_all else of_this, reason=_numbers(step, code, text)
        )

    def _open(self) -> tuple[smtplib.SMTP, socket.socket]:
        """Return the connection and its socket; a new one where the last was closed meanwhile."""
        if self._connection is None or self._connection.sock is None:
            self._connection = self._connect()
        if self._connection.sock is None:  # a last answer may have closed it again
            raise smtplib.SMTPServerDisconnected
        return self._connection, self._connection.sock

    def _connect(self) -> smtplib.SMTP:
        """Return a connection that is ready for messages; raises OSError, as all of smtplib."""
        line = socket.create_connection((self._smtp.host, self._smtp.port), SECONDS)
        with Leash(line, CONVERSATION) as leash:
            try:
                return self._made_ready(line)
            except OSError as fault:
                line.close()
                if leash.ended:
                    raise TimeoutError from fault
                raise

    def _made_ready(self, line: socket.socket) -> smtplib.SMTP:
        smtp = self._smtp
        connection = _Conversation(line, smtp, calls_itself=self._calls_itself)
        try:
            if smtp.security is SmtpSecurity.STARTTLS:
                connection.starttls(context=ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
            if smtp.user is not None:
                connection.login(smtp.user, smtp.password or "")
        except OSError:
            connection.close()
            raise
        return connection

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None or connection.sock is None:
            return
        with Leash(connection.sock, _TO_PART):
            try:
                connection.quit()
            except OSError:
                connection.close()  # it had hung up already, which is all that was wanted


class UnreadableAnswer(smtplib.SMTPServerDisconnected):
    """The server said what is no answer, and so nothing: the line is closed."""


class _Conversation(smtplib.SMTP):
    """Speaks SMTP over a line that is open already; of each answer all is read, or none counts."""

    def __init__(self, line: socket.socket, smtp: Smtp, *, calls_itself: str) -> None:
        self._line = line
        self._secure = smtp.security is SmtpSecurity.TLS
        super().__init__(smtp.host, smtp.port, local_hostname=calls_itself, timeout=SECONDS)

    def connect(
        self, host: str = "localhost", port: int = 0, source_address: object = None
    ) -> tuple[int, bytes]:
        """Return how the server greets; over TLS where that comes first."""
        del port, source_address
        self.sock, self.file = self._line, None
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self._line, server_hostname=host)
        return self.getreply()

    def getreply(self) -> tuple[int, bytes]:
        """Return the number and the words of one answer; raises `SMTPServerDisconnected`.

        The library's own takes a line that is too long for a refusal, and half of one for whole.
        """
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected
        if self.file is None:
            self.file = self.sock.makefile("rb")
        words, left = [], _ANSWER
        try:
            while (line := self.file.readline(left)).endswith(b"\n"):
                left -= len(line)
                if not (found := _LINE.match(line)):
                    break
                words.append(found["words"].strip())
                if found["more"] != b"-":
                    return int(found["code"]), b"\n".join(words)
        except OSError as fault:
            self.close()
            raise smtplib.SMTPServerDisconnected from fault
        self.close()
        raise UnreadableAnswer if line or not left else smtplib.SMTPServerDisconnected


def _answer(fault: OSError) -> tuple[str, int | None, bytes]:
    """Return at which step the server said no, its number, and its words; no number: no answer."""
    match fault:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code, text = next(iter(refused.values()))
            return "recipient", code, text
        case smtplib.SMTPSenderRefused(smtp_code=code, smtp_error=text):
            return "sender", code, _as_bytes(text)
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=text):
            return "message", code, _as_bytes(text)
        case _:
            return "conversation", None, b""


def _concerns_all(step: str, code: int, text: bytes) -> bool:
    """Say whether the server would answer every message so, whoever it is for."""
    of_sender = step == "sender" and code != _TOO_LARGE
    return of_sender or code == _NOT_LOGGED_IN or _OF_THE_SENDER.match(text) is not None


def _numbers(step: str, code: int, text: bytes) -> str:
    enhanced = _ENHANCED.match(text)
    return " ".join(filter(None, (step, str(code), enhanced and enhanced[0].decode("ascii"))))


def _reason(step: str, fault: OSError) -> str:
    """Return what failed by its kind, with its number where it has one."""
    if isinstance(fault, smtplib.SMTPResponseException):
        return _numbers(step, fault.smtp_code, _as_bytes(fault.smtp_error))
    number = f" {fault.errno}" if isinstance(fault.errno, int) else ""
    return f"{step} {type(fault).__name__}{number}"


def _as_bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")
