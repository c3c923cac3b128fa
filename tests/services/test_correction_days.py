"""A correction is as of the day on which its case was submitted, at every door."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from domain import commands as c
from domain.application import Application, Child
from domain.errors import NothingToCorrect
from domain.particulars import ApplicationCorrected, Correction
from domain.references import RANDOM_BYTES, make_reference
from domain.stages import Stage
from services.api.app import create_api
from services.cases import carry_out, case_at
from services.cli.command import FieldFaults
from services.cli.main import qmas
from services.fingerprints import fingerprint
from services.intake.faults import ApplicationFaults
from services.store import NewEvent, StreamWrite
from services.wiring import Office
from tests.services.api.calling import Caller, is_problem
from tests.services.asking import MAY_2019, OFFICER, asked, filed_by
from tests.services.filed import changed, person
from tests.services.seeing import told
from tests.services.visiting import file_case, signed_in

_THEN = {"date_of_birth": "2019-05-02", "accompanying": True, "married": False}
_LATER = _THEN | {"date_of_birth": "2999-01-31"}
_DAY = "family.children[{}].date_of_birth"
_SAID = "is in the future: 1 May 2019 is the reference date"


def _document() -> dict[str, Any]:
    """Return what John filed on 1 May 2019, with a child of the day after and one to come."""
    return changed(person("john"), "family", "children", to=[_THEN, _LATER])


def _corrected() -> c.CorrectApplication:
    born = Child(date_of_birth=date(2019, 5, 2), accompanying=True, married=False)
    filed: Application = filed_by("john")
    later = replace(filed, family=replace(filed.family, children=(born,)))
    return c.CorrectApplication(application=later, reason="Misread")


def test_who_was_born_after_the_submission_is_in_no_correction(office: Office) -> None:
    reference = file_case(office, "john")
    with pytest.raises(ApplicationFaults) as refused:
        carry_out(office, reference, _corrected(), asked(at=None))
    assert str(refused.value) == f"application.{_DAY.format(0)}: {_SAID}"
    assert case_at(office, reference).version == 1
    assert len(told(office)) == 1


def test_a_correction_that_was_carried_out_before_gets_its_first_answer(office: Office) -> None:
    reference = file_case(office, "john")
    command, first = _corrected(), asked()
    event = ApplicationCorrected(
        fields=("family.children",),
        assessed_anew=False,
        personal=Correction(application=command.application, reason=command.reason),
    )
    write = StreamWrite(
        stream=f"case-{reference}",
        expected=1,
        events=(NewEvent(event=event, effective_at=MAY_2019),),
    )
    result = {"reference": reference, "version": 2, "stage": Stage.SUBMITTED}
    said = fingerprint(office, reference, command, first.effective_at)
    office.store.append(first.commit("CorrectApplication", said, write, result=result))

    body = {
        "application": changed(person("john"), "family", "children", to=[_THEN]),
        "reason": command.reason,
        "effective_at": MAY_2019.isoformat(),
    }
    caller = Caller(app=create_api(office), office=office)
    key = str(first.command_id)
    answer = caller.command(f"/cases/{reference}/correct", body, version=1, key=key)

    assert answer.status_code == 200, answer.text
    assert answer.headers["Idempotent-Replay"] == "true"
    assert carry_out(office, reference, command, first).repeated


def test_over_the_api_it_is_told_with_every_other_fault(office: Office) -> None:
    reference = file_case(office, "john")
    caller = Caller(app=create_api(office), office=office)
    body = {"application": changed(_document(), "route", to="short"), "reason": "Misread"}
    problem = is_problem(
        caller.command(f"/cases/{reference}/correct", body, version=1), 422, "invalid-request"
    )
    assert problem["errors"][1:] == [
        {"path": f"application.{_DAY.format(number)}", "message": _SAID} for number in (0, 1)
    ]
    assert problem["errors"][0]["path"] == "application.route"
    assert [(what, cases) for _, what, _, cases in told(office)] == [("answer", (reference,))]


def test_a_correction_of_no_case_is_read_as_of_today(office: Office) -> None:
    caller = Caller(app=create_api(office), office=office)
    reference = make_reference(bytes(RANDOM_BYTES))
    body = {"application": _document(), "reason": "Misread"}
    answer = caller.command(f"/cases/{reference}/correct", body, version=1)
    (fault,) = is_problem(answer, 422, "invalid-request")["errors"]
    assert fault["path"] == f"application.{_DAY.format(1)}"
    body["application"] = changed(_document(), "family", "children", to=[_THEN])
    gone = caller.command(f"/cases/{reference}/correct", body, version=1)
    is_problem(gone, 404, "no-such-case")


def test_on_the_page_it_is_told_in_the_summary(office: Office) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    path = f"/staff/cases/{reference}/correction"
    typed = json.dumps(changed(_document(), "route", to="short"))
    page = visitor.send(visitor.get(path), path, application=typed, reason="Misread")
    assert page.status == 422
    days = [f"{_DAY.format(number)} {_SAID}" for number in (0, 1)]
    assert page.problems[1:] == days
    assert page.problems[0].startswith("route must be one of")


def test_at_a_terminal_it_is_told_as_a_fault_of_its_option(office: Office, tmp_path: Path) -> None:
    reference = file_case(office, "john")
    file = tmp_path / "john.json"
    file.write_text(json.dumps(_document()))
    given = ("correct-application", reference, "--reason", "Misread", "--application", str(file))
    environ = {
        "QMAS_HOME": str(office.settings.home),
        "QMAS_DATABASE_URL": office.settings.database_url,
        "QMAS_BROKER_URL": office.settings.broker_url,
    }
    refused = CliRunner(env=environ).invoke(qmas, ["command", *given]).exception
    assert isinstance(refused, FieldFaults)
    assert str(refused).splitlines() == [
        f"--application.{_DAY.format(number)}: {_SAID}" for number in (0, 1)
    ]


def test_who_was_born_on_the_day_of_submission_may_be_in_a_correction(office: Office) -> None:
    reference = file_case(office, "john")
    command = _corrected()
    (child,) = command.application.family.children
    born = replace(child, date_of_birth=MAY_2019.date())
    family = replace(command.application.family, children=(born,))
    right = replace(command, application=replace(command.application, family=family))
    assert carry_out(office, reference, right, asked(at=None)).version == 2
    with pytest.raises(NothingToCorrect):
        carry_out(office, reference, right, asked(at=None))
