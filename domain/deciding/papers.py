"""Documents: taking them in, checking and verifying them, asking for more and no longer.

Law: a request is answered in the very decision by which the last kind that it waits for has come
in: a later document of that kind, which nobody has found wanting.
"""

from typing import assert_never

from domain import following
from domain import papers as p
from domain import stages as s
from domain.days import written_out
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.errors import (
    DueDatePassed,
    FileTooLarge,
    NoSuchDocument,
    NothingRequested,
    ReasonsMissing,
    RequestUnclear,
    TooManyDocuments,
)
from domain.rules.choose import file_count, file_size


def decide(state: s.CaseState, command: p.PaperCommand, given: Circumstances) -> Facts:
    """Return the facts that follow from a command about documents, or raise its refusal."""
    match command:
        case p.ReceiveDocument():
            return _receive(state, command, given)
        case p.CheckDocument():
            return _check(state, command, given)
        case p.VerifyDocument():
            return _verify(state, command, given)
        case p.RequestDocuments():
            return _request(state, command, given)
        case p.CancelDocumentRequest():
            return _cancel(state, command, given)
        case _:
            assert_never(command)


def _receive(state: s.CaseState, command: p.ReceiveDocument, given: Circumstances) -> Facts:
    """Return the fact that a document came in, and with it perhaps all that was asked for."""
    papers = _papers(state, command)
    _demand_room(papers, command, given)
    return _answered(
        papers,
        p.DocumentReceived(
            document=len(papers.received) + 1,
            kind=command.kind,
            media_type=command.media_type,
            size=command.size,
            stored=given.stored,
            received_from=given.actor,
            personal=p.DocumentFile(name=command.name, sha256=command.sha256),
        ),
    )


def _check(state: s.CaseState, command: p.CheckDocument, given: Circumstances) -> Facts:
    """Return the fact of what an officer found on looking; it may complete what was asked for."""
    papers = _papers(state, command)
    said = command.remarks.strip()
    return _answered(
        papers,
        p.DocumentChecked(
            document=_numbered(papers, command.document).number,
            outcome=command.outcome,
            checked_by=given.actor,
            personal=p.CheckRemarks(text=said) if said else None,
        ),
    )


def _verify(state: s.CaseState, command: p.VerifyDocument, given: Circumstances) -> Facts:
    """Return the fact that a document is genuine or not, and what was seen of it."""
    papers = _papers(state, command)
    return (
        p.DocumentVerified(
            document=_numbered(papers, command.document).number,
            form=command.form,
            finding=command.finding,
            verified_by=given.actor,
        ),
    )


def _request(state: s.CaseState, command: p.RequestDocuments, given: Circumstances) -> Facts:
    """Return the fact that the applicant was asked for documents, instead of any before."""
    papers = _papers(state, command)
    kinds, said = tuple(dict.fromkeys(command.kinds)), command.text.strip()
    if not kinds:
        raise NothingRequested("name at least one kind of document that the applicant is to send")
    if p.DocumentKind.OTHER in kinds and not said:
        raise RequestUnclear("say in words which other document is wanted")
    if command.due_on <= given.today:
        due, today = written_out(command.due_on), written_out(given.today)
        raise DueDatePassed(f"{due} leaves no time, for it is {today}; name a later day")
    return (
        p.DocumentsRequested(
            kinds=kinds,
            due_on=command.due_on,
            after=len(papers.received),
            requested_by=given.actor,
            personal=p.RequestText(text=said) if said else None,
        ),
    )


def _cancel(state: s.CaseState, command: p.CancelDocumentRequest, given: Circumstances) -> Facts:
    """Return the fact that nothing is asked for any more, with the officer's reason."""
    if _papers(state, command).requested is None:
        raise not_now(state, command)
    said = command.reason.strip()
    if not said:
        raise ReasonsMissing("say why the documents are no longer needed")
    return (
        p.DocumentRequestCancelled(
            cancelled_by=given.actor, personal=p.CancellationReason(text=said)
        ),
    )


def _papers(state: s.CaseState, command: p.PaperCommand) -> p.Papers:
    if isinstance(state, s.Draft) or type(command) not in following.NEXT[type(state)]:
        raise not_now(state, command)
    return state.filed.papers


def _numbered(papers: p.Papers, number: int) -> p.Paper:
    found = papers.numbered(number)
    if found is None:
        known = f"numbers 1 to {len(papers.received)}" if papers.received else "none yet"
        raise NoSuchDocument(f"the case has no document {number}; it has {known}")
    return found


def _demand_room(papers: p.Papers, command: p.ReceiveDocument, given: Circumstances) -> None:
    size_at_most = file_size(given.rulebook, given.today)
    if command.size > size_at_most:
        raise FileTooLarge(size_at_most)
    files_at_most = file_count(given.rulebook, command.kind, given.today)
    held = [each for each in papers.received if each.received.kind is command.kind]
    # A document found wanting is to be replaced, so it takes nobody's place.
    if sum(not each.wanting for each in held) >= files_at_most:
        raise TooManyDocuments(
            f"the case has {files_at_most} documents of the kind {command.kind}, and no more are "
            "taken; put several pages into one file"
        )


def _answered(papers: p.Papers, fact: p.DocumentReceived | p.DocumentChecked) -> Facts:
    """Return the fact, and after it that all has come in, where it is so now."""
    then = p.after(papers, fact)
    if then.requested is None or then.missing:
        return (fact,)
    answering = tuple(each.number for each in then.answering)
    return (fact, p.RequestedDocumentsReceived(documents=answering))
