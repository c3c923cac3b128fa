"""Whatever officers do, one at most has a case, and no note is lost."""

from functools import reduce

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain import work_commands as c
from domain import work_events as e
from domain.errors import Refusal
from domain.work import WorkCircumstances, decide, evolve, holder_of, load
from tests.domain.desk import OFFICERS, TODAY

NAMES = st.sampled_from(sorted(OFFICERS))
TEXTS = st.sampled_from(["", " ", "Seen", "The diploma is genuine"])
COMMANDS = st.one_of(
    st.builds(c.AssignCase, officer=NAMES),
    st.just(c.TakeCase()),
    st.just(c.ReleaseCase()),
    st.builds(c.HandOverCase, officer=NAMES),
    st.builds(c.ReturnCase, reason=TEXTS),
    st.builds(c.AddNote, text=TEXTS),
    st.builds(c.SupersedeNote, note=st.integers(0, 6), text=TEXTS),
)


class Desk(RuleBasedStateMachine):
    """Officers who work on one case; beside it a plain account of who has it."""

    def __init__(self) -> None:
        super().__init__()
        self.history: tuple[e.WorkEvent, ...] = ()
        self.recused: frozenset[str] = frozenset()
        self.holder: str | None = None
        self.texts: list[str] = []

    @rule(actor=NAMES, command=COMMANDS)
    def ask(self, actor: str, command: c.WorkCommand) -> None:
        state, before = load(self.history), self.holder
        given = WorkCircumstances(
            actor=actor, today=TODAY, access_days=40, recused=self.recused, officers=OFFICERS
        )
        try:
            facts = decide(state, command, given)
        except Refusal:
            return
        assert actor not in self.recused or isinstance(command, c.ReleaseCase | c.ReturnCase)
        self.history += facts
        match command:
            case c.TakeCase():
                assert before is None
                self.holder = actor
            case c.AssignCase(officer=officer):
                self.holder = officer
            case c.HandOverCase(officer=officer):
                assert before == actor
                self.holder = officer
            case c.ReleaseCase():
                assert before == actor
                self.holder = None
            case c.ReturnCase():
                assert before == actor
                self.holder = holder_of(load(self.history))
                assert self.holder != actor
            case c.AddNote(text=text) | c.SupersedeNote(text=text):
                self.texts.append(text)
        if self.holder not in {before, None}:
            assert self.holder not in self.recused

    @precondition(lambda self: len(self.recused) < len(OFFICERS) - 1)
    @rule(officer=NAMES)
    def recuse(self, officer: str) -> None:
        self.recused |= {officer}

    @invariant()
    def one_has_it_or_nobody(self) -> None:
        assert holder_of(load(self.history)) == self.holder

    @invariant()
    def every_note_is_there_and_one_of_each_line_stands(self) -> None:
        notes = load(self.history).notes
        assert [each.number for each in notes] == list(range(1, len(self.texts) + 1))
        for each in notes:
            later = each.superseded_by
            assert later is None or each.number < later <= len(notes)
        begun = sum(isinstance(each, e.NoteAdded) for each in self.history)
        assert sum(each.superseded_by is None for each in notes) == begun

    @invariant()
    def what_was_noted_can_be_read(self) -> None:
        said = [
            each.personal.text
            for each in self.history
            if isinstance(each, e.NoteAdded | e.NoteSuperseded) and each.personal
        ]
        assert said == self.texts

    @invariant()
    def any_event_leads_on(self) -> None:
        assert reduce(evolve, self.history, load(self.history)) is not None


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=60, stateful_step_count=30)
