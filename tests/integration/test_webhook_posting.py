"""One post: to the address that was checked, over TLS that is checked, in bounded time."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications import posting
from services.notifications.posting import LONGEST_ASKED, Poster, asked_wait
from services.notifications.replies import Verdict
from tests.integration.receiving import Answer, Receiver, a_receiver, certified

_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _poster(*, inside: bool = True) -> Poster:
    return Poster(lambda: _NOW, inside=inside)


def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(receiver: Receiver) -> None:
    reply = _poster(inside=False).post(f"https://localhost:{receiver.port}/", {}, b"{}")
    assert (reply.verdict, reply.reason) == (
        Verdict.REFUSED,
        "localhost leads to no public address",
    )
    assert receiver.arrivals == []


def test_a_name_is_looked_up_once_so_that_what_was_checked_is_what_is_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []
    really = socket.getaddrinfo

    def found(host: str, *rest: object, **named: object) -> object:
        looked_up.append(host)
        return really("127.0.0.1" if host == "hooks.example" else host, *rest, **named)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(socket, "getaddrinfo", found)
    reply = _poster().post(f"http://hooks.example:{receiver.port}/", {}, b"{}")
    assert reply.verdict is Verdict.TAKEN
    assert looked_up == ["hooks.example", "127.0.0.1"]
    assert receiver.arrivals[0].headers["host"] == f"hooks.example:{receiver.port}"


def test_a_certificate_of_a_known_authority_for_the_right_name_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusted = certified(tmp_path)
    with a_receiver(tls) as receiver:
        unknown = _poster().post(receiver.url, {}, b"{}")
        assert unknown.verdict is Verdict.UNREACHABLE
        assert unknown.reason == "connection SSLCertVerificationError 1"
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert _poster().post(receiver.url, {}, b"{}").verdict is Verdict.TAKEN
        another = receiver.url.replace("localhost", "127.0.0.1")
        assert _poster().post(another, {}, b"{}").reason == "connection SSLCertVerificationError 1"
    assert len(receiver.arrivals) == 1


def test_a_receiver_that_never_ends_its_answer_is_cut_off(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.3)
    receiver.answers.append(Answer(drip=True))
    reply = _poster().post(receiver.url, {}, b"{}")
    assert (reply.verdict, reply.reason) == (Verdict.UNREACHABLE, "conversation TimeoutError")


def test_a_server_that_says_nothing_during_the_handshake_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        reply = _poster().post(f"https://localhost:{port}/", {}, b"{}")
    assert (reply.verdict, reply.reason) == (Verdict.UNREACHABLE, "connection TimeoutError")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.TAKEN),
        (202, Verdict.TAKEN),
        (304, Verdict.REFUSED),
        (401, Verdict.REFUSED),
        (408, Verdict.PUT_OFF),
        (410, Verdict.GONE),
        (413, Verdict.REFUSED),
        (429, Verdict.UNREACHABLE),
        (500, Verdict.PUT_OFF),
        (503, Verdict.UNREACHABLE),
        (599, Verdict.PUT_OFF),
    ],
)
def test_each_status_has_its_verdict(receiver: Receiver, status: int, verdict: Verdict) -> None:
    receiver.answers.append(Answer(status=status))
    assert _poster().post(receiver.url, {}, b"{}").verdict is verdict


def test_a_host_without_an_address_is_unreachable() -> None:
    reply = _poster().post("https://no-such-host.invalid/", {}, b"{}")
    assert reply.verdict is Verdict.UNREACHABLE
    assert reply.reason == "no address known for its name"


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        (None, None),
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta()),
        ("Fri, 02 Jan 2026 03:05:05 GMT", timedelta(minutes=1)),
        ("Fri, 02 Jan 2026 03:04:05 GMT", timedelta()),
        ("Thu, 01 Jan 2026 03:04:05 GMT", timedelta()),
        ("99999999999999999999", LONGEST_ASKED),
        ("Fri, 02 Jan 2099 03:04:05 GMT", LONGEST_ASKED),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_the_wait_that_is_asked_for_is_kept_within_bounds(
    text: str | None, wait: timedelta | None
) -> None:
    assert asked_wait(text, _NOW) == wait


@given(st.text())
def test_whatever_is_asked_for_the_wait_is_bounded(text: str) -> None:
    wait = asked_wait(text, _NOW)
    assert wait is None or timedelta() <= wait <= LONGEST_ASKED
