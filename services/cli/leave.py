"""The action that every command of `qmas` is, by the table that decides everywhere.

Law: a command that is not here is no command, and one whose action shows no case has no look.
Whoever sits at this terminal holds the keys of the database and needs no leave of it; what is done
is named as it is named elsewhere all the same.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import click

from domain import work_commands as w
from domain.access import ACTION_OF, WORK_ACTION_OF, Action
from domain.papers import ReceiveDocument
from domain.slugs import slug

ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "assess": Action.PUBLIC,
        "audit reads": Action.READ_READS,
        "case": Action.READ_CASES,
        **{f"command {slug(each.__name__)}": action for each, action in ACTION_OF.items()},
        "demo": Action.OPERATE,
        "doctor": Action.OPERATE,
        "documents add": ACTION_OF[ReceiveDocument],
        "documents check": Action.READ_CASES,
        "documents fetch": Action.READ_CASES,
        "documents list": Action.READ_CASES,
        "documents unnamed": Action.READ_CASES,
        "down": Action.OPERATE,
        "exercise depart": Action.RUN_EXERCISE,
        "exercise draw-shortlist": Action.RUN_EXERCISE,
        "exercise dry-run": Action.TRY_STEP,
        "exercise open": Action.RUN_EXERCISE,
        "exercise propose": Action.RUN_EXERCISE,
        "exercise publish": Action.RUN_EXERCISE,
        "exercise replay": Action.READ_HISTORY,
        "exercise results": Action.PUBLIC,
        "exercise run": Action.RUN_EXERCISE,
        "exercise select": Action.RUN_EXERCISE,
        "exercise show": Action.READ_EXERCISES,
        "exercise what-if": Action.TRY_TERMS,
        "explain": Action.READ_HISTORY,
        "history": Action.READ_HISTORY,
        "import": Action.SUBMIT,
        "keys rotate": Action.READ_CASES,
        "keys status": Action.OPERATE,
        "notifications bounced": Action.RETRY_NOTIFICATION,
        "notifications fence": Action.OPERATE,
        "notifications list": Action.READ_NOTIFICATIONS,
        "notifications retry": Action.RETRY_NOTIFICATION,
        "notifications show": Action.READ_NOTIFICATIONS,
        "notifications status": Action.READ_NOTIFICATIONS,
        "populate": Action.OPERATE,
        "privacy erase-preview": Action.READ_HISTORY,
        "privacy export": WORK_ACTION_OF[w.ExportData],
        "privacy receipt": Action.READ_HISTORY,
        "privacy retention": Action.READ_RETENTION,
        "privacy verify-export": Action.READ_HISTORY,
        "privacy verify-receipt": Action.READ_HISTORY,
        "projections diff": Action.READ_CASES,
        "projections discard": Action.OPERATE,
        "projections rebuild": Action.READ_CASES,
        "projections retry": Action.READ_CASES,
        "projections status": Action.READ_CASES,
        "projections switch": Action.OPERATE,
        "projections verify": Action.READ_CASES,
        "refile": Action.WITHDRAW,
        "rules check": Action.PUBLIC,
        "rules diff": Action.PUBLIC,
        "rules holidays": Action.PUBLIC,
        "rules list": Action.PUBLIC,
        "rules show": Action.PUBLIC,
        "rules simulate": Action.SIMULATE_RULES,
        "sessions end": Action.OPERATE,
        "sessions list": Action.OPERATE,
        "statistics": Action.READ_STATISTICS,
        "statistics backtest": Action.READ_STATISTICS,
        "status": Action.OPERATE,
        "submit": Action.SUBMIT,
        "tokens create": Action.OPERATE,
        "tokens list": Action.OPERATE,
        "tokens revoke": Action.OPERATE,
        "up": Action.OPERATE,
        "webhooks add": Action.OPERATE,
        "webhooks list": Action.OPERATE,
        "webhooks pause": Action.OPERATE,
        "webhooks remove": Action.OPERATE,
        "webhooks resume": Action.OPERATE,
        "webhooks rotate": Action.OPERATE,
        "webhooks show": Action.OPERATE,
        "webhooks test": Action.OPERATE,
        "work assign": WORK_ACTION_OF[w.AssignCase],
        "work data-answered": WORK_ACTION_OF[w.AnswerDataAccess],
        "work data-delayed": WORK_ACTION_OF[w.DelayDataAccess],
        "work data-open": Action.READ_WORK,
        "work data-requested": WORK_ACTION_OF[w.RecordDataAccessRequest],
        "work hand-over": WORK_ACTION_OF[w.HandOverCase],
        "work list": Action.READ_WORK,
        "work load": Action.READ_WORKLOAD,
        "work next": WORK_ACTION_OF[w.TakeNext],
        "work note": WORK_ACTION_OF[w.AddNote],
        "work posted": WORK_ACTION_OF[w.RecordPosting],
        "work release": WORK_ACTION_OF[w.ReleaseCase],
        "work return": WORK_ACTION_OF[w.ReturnCase],
        "work take": WORK_ACTION_OF[w.TakeCase],
    }
)
"""The action of each command, by its words."""

WITHOUT_CASES: Final = frozenset({Action.PUBLIC, Action.OPERATE})
"""The actions by which nobody looks at a case."""


def action_here() -> Action:
    """Return the action of the command that runs, by which a case can be looked at.

    Raises TypeError where that command names none.
    """
    words = " ".join(_words(click.get_current_context()))
    action = ACTIONS.get(words)
    if action is None or action in WITHOUT_CASES:
        raise TypeError(f"{words!r} names no action by which a case can be looked at")
    return action


def _words(context: click.Context) -> list[str]:
    """Return the names of the commands that lead to this one, without the program's own."""
    before = _words(context.parent) if context.parent else []
    return before if context.command.name == "qmas" else [*before, str(context.command.name)]
