"""Faults that people are told of, and refusals: commands that the rules forbid.

Every class's docstring is the title that people are shown; the instance's text says what was
wrong with this command and what to do instead.
"""

from domain.slugs import slug


class Reportable(Exception):
    """Something that a person can put right; its text is what they are told."""


class Refusal(Reportable):
    """The command was refused."""

    @classmethod
    def code(cls) -> str:
        """Return the stable name of the refusal, as used in problem types: `not-allowed-now`."""
        return slug(cls.__name__)

    @classmethod
    def title(cls) -> str:
        """Return the first line of the refusal's docstring, without its full stop."""
        return (cls.__doc__ or "").splitlines()[0].rstrip(".")


class NotAllowedNow(Refusal):
    """This cannot be done at the present stage."""

    def __init__(
        self, command: str, stage: str, allowed: tuple[str, ...], *, of: str = "case"
    ) -> None:
        self.command, self.stage, self.allowed, self.of = command, stage, allowed, of
        now = ", ".join(map(slug, allowed))
        then = f"possible now: {now}" if allowed else "nothing more can be done"
        super().__init__(f"{slug(command)} is not possible while the {of} is {stage}; {then}")


class NoFeeDue(Refusal):
    """No application fee is due."""


class WrongAmount(Refusal):
    """The amount paid is not the amount due."""

    def __init__(self, due: int, paid: int) -> None:
        super().__init__(f"HK${due} is due and HK${paid} was offered; pay exactly HK${due}")


class TooLate(Refusal):
    """The time allowed for this has passed."""


class ReasonsMissing(Refusal):
    """A decision needs its reasons in words."""


class SameRuleset(Refusal):
    """The case is under this ruleset already."""


class GroundsMissing(Refusal):
    """An override needs its reason and its evidence."""


class AlreadyGiven(Refusal):
    """The rule gives these points already."""


class NoSuchProposal(Refusal):
    """No override of this rule awaits a second officer."""


class AwaitsSecondOfficer(Refusal):
    """What was proposed before awaits a second officer."""


class SecondOfficerNeeded(Refusal):
    """Whoever proposed this cannot decide on it."""


class NothingProposed(Refusal):
    """No such decision awaits a second officer."""


class OnHold(Refusal):
    """The case is held for an investigation."""


class PaperNotTaken(Refusal):
    """Applications are not taken on paper by then."""


class AssessmentStale(Refusal):
    """What the assessment rests on was corrected since."""


class AssessmentFallen(Refusal):
    """What is recorded now gives less than the assessment did."""


class OriginalsNotSeen(Refusal):
    """The originals have not been seen yet."""


class NotGenuine(Refusal):
    """A document of the case was found not to be genuine."""


class DocumentsAwaited(Refusal):
    """Documents that were asked for have not come."""


class NothingOverdue(Refusal):
    """Nothing that was due on this case is overdue."""


class NothingToCorrect(Refusal):
    """The application says this already."""


class ContactNotCorrected(Refusal):
    """An e-mail address is changed by two officers, and not by a correction."""


class DependantNotEligible(Refusal):
    """Only a spouse, or an unmarried child under 18, comes along."""


class NoSuchDependant(Refusal):
    """No dependant of this case has this number."""


class NoRepresentative(Refusal):
    """The applicant has no representative."""


class TooOften(Refusal):
    """This was asked for as often as it may be."""


class TooEarly(Refusal):
    """It is too early for this."""


class NoStayLeft(Refusal):
    """The pattern of stays has no further period."""


class GroundTaken(Refusal):
    """No later extension rests on this."""


class PersonErased(Refusal):
    """What was held on this person has been erased."""


class NotErased(Refusal):
    """There is no erasure that a receipt could be of."""


class PreviewOutdated(Refusal):
    """The erasure is of something else than was looked at."""


class KeptByLaw(Refusal):
    """What is held on this person has to be kept for the time being."""


