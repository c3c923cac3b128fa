"""A system that receives webhooks, over http or https, and fails in chosen ways."""

import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A message that arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What a receiver knows it by."""
        return self.headers["webhook-id"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered. Without a status the line is cut; with `drip` the answer never ends."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: bool = False


class Receiver:
    """Takes every message with 204, unless it was told to answer else: `answers` are the next.

    `when_taken` is called for each message before the answer.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.arrivals: list[Arrival] = []
        self.answers: deque[Answer] = deque()
        self.when_taken: Callable[[], object] = lambda: None
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _conversation(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The URL to subscribe."""
        return f"{self._scheme}://localhost:{self.port}/hook?from=qmas"

    @property
    def ids(self) -> list[str]:
        """The ids of all that arrived, in order."""
        return [each.id for each in self.arrivals]

    def start(self) -> None:
        """It listens."""
        self._thread.start()

    def stop(self) -> None:
        """It is gone; the same again is fine."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(10)
        self._server.server_close()


def _conversation(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Conversation(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.arrivals.append(Arrival(path=self.path, headers=headers, body=body))
            receiver.when_taken()
            answer = receiver.answers.popleft() if receiver.answers else Answer(status=204)
            if answer.drip:
                self._drip()
            if answer.status is None:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _drip(self) -> None:
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while True:
                    self.wfile.write(b".")
                    self.wfile.flush()
                    time.sleep(0.02)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    return Conversation


@contextmanager
def a_receiver(tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Receiver]:
    """Yield a receiver and stop it."""
    receiver = Receiver(tls, port)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return the TLS of a server called localhost, and the file of whoever certifies it."""
    authority = _certificate("An authority of a test", ec.generate_private_key(ec.SECP256R1()))
    key = ec.generate_private_key(ec.SECP256R1())
    server = _certificate("localhost", key, by=authority)
    trusted, own = folder / "authority.pem", folder / "server.pem"
    trusted.write_bytes(authority[0].public_bytes(serialization.Encoding.PEM))
    own.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + server[0].public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    return context, trusted


_Certified = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, by: _Certified | None = None
) -> _Certified:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (by[0].subject, by[1]) if by else (subject, key)
    signers = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name.rsplit(maxsplit=1)[-1])]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(signers, critical=False)
        .sign(signer, hashes.SHA256())
    )
    return made, key
