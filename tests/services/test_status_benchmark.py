"""The benchmark of an applicant's status, which serves the API as a web process does."""

from http import HTTPStatus

import pytest

from benchmarks import status
from benchmarks.server import fresh_database, throwaway_server
from services.api.app import PREFIX


def test_it_is_answered_what_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "LISTED", 2)

    with (
        throwaway_server() as server,
        fresh_database(server) as database,
        status.installed(database) as told,
    ):
        reference, token = status.begun(told)
        office = status.office_told(told)
        try:
            asked = status.api_of(office).test_client()
            own = asked.get(f"/status/{reference}")
            listed = asked.get(f"{PREFIX}/cases", headers={"Authorization": f"Bearer {token}"})
        finally:
            office.close()

    assert (own.status_code, own.json["reference"]) == (HTTPStatus.OK, reference)
    assert (listed.status_code, len(listed.json["items"])) == (HTTPStatus.OK, 2)
