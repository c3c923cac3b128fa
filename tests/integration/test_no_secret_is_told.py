"""Whatever happens, and whatever is away: no log, answer or command tells a secret."""

import base64
import http.client
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

from services.identity import logins
from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.notifications.signing import written
from services.settings import Settings, SettingsFault
from services.stack.processes import wait_until
from services.wiring import Office, open_office
from tests.integration.walking import EMMA_BORN, Walked
from tests.integration.working import PROJECT, Worker
from tests.services.api.calling import V1
from tests.services.coming_in import ask_for_code, codes
from tests.services.visiting import Visitor, signed_in
from tests.serving import a_web_server

NOWHERE: Final = "127.0.0.1:1"
LISTS: Final = (["notifications", "list"], ["webhooks", "list"], ["tokens", "list"])
AT_ONCE: Final = 6
MET: Final = {
    # One task at a time: another is begun only once the letters were gone through.
    "all is well": rb"(?s)\(args:\('notifications\.deliver'.*\(args:\('",
    "the database is away": b"StoreUnreachable",
    "another password": b"StoreUnreachable",
    "the broker is away": b"Cannot connect to",
}
"""What a worker logs once it met what is so; who signs people in is nothing to it."""
TRACED: Final = ["--trace", "case", "QM-4K7RT-9XWPR"]


@dataclass(slots=True)
class Told:
    """The secrets that there are, and all that was told to anybody, by where it was."""

    secrets: dict[str, str]
    said: dict[str, bytes] = field(default_factory=dict)

    def hear(self, where: str, said: bytes) -> None:
        self.said[where] = self.said.get(where, b"") + said

    def found(self) -> list[str]:
        """Return which secret was told where."""
        return [
            f"{name} in {where}"
            for name, secret in self.secrets.items()
            for where, said in self.said.items()
            if any(each in said for each in shapes(secret))
        ]


