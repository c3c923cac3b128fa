"""What CI makes of an advisory on a locked package, and of those that are borne for a while."""

import importlib.util
import json
import urllib.request
from datetime import date
from types import ModuleType
from typing import Any

import pytest

from tests.architecture.tree import ROOT

TODAY = date(2026, 11, 29)
LOCK = """\
aiosmtpd==1.4.6 \\
    --hash=sha256:5a81
celery[redis]==5.7.0 \\
    --hash=sha256:11
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:22
"""
REPORT = json.loads(
    '{"results": [{}, {"vulns": [{"id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-01-01T00:00:00Z"},'
    ' {"id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z"}]}, {}]}'
)
BORNE = """
[[exception]]
package = "celery"
id = "GHSA-aaaa-bbbb-cccc"
reason = "Nothing here unpickles"
until = 2026-11-29
"""


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def judged(audit: ModuleType, borne: str, today: date = TODAY) -> list[str]:
    packages = audit.locked(LOCK)
    return [*audit.judged(audit.known(packages, REPORT), audit.listed(borne), today)]


def test_every_package_of_a_lock_is_asked_about(audit: ModuleType) -> None:
    found = audit.locked(LOCK)
    assert found == [("aiosmtpd", "1.4.6"), ("celery", "5.7.0"), ("colorama", "0.4.6")]
    whole = (ROOT / "requirements.lock").read_text("utf-8")
    assert len(audit.locked(whole)) == sum(each[0] != " " for each in whole.splitlines() if each)


def test_a_known_vulnerability_fails(audit: ModuleType) -> None:
    lines = judged(audit, "")
    assert len(lines) == 2
    assert "celery 5.7.0 has GHSA-aaaa-bbbb-cccc" in lines[0]
    assert "PYSEC-2026-1" in lines[1]


def test_one_that_is_listed_is_borne_to_the_end_of_its_day(audit: ModuleType) -> None:
    (line,) = judged(audit, BORNE)
    assert "PYSEC-2026-1" in line
    after = judged(audit, BORNE, date(2026, 11, 30))
    assert len(after) == 2
    assert "borne until 2026-11-29: Nothing here unpickles" in after[0]


def test_an_exception_is_of_one_package(audit: ModuleType) -> None:
    assert len(judged(audit, BORNE.replace('"celery"', '"kombu"'))) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        BORNE.replace("Nothing here unpickles", " "),
        BORNE.replace("until = 2026-11-29", ""),
        BORNE.replace("2026-11-29", '"for ever"'),
        BORNE.replace("2026-11-29", "2026-11-29T00:00:00Z"),
        BORNE + 'severity = "low"',
        "[[exception",
    ],
)
def test_an_exception_without_a_reason_or_a_day_is_refused(audit: ModuleType, wrong: str) -> None:
    with pytest.raises(ValueError, match=r"exception|Invalid|Expected"):
        audit.listed(wrong)


@pytest.mark.parametrize("report", [None, [], {}, {"results": []}, {"results": [{}, {}]}, "away"])
def test_an_answer_that_is_cut_short_clears_nothing(audit: ModuleType, report: Any) -> None:
    with pytest.raises(ValueError, match="not a report"):
        audit.known(audit.locked(LOCK), report)


def test_where_nobody_answers_it_says_so_and_goes_on(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setenv(audit.ASKED, "https://advisories.example/")
    monkeypatch.setattr(urllib.request, "urlopen", away)
    audit.main()
    told = capsys.readouterr().out
    assert told.startswith("No advisories are at hand (no route to host): ")
    assert told.count("\n") == 1


def test_nobody_is_asked_who_is_not_named(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(urllib.request, "urlopen", asked)
    monkeypatch.delenv(audit.ASKED, raising=False)
    audit.main()
    assert capsys.readouterr().out.startswith("ADVISORIES_URL names nobody to ask: ")
    monkeypatch.setenv(audit.ASKED, "http://advisories.example/")
    with pytest.raises(SystemExit, match="begins with https"):
        audit.main()


def test_a_vulnerability_that_is_answered_ends_with_a_failure(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered(_: object, packages: list[Any]) -> Any:
        return {"results": [{"vulns": [{"id": "GHSA-new"}]}, *[{}] * (len(packages) - 1)]}

    monkeypatch.setenv(audit.ASKED, "https://advisories.example/")
    monkeypatch.setattr(audit, "asked", answered)
    with pytest.raises(SystemExit, match="has GHSA-new"):
        audit.main()


def test_the_exceptions_that_are_listed_can_be_read(audit: ModuleType) -> None:
    audit.listed(audit.EXCEPTIONS.read_text("utf-8"))


def test_ci_audits() -> None:
    assert ".ci/audit.py" in (ROOT / ".ci" / "run").read_text("utf-8")
