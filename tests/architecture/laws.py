"""The house laws that no linter knows: each looks at one file and yields the faults in it.

A fault reads `line: what is wrong`. Exceptions are named here, each with its reason, and an
exception that nothing needs any more is itself a fault.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from tests.architecture.tree import PACKAGES, Source

Law = Callable[[Source], Iterator[str]]

LONGEST_FILE: Final = 400
LONGEST_FUNCTION: Final = 50
LONGEST_TASK: Final = 10

LONGER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "domain/case.py decide": "one arm a command, as a table, so that none can be forgotten",
        "domain/case.py evolve": "one arm an event, as a table, so that none can be forgotten",
    }
)
"""Functions that may be longer (`path name`), each with its reason."""

CHANGING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "domain/rules/reading.py Notes": "collects the faults of a document while it is read",
        "domain/rules/reading.py Table": "remembers which keys of a document were asked for",
        "services/pokes.py Pokes": "remembers that the broker was away",
        "services/projections/folding.py Batch": "collects what one batch of a fold makes",
    }
)
"""Dataclasses that are not values (`path name`), each with its reason."""

IMPOSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "get_col_spec": "SQLAlchemy calls it by this name",
        "get_command": "click calls it by this name",
        "_get_client": "kombu calls it by this name",
        "_register_error_handlers": "flask-smorest calls it by this name",
    }
)
"""Names that a framework chose."""

UNSEEN: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "services.cases": frozenset({"case_at", "history"}),
        "services.work": frozenset({"work_at", "history"}),
        "services.pool": frozenset({"folded_log", "frozen_pool", "pool_at"}),
        "services.redrawing": frozenset({"redraw"}),
        "services.projections.pools": frozenset({"kept"}),
        "services.projections.queries": frozenset({"status", "case_row", "live_case"}),
        "services.store.store": frozenset(
            {"read_stream", "read_streams", "read_firsts", "read_log", "read_shard"}
        ),
    }
)
"""What gives something of a case to the program itself, by module: nobody may be shown it."""

PURE: Final = frozenset(
    {
        "bisect", "calendar", "collections", "dataclasses", "datetime", "decimal", "enum",
        "fractions", "functools", "hashlib", "heapq", "itertools", "json", "math", "operator", "re",
        "string", "types", "typing", "unicodedata", "domain",
    }
)  # fmt: skip
"""What the domain may import: nothing in it can reach the world outside."""

_EDGES: Final = ("services/api/", "services/pages/", "services/cli/")
_UNSEEN_OF: Final = MappingProxyType(
    {module.rpartition(".")[2]: names for module, names in UNSEEN.items()}
)
_IMPURE_CALLS: Final = frozenset(
    {"open", "print", "input", "eval", "exec", "compile", "breakpoint", "__import__"}
)
_CLOCKS: Final = frozenset({"now", "utcnow", "today"})
_BANNED: Final = frozenset(
    {
        "abstract", "base", "common", "core", "handler", "handlers", "helper", "helpers",
        "manager", "managers", "processor", "processors", "util", "utils",
    }
)  # fmt: skip
_LEFT_BEHIND: Final = re.compile(r"\b(TODO|FIXME|XXX|HACK|WIP)\b")
_SILENCE: Final = re.compile("noqa|ignore")
_BARE_NOQA: Final = re.compile(r"#\s*noqa(?!: [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)* +(?:-|#) \S)")
_BARE_IGNORE: Final = re.compile(r"#\s*type:\s*ignore(?!\[[a-z-]+(?:, ?[a-z-]+)*\]\s+# \S)")
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def the_domain_is_pure(source: Source) -> Iterator[str]:
    """The domain imports nothing that could reach outside, and asks for neither time nor files."""
    if source.package != "domain":
        return
    for node in source.nodes:
        for name in _imported(node):
            if name.partition(".")[0] not in PURE:
                yield f"{_line(node)}: imports {name}"
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in _IMPURE_CALLS:
                yield f"{node.lineno}: calls {called.id}"
            if isinstance(called, ast.Attribute) and called.attr in _CLOCKS:
                yield f"{node.lineno}: asks a clock by {called.attr}"
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield f"{node.lineno}: changes a variable outside its function"


def only_settings_read_the_environment(source: Source) -> Iterator[str]:
    """`os.environ` and its like are read in one place."""
    if source.package not in PACKAGES or source.path == "services/settings.py":
        return
    names = {"environ", "environb", "getenv", "getenvb"}
    for node in source.nodes:
        if (
            isinstance(node, ast.Attribute)
            and node.attr in names
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        ):
            yield f"{node.lineno}: reads os.{node.attr}"
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (f"{node.lineno}: imports {each.name}" for each in node.names)


def files_are_short(source: Source) -> Iterator[str]:
    """A file has at most 400 lines."""
    lines = len(source.text.splitlines())
    if lines > LONGEST_FILE:
        yield f"{lines}: the file has {lines} lines"


def functions_are_short(source: Source) -> Iterator[str]:
    """A function has at most 50 lines, and a task at most 10."""
    longest = LONGEST_TASK if source.path == "workers/tasks.py" else LONGEST_FUNCTION
    for node in functions(source):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if (lines > longest) != (f"{source.path} {node.name}" in LONGER):
            yield f"{node.lineno}: {node.name} has {lines} lines"


def names_say_what_they_name(source: Source) -> Iterator[str]:
    """No file, class or function is called after its kind of code."""
    stem = source.path.rpartition("/")[2].removesuffix(".py")
    named = [(1, part) for part in (*source.path.split("/")[:-1], stem)]
    named += [
        (node.lineno, node.name)
        for node in source.nodes
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and node.name not in IMPOSED
    ]
    for line, name in named:
        words = [word.lower() for word in _WORDS.findall(name)]
        if bad := _BANNED.intersection(words):
            yield f"{line}: {name} is called {', '.join(sorted(bad))}"
        if words[:1] == ["get"] and words[1:]:
            yield f"{line}: {name} says get"


def nothing_is_left_for_later(source: Source) -> Iterator[str]:
    """No comment promises what the code does not do."""
    if not _LEFT_BEHIND.search(source.text):
        return
    for line, comment in _comments(source):
        if _LEFT_BEHIND.search(comment):
            yield f"{line}: {comment}"


def an_exemption_says_why(source: Source) -> Iterator[str]:
    """A silenced linter or type checker is told which rule, and the reader why."""
    if source.package not in PACKAGES or not _SILENCE.search(source.text):
        return
    for line, comment in _comments(source):
        for silence in (_BARE_NOQA, _BARE_IGNORE):
            if silence.search(comment):
                yield f"{line}: {comment}"


def values_are_frozen(source: Source) -> Iterator[str]:
    """A dataclass is frozen, slotted and made by keyword."""
    if source.package not in PACKAGES:
        return
    for node in classes(source):
        for fault in filter(None, map(_unfrozen, node.decorator_list)):
            if f"{source.path} {node.name}" not in CHANGING:
                yield f"{node.lineno}: {node.name} {fault}"


def rows_are_made_by_name(source: Source) -> Iterator[str]:
    """A row of a read model has its fields named where it is made: it is a tuple of many."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and node.args and _called(node).endswith("Row"):
            yield f"{_line(node)}: {_called(node)} is given fields by their place"