def shapes(secret: str) -> set[bytes]:
    """Return how a secret may be written: as it is, quoted for a URL, in base64, in hexadecimal."""
    plain = secret.encode()
    # Wherever it begins among others; what shares a character with its neighbours is left out.
    coded = [base64.b64encode(b"x" * n + plain)[-(-8 * n // 6) : -4] for n in range(3)]
    quoted = (quote(secret, safe=""), json.dumps(secret)[1:-1], secret.rstrip("="))
    return {plain, plain.hex().encode(), *(each.encode() for each in quoted), *coded}


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(scope="module")
def told(walked: Walked) -> Told:
    database = re.search(r"//[^:]+:([^@]+)@", walked.office.settings.database_url)
    assert database is not None
    names = ("QMAS_MASTER_KEY_FORMER", "QMAS_OIDC_CLIENT_SECRET", "smtp", "broker", "token")
    made = {name: key() if "KEY" in name else secrets.token_urlsafe(24) for name in names}
    settings = walked.office.settings
    made |= {
        "database": database[1],
        "master key": base64.b64encode(settings.master_key).decode(),
        "blind index key": base64.b64encode(settings.blind_index_key).decode(),
        "session secret": settings.session_secret,
    }
    for each in logins(settings):
        made |= {f"password of {each.name}": each.password, f"token of {each.name}": each.token}
    return Told(made)


def settings_of(walked: Walked, told: Told, **more: str) -> Settings:
    """Return the settings of the office with the secrets that it has not of itself."""
    kept = walked.office.settings
    environ = {
        **kept.environ,
        "QMAS_SMTP_URL": f"smtp://mailer:{told.secrets['smtp']}@{NOWHERE}",
        "QMAS_MASTER_KEY_FORMER": told.secrets["QMAS_MASTER_KEY_FORMER"],
        **more,
    }
    return Settings.load(environ, kept.home)


def asked(port: int, method: str, path: str, body: str = "", **headers: str) -> bytes:
    """Return an answer whole, but for the cookies that it gives to whoever asked."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    link.request(method, path, body=body or None, headers=sent)
    answer = link.getresponse()
    kept = [f"{name}: {value}" for name, value in answer.getheaders() if name != "set-cookie"]
    said = "\n".join(kept).encode() + answer.read()
    link.close()
    return said


def requests(told: Told, cookie: str) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Yield right and wrong requests with what two callers have to show."""
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    callers = ("officer.chan", "auditor.ho")
    own = {name: each for name, each in told.secrets.items() if name.endswith(callers)}
    for name, token in own.items():
        if name.startswith("token"):
            known = {"Authorization": f"Bearer {token}", "Idempotency_Key": str(uuid4())}
            yield "GET", f"{V1}/cases", "", known
            yield "GET", f"{V1}/cases?name=%00", "", known
            yield "GET", f"{V1}/statistics", "", {"Authorization": f"Basic {token}"}
            yield "POST", f"{V1}/applications", "{", {**known, "Content_Type": "application/json"}
        if name.startswith("password"):
            typed = {"name": name.rpartition(" ")[2], "password": token}
            yield "POST", "/staff/sign-in", urlencode(typed), form
    for path in ("/staff", "/staff/sessions", "/audit", "/nowhere"):
        yield "GET", path, "", {"Cookie": f"qmas={cookie}"}
        yield "GET", path, "", {"Cookie": f"qmas={cookie}x"}
    for path in ("/metrics", "/readyz", "/", "/sign-in/begin"):
        yield "GET", path, "", {}


def serve(told: Told, settings: Settings, folder: Path, cookie: str, where: str) -> None:
    """Have the web server answer everything, and hear what it said and logged."""
    (folder / where).mkdir()
    with a_web_server(settings, folder / where, "--workers", "1") as port:
        for method, path, body, headers in requests(told, cookie):
            told.hear(f"answers, {where}", asked(port, method, path, body, **headers))
    told.hear(f"log, {where}", (folder / where / "web.log").read_bytes())


def command(told: Told, environ: Mapping[str, str], where: str, *words: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("qmas")), *words],
        env=dict(environ),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert b"Traceback" not in done.stderr or "--trace" in words, done.stderr
    told.hear(f"{' '.join(words)}, {where}", done.stdout + done.stderr)


def work(told: Told, settings: Settings, folder: Path, where: str) -> None:
    """Have a worker, with beat inside, do its tasks until it met what is so; hear what it logged.

    It logs all that there is to log.
    """
    log = folder / f"{where} worker.log"
    beating = ("--beat", "--schedule", str(folder / f"{where} beat"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--app", "workers.app", "worker", *beating),
                *("--concurrency", "1", "--without-gossip", "--without-mingle"),
                *("--hostname", where.replace(" ", "-"), "--loglevel", "debug"),
            ],
            cwd=PROJECT,
            env={**settings.child_environ(), "PATH": os.environ["PATH"]},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    worker = Worker(process=process, log=log)
    try:
        met = wait_until(lambda: re.search(MET[where], log.read_bytes()) is not None, 120)
        assert met, log.read_text()[-4000:]
    finally:
        worker.kill()
    told.hear(f"log of the worker, {where}", log.read_bytes())


def lived(told: Told, office: Office, case: str) -> str:
    """Come in, be sent a code and call others in vain; return the cookie of an officer."""
    told.secrets["webhook"] = written(
        office.subscriptions.add("https://h.example/", ("*",), "a")[1]
    )
    officer = signed_in(office, "officer.chan")
    cookie = officer.client.get_cookie("qmas")
    assert cookie is not None
    told.secrets["cookie"] = cookie.value
    visitor = Visitor(office)
    page = ask_for_code(visitor, case, EMMA_BORN)
    (code,) = codes(office)
    told.hear("the page that asks for the code", page.html.encode())
    assert code.encode() not in page.html.encode()
    plan(office)
    assert deliver(office) == 0
    return str(cookie.value)


def mistyped(walked: Walked, told: Told) -> None:
    """Have each secret be refused where it was copied wrongly, and hear in which words."""
    wrong = {
        "QMAS_DATABASE_URL": f"postgres//qmas_app:{told.secrets['database']}@",
        "QMAS_BROKER_URL": f"redis//:{told.secrets['broker']}@{NOWHERE}",
        "QMAS_SMTP_URL": f"smtp//mailer:{told.secrets['smtp']}@{NOWHERE}",
        "QMAS_MASTER_KEY": told.secrets["master key"][:-4],
        "QMAS_BLIND_INDEX_KEY": f"{told.secrets['blind index key']}=",
        "QMAS_SESSION_SECRET": told.secrets["session secret"][:12],
    }
    for name, value in wrong.items():
        told.secrets[f"wrong {name}"] = value
        with pytest.raises(SettingsFault, match=name) as fault:
            settings_of(walked, told, **{name: value})
        told.hear(f"wrong {name}", str(fault.value).encode())


def test_no_secret_is_told_to_anybody(
    walked: Walked, told: Told, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(walked, told)
    office = open_office(settings)
    try:
        cookie = lived(told, replace(office, settings=settings), walked.case)
    finally:
        office.close()
    database = settings.database_url
    away = {
        "all is well": {},
        "the database is away": {
            "QMAS_DATABASE_URL": re.sub("host=[^&]+", "host=/nowhere", database)
        },
        "another password": {"QMAS_DATABASE_URL": re.sub("(//[^:]+:)", r"\1x", database)},
        "the broker is away": {"QMAS_BROKER_URL": f"redis://:{told.secrets['broker']}@{NOWHERE}/0"},
        "the provider is away": {
            "QMAS_OIDC_ISSUER": f"http://{NOWHERE}",
            "QMAS_OIDC_CLIENT_ID": "qmas",
            "QMAS_OIDC_CLIENT_SECRET": told.secrets["QMAS_OIDC_CLIENT_SECRET"],
            "QMAS_OIDC_ROLES": 'claim = "groups"\n[[role]]\nvalue = "o"\nrole = "officer"',
        },
    }
    words_of = {"all is well": LISTS, "the database is away": (TRACED,)}
    # Most of it is waiting: for processes to start, and for who does not answer.
    with ThreadPoolExecutor(AT_ONCE) as together:
        begun = []
        for where, more in away.items():
            faulty = settings_of(walked, told, **more)
            begun.append(together.submit(serve, told, faulty, tmp_path, cookie, where))
            if where in MET:
                begun.append(together.submit(work, told, faulty, tmp_path, where))
            for words in (["doctor"], *words_of.get(where, ())):
                environ = faulty.child_environ()
                begun.append(together.submit(command, told, environ, where, *words))
        for each in begun:
            each.result()
    mistyped(walked, told)
    said = capfd.readouterr()
    told.hear("this process", (said.out + said.err).encode())
    assert len(told.said) > 3 * len(away)
    assert {f"log of the worker, {each}" for each in MET} <= told.said.keys()
    assert told.found() == []


@pytest.mark.parametrize("secret", ["p/w+d==", "a b&c", "correct horse battery staple"])
def test_a_secret_is_found_however_it_is_written(secret: str) -> None:
    for said in (
        f"url=postgresql://a:{quote(secret, safe='')}@b",
        json.dumps({"password": secret}),
        base64.b64encode(f"user:{secret} ".encode()).decode(),
        base64.b64encode(f"longer:{secret}.".encode()).decode(),
        secret.encode().hex(),
    ):
        assert Told({"it": secret}, {"there": said.encode()}).found() == ["it in there"], said
