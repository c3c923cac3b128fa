"""Events that call for no effect, each with the reason: nobody is left uninformed by oversight.

Law: every event either has effects in `processes.py` or a reason here, and none has both.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain import events as e
from domain import exercise_events as x
from domain import papers as f
from domain import work_events as w
from domain.data_access import DataExported
from domain.decisions import DecisionConfirmed
from domain.gradings import CaseGraded, CaseTakenOutOfRank
from domain.interruptions import CaseHeld, HoldLifted
from domain.legal_holds import LegalHoldLifted, LegalHoldPlaced
from domain.overrides import OverrideConfirmed
from domain.particulars import ErasureDecided
from domain.standing import AssessmentUpheld

_NOT_SAID: Final = "advice within the office, which an applicant is never told"
_OWN_ACT: Final = "whoever did it knows, and it takes nothing from anybody"
_NOTE: Final = "a note is read with the case, by whoever works on it"
_EXERCISE: Final = "each case that it concerns has an event of its own; the page shows the rest"

UNTOLD: Final[Mapping[type[e.Event], str]] = MappingProxyType(
    {
        e.PrerequisitesAssessed: "the score, or a decision with its reasons, follows",
        e.OriginalsVerified: "the approval follows, and says it",
        DecisionConfirmed: "what was decided follows in the same commit, and is told",
        OverrideConfirmed: "the score that follows in the same commit counts, and is told",
        f.DocumentChecked: "what is wanting is asked for, and that is told",
        f.DocumentVerified: "what follows from it is decided, and that is told",
        CaseHeld: "an investigation is told to nobody: it might warn whom it looks into",
        HoldLifted: "nobody was told of the hold",
        CaseGraded: _NOT_SAID,
        CaseTakenOutOfRank: _NOT_SAID,
        AssessmentUpheld: "nothing changes for the applicant",
        LegalHoldPlaced: "a hold is told to nobody: it might warn whom a matter is about",
        LegalHoldLifted: "nobody was told of the hold",
        ErasureDecided: "nothing is known of the person any more, an address neither",
        w.CaseTaken: _OWN_ACT,
        w.CaseReleased: _OWN_ACT,
        w.NoteAdded: _NOTE,
        w.NoteSuperseded: _NOTE,
        w.CorrectionRefused: "nobody filed in their name, and the slip is in another case",
        w.LetterPosted: "the letter itself is on its way",
        DataExported: "whoever asked is given it with the answer, which is told",
        x.ExerciseOpened: _EXERCISE,
        x.ShortlistDrawn: _EXERCISE,
        x.RankDepartureMade: _EXERCISE,
        x.SelectionProposed: "no key of a case seals a letter about it; the exercise's page asks",
        x.SelectionMade: _EXERCISE,
        x.ResultPublished: "everybody may read it at the public page of results",
    }
)
"""Why nobody is told of each of the events that are not in the table of effects."""
