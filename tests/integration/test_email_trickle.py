"""A mail server that answers little by little, or too much: it rests, and no letter pays for it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import pytest

from services.notifications import mail as mail_server
from services.notifications.delivery import deliver, deliver_alone
from services.notifications.planning import plan
from services.notifications.replies import Reply, Verdict
from services.settings import Smtp, SmtpSecurity
from services.stack.redis import RedisServer
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import MailServer as TakingServer
from tests.integration.mailing import acknowledge, an_office, applicant, settings
from tests.services.seeing import looking

_LETTER: Final = EmailMessage()
_LETTER.set_content("Dear John Carter")


def _usual(line: socket.socket, command: str) -> None:
    line.sendall(b"354 go on\r\n" if command == "DATA" else b"250 fine\r\n")


def _drips(line: socket.socket, text: bytes) -> None:
    """Say it again and again, until the other side has had enough."""
    while True:
        line.sendall(text)
        time.sleep(0.05)


@contextmanager
def _a_server(answer: Callable[[socket.socket, str], None]) -> Iterator[int]:
    """Yield the port of a server that answers a greeting (`HI`) and each command as told."""
    listening = socket.create_server(("127.0.0.1", 0))

    def speak(line: socket.socket) -> None:
        with closing(line), closing(line.makefile("rb")) as heard:
            try:
                answer(line, "HI")
                in_message = False
                for said in heard:
                    if in_message and said != b".\r\n":
                        continue
                    # What begins a TLS conversation is no text.
                    verb = said[:4].decode(errors="replace").strip().upper()
                    command = "END" if in_message else verb
                    in_message = command == "DATA"
                    answer(line, command)
            except OSError:
                return

    def listen() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            speaking = threading.Thread(target=speak, args=(line,), daemon=True)
            speaking.start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def _handed_over(port: int, security: SmtpSecurity = SmtpSecurity.PLAIN) -> Reply:
    smtp = Smtp(host="127.0.0.1", port=port, security=security)
    with mail_server.MailServer(smtp, calls_itself="qmas.test") as server:
        return server.hand_over(_LETTER, sender="a@qmas.test", recipient="b@example.com")


def _at(
    step: str, instead: Callable[[socket.socket], None]
) -> Callable[[socket.socket, str], None]:
    def answer(line: socket.socket, command: str) -> None:
        if command == step:
            instead(line)
        elif command == "HI":
            line.sendall(b"220 mail.test\r\n")
        else:
            _usual(line, command)

    return answer


@pytest.mark.parametrize("text", [b"220-wait\r\n", b"2"], ids=["lines", "bytes"])
@pytest.mark.parametrize("step", ["HI", "EHLO", "RCPT", "END"])
def test_a_server_that_never_ends_its_answer_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, step: str, text: bytes
) -> None:
    monkeypatch.setattr(mail_server, "CONVERSATION", 0.4)
    with _a_server(_at(step, lambda line: _drips(line, text))) as port:
        reply = _handed_over(port)
    # In which part of the conversation its time ran out is a matter of how busy the machine is.
    assert reply.verdict is Verdict.UNREACHABLE
    assert reply.reason.endswith(" TimeoutError")


def test_a_server_that_says_nothing_during_the_handshake_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail_server, "CONVERSATION", 0.3)
    with _a_server(lambda _line, _command: time.sleep(2)) as port:
        reply = _handed_over(port, SmtpSecurity.TLS)
    assert (reply.verdict, reply.reason) == (Verdict.UNREACHABLE, "connection TimeoutError")


def test_a_server_that_takes_its_leave_little_by_little_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail_server, "_TO_PART", 0.3)
    with _a_server(_at("QUIT", lambda line: _drips(line, b"221-bye\r\n"))) as port:
        assert _handed_over(port).verdict is Verdict.TAKEN


@pytest.mark.parametrize("step", ["HI", "EHLO", "MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(
    "answer",
    [
        b"250 " + b"x" * 100_000 + b"\r\n",
        b"250-more\r\n" * 20_000,
        b"hello\r\n",
        b"550 half",
    ],
    ids=["a long line", "many lines", "no number", "half a line"],
)
def test_what_is_no_answer_is_the_servers_fault(step: str, answer: bytes) -> None:
    def instead(line: socket.socket) -> None:
        line.sendall(answer)
        line.shutdown(socket.SHUT_WR)

    with _a_server(_at(step, instead)) as port:
        reply = _handed_over(port)
    at = "connection" if step in {"HI", "EHLO"} else "conversation"
    assert (reply.verdict, reply.reason) == (Verdict.UNREACHABLE, f"{at} UnreadableAnswer")


@pytest.mark.parametrize("length", [20, 20_000])
def test_an_answer_of_many_words_says_what_its_number_says(length: int) -> None:
    words = b"550-no\r\n550 " + b"x" * length + b"\r\n"
    with _a_server(_at("RCPT", lambda line: line.sendall(words))) as port:
        reply = _handed_over(port)
    assert (reply.verdict, reply.reason) == (Verdict.REFUSED, "recipient 550")


def test_a_refusal_stands_though_nothing_follows_and_the_next_letter_is_taken() -> None:
    calls: list[str] = []

    def answer(line: socket.socket, command: str) -> None:
        calls.append(command)
        if command == "RCPT" and calls.count("RCPT") == 1:
            line.sendall(b"550 5.1.1 unknown\r\n")
        elif command == "RSET":
            line.shutdown(socket.SHUT_RDWR)
        else:
            _at("", lambda _: None)(line, command)

    with _a_server(answer) as port:
        smtp = Smtp(host="127.0.0.1", port=port)
        with mail_server.MailServer(smtp, calls_itself="qmas.test") as server:
            said = [
                server.hand_over(_LETTER, sender="a@qmas.test", recipient="b@example.com")
                for _ in range(2)
            ]
    assert [reply.verdict for reply in said] == [Verdict.REFUSED, Verdict.TAKEN]


@pytest.fixture
def waiting(database: TestDatabase, redis_server: RedisServer, tmp_path: Path) -> Iterator[Office]:
    """An office with three letters, whose mail server trickles its greeting."""
    with _a_server(lambda line, _command: _drips(line, b"220-wait\r\n")) as port:
        told = settings(
            database.app_url,
            redis_server.broker_url,
            tmp_path / "home",
            mail=f"smtp://127.0.0.1:{port}",
        )
        with an_office(told) as opened:
            for number in range(3):
                acknowledge(opened, applicant(number))
            plan(opened)
            yield opened


def test_a_server_that_trickles_rests_and_one_letter_counts_one_attempt(
    waiting: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_server, "CONVERSATION", 0.4)
    assert deliver(waiting) == 0
    rows = [(row.state, row.attempts) for row in reversed(waiting.ledger.rows(looking()))]
    assert rows == [("planned", 1), ("planned", 0), ("planned", 0)]
    rest = waiting.ledger.mail.now()
    assert (rest.failures, rest.lasts) == (1, True)


def test_of_one_worker_one_process_at_a_time_speaks_to_the_server(
    waiting: Office, database: TestDatabase, mail: TakingServer
) -> None:
    told = settings(
        database.app_url,
        waiting.settings.broker_url,
        waiting.settings.home,
        mail=mail.url,
    )
    found: list[int] = []

    def another() -> None:
        with an_office(told) as other:
            found.append(deliver_alone(other))

    mail.when_taken = lambda: _beside(another) if not found else None
    with an_office(told) as one:
        assert deliver_alone(one) == 3
        assert found == [0]
        acknowledge(one, applicant(9))
        plan(one)
        assert deliver_alone(one) == 1, "whoever is done lets another"
    with waiting.ledger.mail.alone("a worker") as first, waiting.ledger.mail.alone("b") as second:
        assert (first, second) == (True, True)


def _beside(act: Callable[[], None]) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join(30)
