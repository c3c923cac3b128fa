"""What is due, and what is over, in the office's list of cases."""

from datetime import date, timedelta

from domain import papers as p
from services import cases, deadlines
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import MAY_2019, OFFICER, asked
from tests.services.test_work import file_one
from tests.services.visiting import signed_in

ASKED = p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=date(2019, 6, 1))


def test_the_list_says_what_is_due_and_finds_what_is_over(office: Office) -> None:
    late, waiting, near = (file_one(office, number) for number in (1, 2, 3))
    cases.carry_out(office, late, ASKED, asked())
    day = office.clock().date() + timedelta(days=30)
    later = p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=day)
    cases.carry_out(office, near, later, asked(at=None))
    assert MAY_2019.date() < ASKED.due_on
    visitor = signed_in(office, OFFICER.name)
    for over in (False, True):
        if over:
            assert deadlines.fire(office) == 1
        catch_up_all(office.store, office.models)
        rows = {
            row.one("th").text: row.text
            for row in visitor.get("/staff").root.one("tbody").all("tr")
        }
        assert f"1 June 2019{' over' if over else ''} documents" in rows[late]
        assert ("over" in rows[late]) == over
        assert "documents" in rows[near]
        assert "over" not in rows[near]
        assert "documents" not in rows[waiting]
        found = visitor.get("/staff?mark=overdue").root
        listed = [row.one("th").text for row in found.all("tr")[1:]]
        assert listed == ([late] if over else [])
    page = visitor.get("/staff?sort=due_on")
    assert [row.one("th").text for row in page.root.one("tbody").all("tr")] == [late, near]
    assert "2 of 2 cases, next due first" in page.text
    assert visitor.get("/staff?sort=due").status == 422
