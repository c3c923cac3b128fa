"""Code with one of its comparisons turned round: what a test of the tests must see caught."""

import ast
import inspect
from collections.abc import Iterator
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
    source = inspect.getsource(module)
    for number in range(len(comparisons(_defined(ast.parse(source), function)))):
        tree = ast.parse(source)
        node = comparisons(_defined(tree, function))[number]
        before = f"{module.__name__}.{function.__name__}: {ast.unparse(node)}"
        node.ops = [FLIPPED[type(node.ops[0])], *node.ops[1:]]
        whole = compile(ast.fix_missing_locations(tree), module.__file__ or "", "exec")
        yield before, next(_code(whole, function.__name__))


def _defined(tree: ast.AST, function: FunctionType) -> ast.FunctionDef:
    return next(
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and each.name == function.__name__
    )


def _code(whole: CodeType, name: str) -> Iterator[CodeType]:
    for each in whole.co_consts:
        if isinstance(each, CodeType):
            if each.co_name == name:
                yield each
            yield from _code(each, name)
