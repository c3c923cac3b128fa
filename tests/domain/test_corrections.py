"""Whatever is corrected of a person reaches each of those whom the table names, once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_type_hints

import pytest

from domain import commands as c
from domain import events as e
from domain import work_events as w
from domain.corrections import CORRECTED, NOT_CORRECTED, row_of
from domain.happenings import Happening, happenings
from domain.particulars import ContactChanged, NewContact
from domain.processes import EFFECTS, Party, effects, may_be_heard, recipients
from tests.contract.shapes import example
from tests.domain.deciding import REFERENCE, given
from tests.domain.examples import JOHN
from tests.domain.test_data_access import ANSWERED, EXPORTED, REQUESTED
from tests.domain.test_processes import ASSESSED, SPOKEN_FOR, SUPERVISORS, recorded

HOLDER = "officer-2"
CORRECTOR = "officer-1"
CASE = (*ASSESSED, SPOKEN_FOR)
COPY = (REQUESTED, EXPORTED, ANSWERED)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path of everything in an application that differs as one, and its type."""
    hints = get_type_hints(type(value), include_extras=True)
    for each in fields(value):
        inner, where = getattr(value, each.name), f"{path}.{each.name}".lstrip(".")
        if is_dataclass(inner):
            yield from leaves(inner, where)
        else:
            yield where, hints[each.name]


def with_another(value: Any, path: str, hint: Any) -> Any:
    """Return the value with something else at a path."""
    name, _, rest = path.partition(".")
    now = getattr(value, name)
    if rest:
        return replace(value, **{name: with_another(now, rest, hint)})
    other = example(hint)
    if other == now:
        other = (
            not now if isinstance(now, bool) else next(each for each in type(now) if each != now)
        )
    return replace(value, **{name: other})


PATHS = dict(leaves(JOHN))
CORRECTABLE = [path for path in PATHS if path not in NOT_CORRECTED]


def corrected(path: str) -> e.CaseEvent:
    """Return the fact that something at a path was corrected."""
    application = with_another(JOHN, path, PATHS[path])
    if path == "applicant.email":
        words = NewContact(email=application.applicant.email, former="old@example.com", evidence="")
        return ContactChanged(personal=words)
    command = c.CorrectApplication(application=application, reason="It was misread")
    (fact,) = given(*CASE).when(command).facts
    return fact


def happening(fact: e.CaseEvent, work: Sequence[w.WorkEvent], by: str) -> Happening:
    streams = [(f"case-{REFERENCE}", each) for each in CASE]
    streams += [(f"work-{REFERENCE}", each) for each in (w.CaseTaken(officer=HOLDER), *work)]
    streams.append((f"case-{REFERENCE}", fact))
    records = [
        recorded(event, stream, position, by)
        for position, (stream, event) in enumerate(streams, start=1)
    ]
    of_case = [each for each in records if each.stream.startswith("case-")]
    of_work = [each for each in records if each.stream.startswith("work-")]
    return happenings(of_case, of_work)[len(records)]


def reached(at: Happening) -> Counter[str]:
    """Return how often each is told."""
    return Counter(
        recipient.name
        for effect in effects(at)
        for recipient in recipients(effect, at, SUPERVISORS)
    )


def names(parties: Sequence[Party]) -> set[str]:
    found: set[str] = set()
    for each in parties:
        if each is Party.OFFICER:
            found.add(f"officer:{HOLDER}")
        elif each is Party.SUPERVISOR:
            found |= {f"supervisor:{name}" for name in SUPERVISORS}
        else:
            found.add(str(each))
    return found


def test_everything_that_is_filed_is_in_the_table_once_or_cannot_be_corrected() -> None:
    for path in PATHS:
        rows = [
            each
            for each in CORRECTED
            for one in each.paths
            if path == one or path.startswith(f"{one}.")
        ]
        assert len(rows) == (path not in NOT_CORRECTED), path
    for each in CORRECTED:
        for one in each.paths:
            assert any(path == one or path.startswith(f"{one}.") for path in PATHS), one


@pytest.mark.parametrize("copied", [False, True], ids=["no-copy", "copy"])
@pytest.mark.parametrize("path", CORRECTABLE)
def test_a_correction_reaches_each_whom_the_table_names_once(path: str, *, copied: bool) -> None:
    row, fact = row_of(path), corrected(path)
    assert row is not None
    assert type(fact) is row.event
    at = happening(fact, COPY if copied else (), CORRECTOR)
    wanted = names((*row.told, *(row.answerable if copied else row.office)))
    assert reached(at) == dict.fromkeys(wanted, 1)
    assert may_be_heard(fact, at), "a subscribed system hears of it"


@pytest.mark.parametrize("copied", [False, True])
def test_who_corrects_is_not_told_of_it_themselves(*, copied: bool) -> None:
    at = happening(corrected("applicant.family_name"), COPY if copied else (), HOLDER)
    assert f"officer:{HOLDER}" not in reached(at)


def test_what_cannot_be_corrected_is_refused() -> None:
    for path in NOT_CORRECTED:
        changed = with_another(JOHN, path, PATHS[path])
        command = c.CorrectApplication(application=changed, reason="Another route")
        assert given(*CASE).when(command).refusal is not None


def test_every_event_that_corrects_is_in_the_table() -> None:
    """Whoever adds an effect of a correction to another event has to say what it corrects."""
    corrects = {
        event
        for event, each in EFFECTS.items()
        if any(one.name.startswith("correction-") for one in each)
    }
    assert corrects == {each.event for each in CORRECTED}
