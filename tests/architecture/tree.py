"""The project's files, as the laws about them read them."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("domain", "rulesets", "services", "workers", "migrations")
CODE: Final = (*PACKAGES, "tests", "benchmarks", ".ci")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One Python file: its path from the root of the tree, its text and what it is made of."""

    path: str
    text: str
    nodes: tuple[ast.AST, ...]

    @property
    def package(self) -> str:
        """The folder at the top that it is in."""
        return self.path.partition("/")[0]


def source(path: str, text: str) -> Source:
    """Return a file of this text as if it lay at this path."""
    return Source(path=path, text=text, nodes=tuple(ast.walk(ast.parse(text, path))))


@cache
def texts() -> Mapping[str, str]:
    """Return the text of every Python file of the project, by its path."""
    paths = sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}


def sources() -> Iterator[Source]:
    """Yield every Python file of the project.

    None is kept: the syntax of all of them is millions of objects, which whoever collects garbage
    in this process would look at each time.
    """
    for path, text in texts().items():
        yield source(path, text)