class NoSuchLegalHold(Refusal):
    """No legal hold of this number stands on the case."""


class NoSuchDocument(Refusal):
    """The case has no document of this number."""


class NotADocument(Refusal):
    """The file is not a document of a kind that is taken."""


class FileTooLarge(Refusal):
    """The file is too large."""

    def __init__(self, at_most: int) -> None:
        self.at_most = at_most
        super().__init__(
            f"a file has at most {at_most:,} bytes ({at_most / 2**20:.3g} MB); send several "
            "smaller ones, or one of a lower resolution"
        )


class TooManyDocuments(Refusal):
    """The case has as many documents of this kind as are taken."""


class NothingRequested(Refusal):
    """A request names the documents that are wanted."""


class RequestUnclear(Refusal):
    """The kind alone does not say which document is wanted."""


class DueDatePassed(Refusal):
    """A request leaves the applicant time."""


class EarlierThanHistory(Refusal):
    """The effective time is before something already recorded on this case."""


class NotYet(Refusal):
    """The effective time is in the future."""


class DuplicateApplication(Refusal):
    """This person already has a live application.

    `live` is the case, None where it is not for whoever asks to know.
    """

    def __init__(self, live: str | None = None) -> None:
        self.live = live
        which = f", {live}" if live else ""
        super().__init__(
            f"this person has a live application{which}; withdraw it before filing another"
        )


class AnotherPerson(Refusal):
    """An application takes the place of one by the same person only."""


class NoSuchCase(Refusal):
    """No case has this reference."""


class NoSuchExercise(Refusal):
    """No exercise has this name."""


class ExerciseExists(Refusal):
    """An exercise of this name was opened before."""


class NameInvalid(Refusal):
    """The exercise cannot be called this."""


class NothingToSelect(Refusal):
    """The pool holds no case that could be selected."""


class PlacesInvalid(Refusal):
    """The places and the size of the shortlist do not fit together."""


class HeldByAnother(Refusal):
    """Another officer has this case."""


class AlreadyHeld(Refusal):
    """The officer has this case already."""


class NotTheHolder(Refusal):
    """Whoever asks does not have this case."""


class RecusedFromCase(Refusal):
    """The officer is recused from this case."""


class NoSuchOfficer(Refusal):
    """Nobody of this name works on cases."""


class NoSuchNote(Refusal):
    """The case has no note of this number."""


class AlreadySuperseded(Refusal):
    """Another note took the place of this one."""


class NoSuchLetter(Refusal):
    """No letter of this number waits to be sent by post."""


class AlreadyPosted(Refusal):
    """The letter was sent by post already."""


class DataAccessOpen(Refusal):
    """A request for data is open already."""


class NoDataAccessOpen(Refusal):
    """No request for data is open."""


class ExportChanged(Refusal):
    """What was exported cannot be made again as it was."""


class DayImpossible(Refusal):
    """This cannot have been or be done on that day."""


class AccessGroundMismatch(Refusal):
    """Only an answer that keeps data back has a ground."""


class WordsMissing(Refusal):
    """This needs to be said in words."""


class NothingWaits(Refusal):
    """No case waits that nobody has."""


class SelectionChanged(Refusal):
    """The selection is no longer the one that was proposed."""


class NotShortlisted(Refusal):
    """The case is not on the shortlist of this exercise."""


class GradeMissing(Refusal):
    """The panel has not graded the case."""


class WrongGrade(Refusal):
    """This grade is not for a case of this route."""


class TermsInvalid(Refusal):
    """The terms of the exercise do not fit together."""


class Forbidden(Refusal):
    """Your role may not do this."""


class PurposeNeeded(Forbidden):
    """Whoever audits says why they look at a person's case."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        super().__init__(
            f"say why you look at {reference}, in a header such as Look-Purpose: complaint of 3 "
            "May; it counts for an hour"
        )


class PurposeInvalid(Refusal):
    """This cannot be kept as why somebody looks."""
