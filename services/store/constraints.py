"""What the database's own checks mean, in words for whoever wrote the commit.

Law: no text of the database is passed on, for it quotes rows, and these hold what people wrote.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import psycopg
from psycopg import errors

from domain.errors import Reportable, SecondOfficerNeeded
from services.store.errors import Unwritable
from services.store.sealing import MasterKeyChanged

CONSTRAINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "commits_fingerprint_length": "a command's fingerprint must have 1 to 64 bytes",
        "commits_fit": "a command must be fit to be kept",
        "commits_result_length": "a command's result may have 65,536 bytes at most: shorten it",
        "commits_result_readable": "a command's result must not be JSON's null",
        "events_body_length": "an event may have 1,048,576 bytes at most: shorten its texts",
        "events_body_readable": "an event must not be JSON's null",
        "events_fit": "an event must be fit to be kept",
        "events_ord_counts_from_0": "the places of events in a commit count from 0",
        "events_stream_length": "a stream's name must have 1 to 200 characters: shorten it",
        "events_type_length": "an event's wire name must have 1 to 100 characters: shorten it",
        "events_version_counts_from_1": "the versions of a stream count from 1",
        "events_second_person": "whoever confirms has acted on the matter before, or nobody has "
        "proposed it: somebody else has to decide",
        "events_confirmed": "what two officers decide is recorded with its confirmation only",
        "events_points_confirmed": "a score counts no override that two officers did not confirm",
        "events_selection_proposed": "a selection is made of what was proposed last, and nothing "
        "was or something else",
        "events_by_exercise": "a case comes before a committee, and has a place or none, by its "
        "exercise only, in one transaction with it",
        "events_steps_add_up": "a shortlist and a selection come once in an exercise, after as "
        "many cases as they say",
        "events_contact_by_two": "an e-mail address is changed by two officers, and not corrected",
        "events_kept_by_law": "what is held on a person is kept while a legal hold stands",
        "events_take_the_key": "an erasure is recorded by what destroys the key of its case",
        "events_hold_lifted_by_another": "a legal hold is lifted by another than who placed it",
        "events_confirmed_on_a_whole": "what is confirmed follows a stream of which no version is "
        "left out",
        "reservations_key_length": "a reserved key must have 1 to 200 characters: shorten it",
        "case_keys_reference_length": "a case's reference must have 1 to 100 characters",
        "case_keys_wrapped_length": "a case's wrapped key must have 1 to 256 bytes",
        "case_keys_held_or_erased": "a case's key is either held or has an instant of erasure",
        "case_keys_erasure_decided": "a case's key is destroyed with its erasure only",
    }
)
"""What each check of the tables that an append writes asks for, by the constraint's name."""

_UNREADABLE: Final = (errors.UntranslatableCharacter, errors.InvalidTextRepresentation)


SECOND_PERSON: Final[Mapping[str, str]] = MappingProxyType(
    {
        "events_selection_by_second_person": (
            "whoever makes a selection took no part in its exercise before; have somebody else "
            "confirm it"
        ),
    }
)
"""What each trigger that asks for a second person says, by the constraint that it names."""


OF_NOW: Final = "wrapped_by_master_key_of_now"
"""The check of a wrapped key that a process which was not started again does not meet."""


def former_master_key() -> MasterKeyChanged:
    """Return what is said where a process wraps by a master key that is not in use any more."""
    return MasterKeyChanged(
        "another master key took the place of this process's QMAS_MASTER_KEY: tell it that one and "
        "start it again; if it is to be this one again, run `qmas keys rotate`"
    )


def refused_by_database(fault: psycopg.Error) -> Reportable:
    """Why the database did not take a commit, without any value of it."""
    name = fault.diag.constraint_name or ""
    if name == OF_NOW:
        return former_master_key()
    if name in SECOND_PERSON:
        return SecondOfficerNeeded(SECOND_PERSON[name])
    return Unwritable(CONSTRAINTS.get(name) or _why(fault))


def _why(fault: psycopg.Error) -> str:
    if isinstance(fault, _UNREADABLE):
        return "a text holds a NUL character or half a surrogate pair, which no query could read"
    if isinstance(fault, errors.ProgramLimitExceeded):
        return "a value is too long for the database: shorten it"
    return f"the database refused it as {type(fault).__name__} ({fault.sqlstate})"
