"""The tree keeps the house laws, and each law can be broken."""

import pytest

from tests.architecture import laws
from tests.architecture.tree import Source, source, sources

LONG_FUNCTION = "def walk():\n" + "    step = 1\n" * 50

BROKEN: tuple[tuple[laws.Law, Source], ...] = (
    (laws.the_domain_is_pure, source("domain/case.py", "import os")),
    (laws.the_domain_is_pure, source("domain/case.py", "from services.store import Store")),
    (laws.the_domain_is_pure, source("domain/case.py", "from random import choice")),
    (laws.the_domain_is_pure, source("domain/rules/x.py", "import msgspec")),
    (laws.the_domain_is_pure, source("domain/case.py", "at = datetime.now(UTC)")),
    (laws.the_domain_is_pure, source("domain/case.py", "on = date.today()")),
    (laws.the_domain_is_pure, source("domain/case.py", "text = open('rules.toml')")),
    (laws.the_domain_is_pure, source("domain/case.py", "def f():\n    global seen\n")),
    (laws.only_settings_read_the_environment, source("services/x.py", "os.environ['HOME']")),
    (laws.only_settings_read_the_environment, source("workers/x.py", "os.getenv('HOME')")),
    (laws.only_settings_read_the_environment, source("workers/x.py", "from os import environ")),
    (laws.files_are_short, source("services/x.py", "step = 1\n" * 401)),
    (laws.functions_are_short, source("services/x.py", LONG_FUNCTION)),
    (laws.functions_are_short, source("workers/tasks.py", "def f():\n" + "    a = 1\n" * 10)),
    (laws.names_say_what_they_name, source("services/utils.py", "")),
    (laws.names_say_what_they_name, source("services/common/days.py", "")),
    (laws.names_say_what_they_name, source("services/x.py", "class CaseManager: ...")),
    (laws.names_say_what_they_name, source("services/x.py", "class AbstractCase: ...")),
    (laws.names_say_what_they_name, source("services/x.py", "def get_case(): ...")),
    (laws.names_say_what_they_name, source("services/x.py", "def request_handler(): ...")),
    (laws.nothing_is_left_for_later, source("services/x.py", "a = 1  # TODO: more")),
    (laws.an_exemption_says_why, source("services/x.py", "a = 1  # noqa")),
    (laws.an_exemption_says_why, source("services/x.py", "a = 1  # noqa: S101")),
    (laws.an_exemption_says_why, source("services/x.py", "a = 1  # type: ignore[misc]")),
    (laws.values_are_frozen, source("services/x.py", "@dataclass\nclass A: ...")),
    (
        laws.values_are_frozen,
        source("domain/x.py", "@dataclass(frozen=True, slots=True)\nclass A: ..."),
    ),
    (laws.rows_are_made_by_name, source("domain/x.py", "a = CaseRow('QM-1', stage=b)")),
    (laws.edges_look, source("services/api/x.py", "from services.cases import case_at")),
    (laws.edges_look, source("services/cli/x.py", "from services.work import history")),
    (laws.edges_look, source("services/cli/x.py", "from services.redrawing import redraw")),
    (laws.edges_look, source("services/pages/x.py", "a = cases.history(office, reference)")),
    (laws.edges_look, source("services/pages/x.py", "a = queries.status(office.models, b)")),
    (
        laws.annotations_are_types,
        source("domain/x.py", "from __future__ import annotations\n"),
    ),
)

KEPT: tuple[Source, ...] = (
    source("domain/case.py", "from collections.abc import Iterable\nimport domain.days\n"),
    source("services/x.py", "def database(): ...\nclass Corpus: ...\ndef target(): ...\n"),
    source("services/x.py", "a = 1  # noqa: S101, D100 - a reason\n"),
    source("services/x.py", "a = 1  # type: ignore[misc]  # a reason\n"),
    source("domain/x.py", "@dataclass(frozen=True, slots=True, kw_only=True)\nclass A: ...\n"),
    source("services/duplicates.py", "a = cases.case_at(office, reference)\n"),
    source("services/pages/x.py", "a = queries.status_seen(office.models, look, b)\n"),
    source("services/settings.py", "import os\nhome = os.environ['HOME']\n"),
)


def test_the_tree_keeps_every_law() -> None:
    faults = [
        f"{file.path}:{fault} ({law.__doc__})"
        for file in sources()
        for law in laws.LAWS
        for fault in law(file)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("law", "broken"), BROKEN, ids=[f"{law.__name__}-{n}" for n, (law, _) in enumerate(BROKEN)]
)
def test_the_law_finds_who_breaks_it(law: laws.Law, broken: Source) -> None:
    assert list(law(broken))


def test_every_law_is_known_to_find_somebody() -> None:
    assert {law for law, _ in BROKEN} == set(laws.LAWS)


@pytest.mark.parametrize("kept", KEPT, ids=range(len(KEPT)))
def test_the_laws_leave_good_code_alone(kept: Source) -> None:
    assert not [fault for law in laws.LAWS for fault in law(kept)]


def test_every_exception_is_still_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    excused = {**laws.LONGER, **laws.CHANGING, **laws.IMPOSED}
    for name in ("LONGER", "CHANGING", "IMPOSED"):
        monkeypatch.setattr(laws, name, {})
    faults = [
        f"{file.path}:{fault}" for file in sources() for law in laws.EXCUSING for fault in law(file)
    ]
    for exception in excused:
        path, _, name = exception.rpartition(" ")
        assert any(path in fault and name in fault for fault in faults), exception