def edges_look(source: Source) -> Iterator[str]:
    """What a person is shown of a case is read with their look; the rest is for the program."""
    if not source.path.startswith(_EDGES):
        return
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom):
            for each in node.names:
                if each.name in UNSEEN.get(node.module or "", frozenset()):
                    yield f"{node.lineno}: imports {node.module}.{each.name}, which records no look"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in _UNSEEN_OF.get(owner, frozenset()):
                yield f"{node.lineno}: reads {owner}.{node.attr}, which records no look"


def annotations_are_types(source: Source) -> Iterator[str]:
    """Annotations of the domain are types and not texts, for stored shapes are read from them."""
    if source.package == "domain" and "from __future__ import annotations" in source.text:
        yield "1: annotations are turned into texts"


LAWS: Final[tuple[Law, ...]] = (
    the_domain_is_pure,
    only_settings_read_the_environment,
    files_are_short,
    functions_are_short,
    names_say_what_they_name,
    nothing_is_left_for_later,
    an_exemption_says_why,
    values_are_frozen,
    rows_are_made_by_name,
    edges_look,
    annotations_are_types,
)


EXCUSING: Final = (functions_are_short, names_say_what_they_name, values_are_frozen)
"""The laws that know exceptions."""


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function and method of a file."""
    return (node for node in source.nodes if isinstance(node, _FUNCTIONS))


def classes(source: Source) -> Iterator[ast.ClassDef]:
    """Return every class of a file."""
    return (node for node in source.nodes if isinstance(node, ast.ClassDef))


def _imported(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Import):
        return tuple(each.name for each in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or ".",)
    return ()


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _unfrozen(decorator: ast.expr) -> str:
    """Say what a dataclass's decorator lacks; nothing for any other decorator."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if not isinstance(called, ast.Name) or called.id != "dataclass":
        return ""
    given = {
        keyword.arg
        for keyword in (decorator.keywords if isinstance(decorator, ast.Call) else ())
        if isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    }
    missing = sorted({"frozen", "slots", "kw_only"} - given)
    return f"is not {', '.join(missing)}" if missing else ""
