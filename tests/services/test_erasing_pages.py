"""An erasure on the pages and over the API: previewed, confirmed by its digest, with a receipt."""

import pytest

from domain import commands as c
from domain import work_commands as w
from domain.decisions import Matter
from domain.errors import PreviewOutdated
from domain.looks import What
from services.api.app import create_api
from services.cases import carry_out
from services.privacy import receipt as receipts
from services.privacy.kept import preview_digest
from services.wiring import Office
from tests.services import seeing
from tests.services.api.calling import AUDITOR, V1, Caller, is_problem
from tests.services.asking import OFFICER, SECOND, asked
from tests.services.seeing import looking
from tests.services.test_data_access import ask
from tests.services.visiting import file_case, signed_in


@pytest.fixture
def withdrawn(office: Office) -> str:
    reference = file_case(office, "john")
    carry_out(office, reference, c.WithdrawApplication(), asked(at=None))
    return reference


def confirming(preview: str) -> c.ConfirmDecision:
    return c.ConfirmDecision(matter=Matter.ERASURE, preview=preview)


def test_two_officers_erase_on_the_page_and_the_receipt_is_there(
    office: Office, withdrawn: str
) -> None:
    at = f"/staff/cases/{withdrawn}"
    first, second = signed_in(office, OFFICER.name), signed_in(office, SECOND.name)
    page = first.get(f"{at}/erasure")
    assert "Made unreadable" in page.text
    assert "kB" not in page.text  # there is no document that could have a size
    first.send(page, f"{at}/propose-erasure")
    assert f"{at}/confirm-decision" not in first.get(f"{at}/erasure").actions
    page = second.get(f"{at}/erasure")
    assert page.form(f"{at}/confirm-decision")["preview"] == preview_digest(office, withdrawn)
    done = second.send(page, f"{at}/confirm-decision")
    assert done.status == 200, done.problems
    page = second.get(f"{at}/erasure")
    people = (page.facts["Proposed by"], page.facts["Confirmed by"])
    assert people == ("officer.chan", "supervisor.lee")
    proven, on_our_word = ([each.text for each in told.all("dt")] for told in page.root.all("dl"))
    assert proven[-2:] == ["Leaf", "Root of the log up to there"]
    assert on_our_word[:2] == ["Position in the log", "Key destroyed"]
    saved = second.client.get(f"{at}/erasure/receipt")
    made = receipts.read(saved.get_data(as_text=True))
    assert list(receipts.faults(made)) == []
    digests = [each.text for each in page.root.all("code", **{"class": "digest"})]
    assert digests == [made.leaf, made.root]  # set so that they break on a narrow screen
    assert f"{withdrawn}-erasure.json" in saved.headers["Content-Disposition"]


def test_what_came_in_since_the_preview_has_it_refused_and_seen(
    office: Office, withdrawn: str
) -> None:
    at = f"/staff/cases/{withdrawn}"
    carry_out(office, withdrawn, c.ProposeErasure(), asked(at=None))
    second = signed_in(office, SECOND.name)
    page = second.get(f"{at}/erasure")
    # A note is of the work on the case, and makes no version of the case another.
    ask(office, withdrawn, w.AddNote(text="Her brother has asked for the file"))
    refused = second.send(page, f"{at}/confirm-decision")
    assert refused.status == 422
    assert "recorded or filed since the preview that you looked at" in refused.problems[0]
    assert second.send(second.get(f"{at}/erasure"), f"{at}/confirm-decision").status == 200


def test_a_page_is_one_look_whatever_it_shows_of_the_case(office: Office, withdrawn: str) -> None:
    officer, at = signed_in(office, OFFICER.name), f"/staff/cases/{withdrawn}/erasure"
    before = seeing.told(office)  # the list of cases, to which signing in leads
    seen_once = (OFFICER.name, "case", "page", (withdrawn,))
    assert "Made unreadable" in officer.get(at).text
    assert seeing.told(office) == [*before, seen_once]
    carry_out(office, withdrawn, c.ProposeErasure(), asked(at=None))
    digest = preview_digest(office, withdrawn)
    carry_out(office, withdrawn, confirming(digest), asked(SECOND, at=None))
    assert "The receipt" in officer.get(at).text
    assert seeing.told(office) == [*before, seen_once, seen_once]


@pytest.mark.parametrize("preview", ["", "0" * 64])
def test_an_erasure_is_confirmed_by_its_own_preview_at_every_door(
    office: Office, withdrawn: str, preview: str
) -> None:
    carry_out(office, withdrawn, c.ProposeErasure(), asked(at=None))
    said = "look at it again" if preview else "look at the preview of the erasure first"
    with pytest.raises(PreviewOutdated, match=said):
        carry_out(office, withdrawn, confirming(preview), asked(SECOND, at=None))
    digest = preview_digest(office, withdrawn)
    carry_out(office, withdrawn, confirming(digest), asked(SECOND, at=None))


def test_nothing_is_offered_that_is_forbidden_and_to_nobody_who_may_not(
    office: Office, withdrawn: str
) -> None:
    living = file_case(office, "emma")
    page = signed_in(office, OFFICER.name).get(f"/staff/cases/{living}/erasure")
    assert "only the person of one that has ended can be erased" in page.text
    assert f"/staff/cases/{living}/propose-erasure" not in page.actions
    panel = signed_in(office, "panel.cheung")
    assert panel.get(f"/staff/cases/{withdrawn}/erasure").status == 403


def test_the_api_gives_the_preview_and_the_receipt(office: Office, withdrawn: str) -> None:
    caller = Caller(app=create_api(office), office=office)
    path = f"{V1}/cases/{withdrawn}/erasure"
    told = caller.call("GET", path).json
    assert (told["refused"], told["digest"]) == ([], preview_digest(office, withdrawn))
    assert told["kept"]["events"]["application-submitted"] == 1
    assert is_problem(caller.call("GET", f"{path}/receipt"), 409, "not-erased")
    carry_out(office, withdrawn, c.ProposeErasure(), asked(at=None))
    old = {"matter": "erasure", "preview": told["digest"]}
    late = caller.command(f"/cases/{withdrawn}/confirm-decision", old, version=3, by=SECOND.name)
    assert is_problem(late, 409, "preview-outdated")
    now = {**old, "preview": caller.call("GET", path).json["digest"]}
    done = caller.command(f"/cases/{withdrawn}/confirm-decision", now, version=3, by=SECOND.name)
    assert done.status_code == 200, done.text
    made = receipts.read(caller.call("GET", f"{path}/receipt").text)
    assert list(receipts.differences(office, looking(What.PROOF), made)) == []
    assert caller.call("GET", path, by=AUDITOR).json["refused"] == ["the person was erased already"]
