"""Ends with a failure when a locked package has a known vulnerability.

ADVISORIES_URL names whom to ask about every package of `requirements.lock`, in one question as OSV
takes it, which collects the advisories of PyPI, GitHub and others: for OSV itself it is
https://api.osv.dev/v1/querybatch. Where nobody is named, or the one named cannot be reached, it
says so and is content: this asks nobody on the network by itself. What is not to be mended now is
listed in `audit-exceptions.toml` beside this file, with a reason and the last day on which that
holds.
"""

import json
import os
import re
import sys
import tomllib
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
LOCK = HERE.parent / "requirements.lock"
EXCEPTIONS = HERE / "audit-exceptions.toml"
ASKED = "ADVISORIES_URL"
PATIENCE = 20.0
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Package(NamedTuple):
    """A package as the lock has it."""

    name: str
    version: str


class Allowed(NamedTuple):
    """A vulnerability that is borne for a reason, to the end of a day."""

    package: str
    id: str
    reason: str
    until: date


def main() -> None:
    """Judge what is locked now, by what is known now."""
    packages = locked(LOCK.read_text(encoding="utf-8"))
    try:
        allowed = listed(EXCEPTIONS.read_text(encoding="utf-8"))
    except ValueError as fault:
        sys.exit(f"{EXCEPTIONS.name}: {fault}")
    url = os.environ.get(ASKED)
    if not url:
        print(f"{ASKED} names nobody to ask: {len(packages)} packages were not audited")
        return
    if not url.startswith("https://"):
        sys.exit(f"{ASKED} is not an address that begins with https://")
    try:
        found = known(packages, asked(url, packages))
    except (OSError, ValueError) as fault:
        print(f"No advisories are at hand ({fault}): {len(packages)} packages were not audited")
        return
    faults = [*judged(found, allowed, datetime.now(UTC).date())]
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(packages)} packages have no known vulnerability that is not listed")


def locked(text: str) -> list[Package]:
    """Return every package of a lock file."""
    return [Package(name, version) for name, version in LOCKED.findall(text)]


def listed(text: str) -> list[Allowed]:
    """Return the exceptions of a TOML text; ValueError says which is not as it must be."""
    found = []
    for number, each in enumerate(tomllib.loads(text).get("exception", ()), start=1):
        if set(each) != set(Allowed._fields):
            raise ValueError(f"exception {number} has {sorted(each)}, not {Allowed._fields}")
        made = Allowed(**each)
        texts = (made.package, made.id, made.reason)
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise ValueError(f"exception {number} leaves its package, its id or its reason empty")
        if type(made.until) is not date:
            raise ValueError(f"exception {number} ends on no day: until = 2027-01-31")
        found.append(made)
    return found


def asked(url: str, packages: Sequence[Package]) -> Any:
    """Return what is answered there; OSError or ValueError where there is no answer."""
    told = [
        {"package": {"name": each.name, "ecosystem": "PyPI"}, "version": each.version}
        for each in packages
    ]
    body = json.dumps({"queries": told}).encode()
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, kind)  # noqa: S310 - https, as `main` sees to
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
        return json.load(answer)


def known(packages: Sequence[Package], report: Any) -> list[tuple[Package, str]]:
    """Return each package that a report knows a vulnerability of, with its id.

    ValueError for what is no report on these packages: an answer cut short would clear the rest.
    """
    results = report.get("results") if isinstance(report, dict) else None
    if not isinstance(results, list) or len(results) != len(packages):
        raise ValueError("the answer is not a report on these packages")
    return [
        (package, each["id"])
        for package, result in zip(packages, results, strict=True)
        for each in (result or {}).get("vulns", ())
    ]


def judged(
    found: Sequence[tuple[Package, str]], allowed: Sequence[Allowed], today: date
) -> Iterator[str]:
    """Yield a line for each vulnerability that is not borne, or no longer."""
    borne = {(each.package, each.id): each for each in allowed}
    for package, id_ in found:
        exception = borne.get((package.name, id_))
        told = f"{package.name} {package.version} has {id_} (https://osv.dev/vulnerability/{id_})"
        if exception is None:
            yield f"{told}: update it, or list it in {EXCEPTIONS.name} with a reason and a last day"
        elif exception.until < today:
            yield f"{told}, which was borne until {exception.until}: {exception.reason}"


if __name__ == "__main__":
    main()
