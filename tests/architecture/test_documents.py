"""The documents are true of the tree: links lead somewhere, commands exist, decisions are whole."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from services.cli.main import qmas
from tests.architecture.tree import ROOT, texts

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
OTHERS = [ROOT / name for name in ("Makefile", "Dockerfile", "docker-compose.yml", ".ci/run")]
HOW_TO = sorted((ROOT / "docs" / "how-to").glob("*.md"))

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
_COMMAND = re.compile(r"(?:^|[`\s]|bin/)qmas ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?((?: --[a-z-]+)*)")
_TARGET = re.compile(r"`?make ([a-z]+)(?: [A-Z]+=\S+)?`?")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def broken_links(document: Path, text: str) -> list[str]:
    return [link for link in _LINK.findall(text) if not (document.parent / link).exists()]


def spoken(text: str) -> Iterator[str]:
    """Yield what a reader might type: fenced and indented lines, and words in backticks."""
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line.strip()
        else:
            yield from re.findall(r"`([^`]+)`", line)


def unknown_commands(text: str) -> list[str]:
    """Return the commands of qmas in a document that the command line does not have."""
    context = click.Context(qmas)
    unknown = []
    for said in spoken(text):
        for noun, verb, _ in _COMMAND.findall(said):
            command = qmas.get_command(context, noun)
            if command is None:
                unknown.append(noun)
            elif isinstance(command, click.Group) and verb not in (
                *command.list_commands(context),
                "",
            ):
                unknown.append(f"{noun} {verb}")
    return unknown


def test_the_changes_name_every_migration_in_order() -> None:
    told = re.findall(r"^\| `(\d{4})` \|", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    there = sorted(each.name[:4] for each in (ROOT / "migrations" / "versions").glob("*.py"))
    assert told == sorted(told)
    assert set(there) == {*told}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_leads_to_a_file(document: Path) -> None:
    assert broken_links(document, document.read_text("utf-8")) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_command_named_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    assert unknown_commands(text) == []
    asked = {name for said in spoken(text) for name in _TARGET.findall(said)}
    assert asked <= targets()


def test_a_broken_link_and_an_unknown_command_are_noticed() -> None:
    assert broken_links(ROOT / "README.md", "[gone](docs/gone.md)") == ["docs/gone.md"]
    assert unknown_commands("    qmas dance\n    qmas exercise juggle 2019-1\n") == [
        "dance",
        "exercise juggle",
    ]


def test_the_readme_is_short_and_has_a_session() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 140
    assert "```console\n$ " in text


@pytest.mark.parametrize("decision", DECISIONS, ids=named)
def test_a_decision_ends_in_what_would_change_it(decision: Path) -> None:
    text = decision.read_text("utf-8")
    assert text.startswith(f"# {int(decision.name[:4])}. ")
    assert text.rstrip().rpartition("\n\n")[2].startswith("**What would change our mind.**")


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(each.name[:4]) for each in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", HOW_TO, ids=named)
def test_every_how_to_page_is_found_from_the_front(page: Path) -> None:
    front = (ROOT / "docs" / "README.md").read_text("utf-8")
    assert f"how-to/{page.name}" in front


_ELSEWHERE = re.compile(
    r"\b(?:issue|ticket|PR) ?#?[0-9]+\b|(?<![a-z&])#[0-9]+\b|(?<![\w>}])/(?:home|Users|work)/[a-z]"
)


def elsewhere(text: str) -> list[str]:
    """Return what only means something on one machine or in one tracker."""
    return _ELSEWHERE.findall(text)


def test_the_project_speaks_of_itself_only() -> None:
    read = {named(each): each.read_text("utf-8") for each in (*DOCUMENTS, *OTHERS)}
    spoken_in = {**texts(), **read}
    del spoken_in["tests/architecture/test_documents.py"]
    found = {path: elsewhere(text) for path, text in spoken_in.items()}
    assert {path: said for path, said in found.items() if said} == {}


def test_a_word_from_elsewhere_is_noticed() -> None:
    assert len(elsewhere("see issue 12, PR #7 or /home/somebody/notes")) == 3
    assert elsewhere("# 2. One sealed member, &#39; and #fff and `networking/x`") == []
    assert (
        elsewhere("/cases/<reference>/work/take, /staff/work/next and {reference}/work/note") == []
    )
