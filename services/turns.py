"""Who is given a case, and who steps aside from it, take turns at that case.

Each reads what the other writes, in a stream that it does not write itself: no version would tell
that they met, and an officer could be given what they had just stepped aside from. So each claims
the case first, and reads after that what the one before it had recorded.
"""

from collections.abc import Callable
from typing import TypeVar

from services.store import Appended, Commit, Together
from services.wiring import Office

_T = TypeVar("_T")

Append = Callable[[Commit], Appended]


def appended(
    office: Office,
    attempt: Callable[[Append], _T],
    *,
    turn_at: str | None = None,
    recalled: Callable[[], _T | None] = lambda: None,
) -> _T:
    """Return what an attempt comes to, visible by now and followed up.

    Where there is a case to have the `turn_at`, nobody else has it while the attempt reads and
    appends. That may be made over, so it is first asked whether the command was carried out.
    """

    def in_turn(whole: Together) -> _T:
        whole.claim(f"turn at {turn_at}")
        first = recalled()
        return attempt(whole.append) if first is None else first

    found = attempt(office.store.append) if turn_at is None else office.store.together(in_turn)
    office.pokes.committed()
    return found
