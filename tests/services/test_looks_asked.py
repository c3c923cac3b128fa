"""What of a case was asked for is on record with the look at it."""

from domain.papers import DocumentKind
from services.api.app import create_api
from services.documents.receiving import Upload, receive
from services.wiring import Office
from tests.services.api.calling import Caller
from tests.services.asking import OFFICER, asked
from tests.services.sample_files import pdf
from tests.services.seeing import recorded
from tests.services.visiting import TO_POOL, file_case, signed_in


def test_what_of_a_case_was_asked_for_is_recorded_with_the_look(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    caller = Caller(app=create_api(office), office=office)
    upload = Upload(kind=DocumentKind.WORK, name="work.pdf", content=pdf())
    receive(office, reference, upload, asked(at=None))
    file = f"/cases/{reference}/documents/1"
    assert caller.get(file).status_code == 200
    assert signed_in(office, OFFICER.name).client.get(f"/staff{file}").status_code == 200
    assert caller.get(f"/cases/{reference}?as_of=2019-06-01").status_code == 200
    assert caller.get(f"/cases/{reference}/documents/0").status_code == 404
    found = [(each["what"], each["filters"]) for each in recorded(office)]
    assert [each for each in found if each[0] != "list"] == [
        ("document", {"document": 1}),
        ("document", {"document": 1}),
        ("case", {"as_of": "2019-06-01T23:59:59.999999+08:00"}),
    ]
