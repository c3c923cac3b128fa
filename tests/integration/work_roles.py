"""An officer in a process of their own, who takes case after case until nothing waits.

Run as `python -m tests.integration.work_roles '{"url": …, "broker": …, "home": …, …}'`. Before each
request its id is written to the file, and after it what came of it: a JSON line each.
"""

import json
import sys
from pathlib import Path
from uuid import UUID, uuid4

from domain.access import Person, Role
from domain.errors import NothingWaits
from domain.work_commands import TakeNext
from services.requests import Request
from services.settings import Settings
from services.wiring import Office, open_office
from services.work import WorkOutcome, take_next


def main() -> None:
    plan = json.loads(sys.argv[1])
    told = {"QMAS_DATABASE_URL": plan["url"], "QMAS_BROKER_URL": plan["broker"]}
    office = open_office(Settings.load(told, home=Path(plan["home"])))
    officer = Person(name=plan["officer"], role=Role.OFFICER)
    with Path(plan["file"]).open("a", buffering=1) as file:
        command_id = UUID(plan["again"]) if plan.get("again") else uuid4()
        while True:
            file.write(json.dumps({"asks": str(command_id)}) + "\n")
            try:
                outcome = take(office, officer, command_id)
            except NothingWaits:
                break
            file.write(json.dumps({"took": outcome.reference, "by": str(command_id)}) + "\n")
            command_id = uuid4()
        file.write(json.dumps({"nothing": True}) + "\n")
    office.close()


def take(office: Office, officer: Person, command_id: UUID) -> WorkOutcome:
    request = Request(person=officer, command_id=command_id, correlation_id=str(command_id))
    return take_next(office, TakeNext(), request)


if __name__ == "__main__":
    main()
