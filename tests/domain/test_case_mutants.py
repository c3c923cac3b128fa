"""A test of the tests of a case's life: every check that is turned or dropped must show in one."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, product
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from domain import evolving, following
from domain.deciding import (
    ending,
    granting,
    overriding,
    particulars,
    reconsidering,
    residing,
    seconding,
    selecting,
    standing,
)
from tests.domain import (
    test_case_contact,
    test_case_decisions,
    test_case_grading,
    test_case_granting_papers,
    test_case_interruptions,
    test_case_overrides,
    test_case_papers,
    test_case_particulars,
    test_case_path,
    test_case_proposals_lapse,
    test_case_reconsiderations,
    test_case_refusals,
    test_case_rescoring,
    test_case_residence,
    test_case_stages,
    test_case_standing,
    test_erasure_previews,
    test_legal_holds,
)
from tests.domain.test_case_machine import SETTINGS, Case, CaseOfALifeHere
from tests.rules.flipping import flips, omissions

TESTS_OF: Final[dict[ModuleType, tuple[ModuleType, ...]]] = {
    seconding: (test_case_decisions, test_case_contact, test_erasure_previews),
    ending: (
        test_case_refusals,
        test_case_interruptions,
        test_case_decisions,
        test_case_residence,
        test_case_particulars,
        test_case_reconsiderations,
    ),
    particulars: (test_case_particulars, test_case_interruptions, test_case_contact),
    reconsidering: (test_case_reconsiderations,),
    residing: (test_case_residence,),
    standing: (test_case_standing,),
    selecting: (test_case_grading, test_case_standing, test_case_path, test_case_stages),
    granting: (
        test_case_path,
        test_case_granting_papers,
        test_case_standing,
        test_case_refusals,
        test_case_stages,
    ),
    overriding: (
        test_case_overrides,
        test_case_proposals_lapse,
        test_case_rescoring,
        test_case_stages,
    ),
    following: (
        test_case_interruptions,
        test_case_particulars,
        test_case_standing,
        test_case_stages,
        test_case_contact,
        test_legal_holds,
    ),
    evolving: (
        test_legal_holds,
        test_case_contact,
        test_case_proposals_lapse,
        test_case_particulars,
        test_case_standing,
        test_case_rescoring,
        test_case_decisions,
        test_case_refusals,
        test_case_interruptions,
        test_case_papers,
        test_case_stages,
    ),
}
"""What is changed, and the tests of which one is to fail, the likeliest first."""


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for each in vars(module).values():
        if isinstance(each, FunctionType) and each.__module__ == module.__name__:
            yield each


def _mutants() -> Iterator[tuple[str, ModuleType, FunctionType, CodeType]]:
    for module in TESTS_OF:
        for function in _functions(module):
            for said, code in (*flips(function, module), *omissions(function, module)):
                yield said, module, function, code


ALIKE: Final = frozenset(
    {
        "domain.evolving._without_decision: never filed.decision is None",
        (
            "domain.evolving.filed_after: asked and (not documents_awaited_after(event, "
            "before=True)) without asked"
        ),
        "domain.deciding.overriding.demand_second: never isinstance(state, s.Draft)",
    }
) | frozenset(
    f"domain.deciding.{place}: {draft} or {rest} without {draft}"
    for draft in ("isinstance(state, s.Draft)",)
    for place, rest in (
        ("seconding.propose", "type(command) not in following.NEXT[type(state)]"),
        ("seconding._awaiting", "c.ConfirmDecision not in following.NEXT[type(state)]"),
        ("particulars.contact_change", "state.filed.refiled_as is not None"),
        ("particulars.care", "type(command) not in following.NEXT[type(state)]"),
        ("standing.decide", "type(command) not in following.next_of(state)"),
    )
)
"""Changes that change nothing: a draft is asked for by name only so that types are known, and a
case without a proposal or a request is not copied only because that takes time."""
REPEATABLE: Final = settings(
    SETTINGS, derandomize=True, database=None, phases=(Phase.generate,), max_examples=200
)
_NOTICED: Final[dict[FunctionType, list[Callable[[], None]]]] = defaultdict(list)
MUTANTS: Final = tuple(each for each in _mutants() if each[0] not in ALIKE)


def _asked(module: ModuleType) -> Iterator[Callable[[], None]]:
    """Yield every test of a module with each of its parameters."""
    for name, function in vars(module).items():
        if name.startswith("test_") and isinstance(function, FunctionType):
            marks = [
                each for each in getattr(function, "pytestmark", []) if each.name == "parametrize"
            ]
            for chosen in product(*map(_values, marks)):
                yield partial(
                    function, **{key: value for each in chosen for key, value in each.items()}
                )


def _values(mark: pytest.Mark) -> list[dict[str, Any]]:
    names, values = mark.args
    if isinstance(names, str):
        return [{names: each} for each in values]
    return [dict(zip(names, each, strict=True)) for each in values]


def _fails(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception:  # noqa: BLE001 - however a test fails, it has noticed
        return True
    return False


def _is_noticed(function: FunctionType, module: ModuleType) -> bool:
    """Say whether a test fails; those that noticed another change of the function are first."""
    known = _NOTICED[function]
    if any(map(_fails, known)):
        return True
    for ask in chain.from_iterable(map(_asked, TESTS_OF[module])):
        if _fails(ask):
            known.append(ask)
            return True
    return False


@pytest.mark.parametrize(
    "module", sorted({each for some in TESTS_OF.values() for each in some}, key=str)
)
def test_nothing_fails_as_long_as_nothing_is_changed(module: ModuleType) -> None:
    assert not any(map(_fails, _asked(module)))


@pytest.mark.parametrize(
    ("module", "function", "code"),
    [each[1:] for each in MUTANTS],
    ids=[each[0] for each in MUTANTS],
)
def test_a_check_that_is_changed_is_caught(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, function: FunctionType, code: CodeType
) -> None:
    monkeypatch.setattr(function, "__code__", code)
    assert _is_noticed(function, module)


def _dropped(function: FunctionType, module: ModuleType, check: str) -> CodeType:
    return next(code for said, code in omissions(function, module) if f"never {check}" in said)


@pytest.mark.parametrize(
    ("module", "function", "check", "machine"),
    [
        (seconding, seconding.demand_second, "actor in filed.actors(matter)", Case),
        (particulars, particulars.forbid, "given.actor in state.filed.recused", Case),
        (residing, residing.reach_abode, "command.reached_on < earliest", CaseOfALifeHere),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_check_that_is_dropped_is_noticed_by_whoever_tries_everything(
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    function: FunctionType,
    check: str,
    machine: type[Case],
) -> None:
    monkeypatch.setattr(function, "__code__", _dropped(function, module, check))
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(machine, settings=REPEATABLE)
