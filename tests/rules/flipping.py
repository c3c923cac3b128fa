"""Code with one thing changed, such as a comparison: what a test of the tests must see caught."""

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache, partial
from textwrap import dedent
from types import CodeType, FunctionType, ModuleType

FLIPPED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.LtE: ast.Lt(),
    ast.GtE: ast.Gt(),
    ast.Lt: ast.LtE(),
    ast.Gt: ast.GtE(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
}


def comparisons(tree: ast.AST) -> list[ast.Compare]:
    """Every comparison below a node."""
    return [each for each in ast.walk(tree) if isinstance(each, ast.Compare)]


def flips(function: FunctionType, module: ModuleType) -> Iterator[tuple[str, CodeType]]:
    """Each comparison of a function, and the function's code with that one turned round.

    Given to the function as its `__code__`, it holds for whoever imported it by name too.
    """
    for number in range(len(comparisons(_parsed(function)))):
        tree = _parsed(function)
        node = comparisons(tree)[number]
        before = f"{module.__name__}.{function.__name__}: {ast.unparse(node)}"
        node.ops = [FLIPPED[type(node.ops[0])], *node.ops[1:]]
        yield before, _compiled(tree, function, module)


def reorderings(function: FunctionType, module: ModuleType) -> Iterator[tuple[str, CodeType]]:
    """Each small change of how a function sorts, filters and cuts, and its code with that one.

    The keys of a sort are swapped, left out and not negated, a cut is made one place later or
    earlier, and whoever is left out by a condition is taken all the same.
    """
    number = 0
    while True:
        tree = _parsed(function)
        changes = list(_changes(tree))
        if number == len(changes):
            return
        said, change = changes[number]
        change()
        yield f"{module.__name__}.{function.__name__}: {said}", _compiled(tree, function, module)
        number += 1


def omissions(function: FunctionType, module: ModuleType) -> Iterator[tuple[str, CodeType]]:
    """Each check of a function, and the function's code as if that check never held.

    A check is the condition of an `if`, of a `case` or of a conditional value, or one part of an
    `and` or `or` that is left out.
    """
    number = 0
    while True:
        tree = _parsed(function)
        changes = list(_omitted(tree))
        if number == len(changes):
            return
        said, change = changes[number]
        change()
        yield f"{module.__name__}.{function.__name__}: {said}", _compiled(tree, function, module)
        number += 1


def _omitted(tree: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test):
                never = ast.BoolOp(op=ast.And(), values=[test, ast.Constant(value=False)])
                yield f"never {ast.unparse(test)}", partial(setattr, node, "test", never)
            case ast.match_case(guard=ast.expr() as guard):
                always = ast.BoolOp(op=ast.Or(), values=[guard, ast.Constant(value=True)])
                yield f"always {ast.unparse(guard)}", partial(setattr, node, "guard", always)
        if isinstance(node, ast.BoolOp):
            for place, each in enumerate(node.values):
                nothing = ast.Constant(value=isinstance(node.op, ast.And))
                others = [*node.values[:place], nothing, *node.values[place + 1 :]]
                said = f"{ast.unparse(node)} without {ast.unparse(each)}"
                yield said, partial(setattr, node, "values", others)


def _changes(tree: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    for node in ast.walk(tree):
        match node:
            case ast.Lambda(body=ast.Tuple() as key):
                yield from _changed_keys(key)
            case ast.Slice():
                yield from _changed_cuts(node)
            case ast.comprehension(ifs=[condition]):
                said = f"whoever is not {ast.unparse(condition)} taken as well"
                yield said, partial(setattr, node, "ifs", [])


def _changed_keys(key: ast.Tuple) -> Iterator[tuple[str, Callable[[], None]]]:
    for place, each in enumerate(key.elts):
        said = ast.unparse(each)
        others = [*key.elts[:place], *key.elts[place + 1 :]]
        yield f"{said} left out", partial(setattr, key, "elts", others)
        if isinstance(each, ast.UnaryOp):
            plain = [*key.elts[:place], each.operand, *key.elts[place + 1 :]]
            yield f"{said} not negated", partial(setattr, key, "elts", plain)
        if place:
            before = key.elts[place - 1]
            swapped = [*key.elts[: place - 1], each, before, *key.elts[place + 1 :]]
            yield f"{ast.unparse(before)}, {said} swapped", partial(setattr, key, "elts", swapped)


def _changed_cuts(cut: ast.Slice) -> Iterator[tuple[str, Callable[[], None]]]:
    for end in ("lower", "upper"):
        at = getattr(cut, end)
        if at is not None:
            for said, operator in (("more", ast.Add()), ("less", ast.Sub())):
                moved = ast.BinOp(left=at, op=operator, right=ast.Constant(1))
                yield f"[{ast.unparse(cut)}] one {said}", partial(setattr, cut, end, moved)


@cache
def _source(function: FunctionType) -> str:
    return dedent(inspect.getsource(function))


def _parsed(function: FunctionType) -> ast.Module:
    """Return the function alone, anew: what is done to one tree is not done to the next."""
    return ast.parse(_source(function))


def _compiled(tree: ast.Module, function: FunctionType, module: ModuleType) -> CodeType:
    whole = compile(ast.fix_missing_locations(tree), module.__file__ or "", "exec")
    return next(_code(whole, function.__name__))


def _code(whole: CodeType, name: str) -> Iterator[CodeType]:
    for each in whole.co_consts:
        if isinstance(each, CodeType):
            if each.co_name == name:
                yield each
            yield from _code(each, name)
