"""A rule's body and a case as a script that shows the rule: it prints what the rule makes a claim about.

    @given(case=gathers())                         input = torch.tensor([[1, 2]])
    def test_output_shape(case):              →    index = torch.tensor([[0]])
        output = case.input.gather(…)              output = input.gather(0, index)
        assert output.shape == …                   print(output.shape)

What the suite computes to compare with is left out: whoever reads a result sees it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.engine.script import (
    Recorded,
    Scripting,
    UnscriptableError,
    attributes_of,
    claim_of,
    coming_along,
    expression_of,
    globals_of,
    names_in,
    parsed,
    source_of,
    standalone,
    without_docstring,
)
from strategies.case import Case, tensor_fields
from strategies.programs.programmed import Programmed

_RANDOM = ("sample", "multinomial", "rand", "bernoulli")


@dataclass(frozen=True)
class Illustration:
    """A script in two parts: what it is given, and what it does; `given` names the tensors of the former."""

    setup: str
    act: str
    given: tuple[str, ...] = ()

    @property
    def script(self) -> str:
        """The whole script."""
        return f"{self.setup}\n{self.act}"


def illustrated(body: Callable[..., None], arguments: dict[str, Any], *, device: str = "cpu") -> Illustration:
    """Return the script that shows a rule by one case; its tensors are on the device.

    Raises UnscriptableError if the body needs something that has no place in a script.
    """
    for value in arguments.values():
        if isinstance(value, Programmed):
            text = standalone(body, arguments, title="", device=device)
            return Illustration("", "\n".join(line for line in text.split("\n") if line.strip("# ")) + "\n")
    function = parsed(body)
    along = [parsed(each) for each in coming_along(body)]
    showing = _Showing(body, Recorded(body, function, arguments))
    statements: list[ast.stmt] = []
    for statement in without_docstring(function):
        visited = showing.visit(statement)
        statements += visited if isinstance(visited, list) else [visited]
    statements = _needed(statements, showing.suites)
    setup, given, named = _setup(arguments, along, statements, device)
    for renaming in named:
        statements = [renaming.visit(statement) for statement in statements]
    ast.fix_missing_locations(module := ast.Module(statements, type_ignores=[]))
    act = ast.unparse(module) + "\n"
    every = ast.Module([*along, *statements], type_ignores=[])
    needed = globals_of(every, body)
    imports = ["import torch"]
    if "warnings" in names_in(module):
        imports = ["import warnings", *imports, *["torch.set_warn_always(True)"]]
    if any(line.startswith(f"{name} = SimpleNamespace") for name in arguments for line in setup):
        imports.insert(0, "from types import SimpleNamespace")
    if any(name in act for name in _RANDOM):
        needed.append("torch.manual_seed(0)")
    needed = [line for line in dict.fromkeys(needed) if line not in imports]
    needed.sort(key=lambda line: not line.startswith(("import", "from")))
    lines = [*imports, *needed, *map(source_of, along), "", *setup]
    return Illustration("\n".join(lines) + "\n", act, given)


class _Showing(Scripting):
    """Turns claims into lines that print what they are about."""

    def __init__(self, body: Callable[..., None], recorded: Recorded) -> None:
        super().__init__(body, recorded)
        self.suites: set[str] = set()

    def visit_Assign(self, node: ast.Assign) -> ast.AST:  # noqa: N802
        """Note the names of what the suite computes to compare with."""
        before = set(self._known)
        visited = super().visit_Assign(node)
        self.suites |= self._known - before
        return visited

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:  # type: ignore[override] # noqa: N802
        return [_print(part) for part in _looked_at(node.test, self)]

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:  # noqa: N802
        claim = claim_of(node.value, self._body) if isinstance(node.value, ast.Call) else None
        if claim is None:
            return self.generic_visit(node)
        assert isinstance(node.value, ast.Call)
        if claim == "drawn_from":  # of thousands of draws, how many there are of each
            counted = ast.parse(
                f"({ast.unparse(self.visit(node.value.args[0]))}).bincount()", mode="eval"
            ).body
            return [_print(counted)]
        count = 2 if claim == "points_at" else 1
        return [_print(self.visit(argument)) for argument in node.value.args[:count]]

    def visit_For(self, node: ast.For) -> ast.AST:  # noqa: N802
        """Take what the suite compares with out of what is looped over."""
        body: list[ast.stmt] = []
        for statement in node.body:
            visited = self.visit(statement)
            body += visited if isinstance(visited, list) else [visited]
        used = set().union(*map(names_in, body))
        target, iterated = node.target, node.iter
        if (
            isinstance(iterated, ast.Call)
            and ast.unparse(iterated.func) == "zip"
            and isinstance(target, ast.Tuple)
        ):
            pairs = list(zip(target.elts, iterated.args, strict=True))
            kept = [(name, each) for name, each in pairs if used & names_in(name)] or pairs[:1]
            target = kept[0][0] if len(kept) == 1 else ast.Tuple([name for name, _ in kept], ast.Store())
            iterated = (
                kept[0][1] if len(kept) == 1 else ast.Call(iterated.func, [each for _, each in kept], [])
            )
        made = ast.For(target, self.visit(iterated), body or [ast.Pass()], [])
        return ast.copy_location(made, node)

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:  # noqa: N802
        """Have what is refused, or warned of, printed."""
        call = node.items[0].context_expr
        kind = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
        inside: list[ast.stmt] = []
        for statement in node.body:
            visited = self.visit(statement)
            inside += visited if isinstance(visited, list) else [visited]
        if kind in ("pytest.raises", "expect.refusal"):
            (caught,) = ast.parse("try:\n    pass\nexcept Exception as error:\n    print(repr(error))").body
            assert isinstance(caught, ast.Try)
            caught.body = inside
            return caught
        if kind == "pytest.warns":
            (recording,) = ast.parse(
                "with warnings.catch_warnings(record=True) as caught:\n    warnings.simplefilter('always')"
            ).body
            assert isinstance(recording, ast.With)
            recording.body += inside
            return [recording, *ast.parse("print([repr(found.message) for found in caught])").body]
        items = [ast.withitem(self.visit(item.context_expr), item.optional_vars) for item in node.items]
        return ast.With(items, inside)


def _looked_at(test: ast.expr, showing: _Showing) -> list[ast.expr]:
    """Return what to look at to see that a claim is true."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [part for each in test.values for part in _looked_at(each, showing)]
    if isinstance(test, ast.List) and len(test.elts) == 1:
        return _looked_at(test.elts[0], showing)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _looked_at(test.operand, showing)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        if _is_address(test.left):  # tells nobody anything; that two are equal does
            return [showing.visit(test)]
        return _looked_at(test.left, showing)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Is, ast.IsNot)):
        (right,) = test.comparators
        if isinstance(right, ast.Constant) and right.value is None:
            return [showing.visit(test.left)]
    return [showing.visit(test)]


def _is_address(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("data_ptr")


def _print(what: ast.expr) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Name("print", ast.Load()), [what], []))


_PLAIN = {"dim", "size", "stride", "numel", "storage_offset", "len", "range", "list", "tuple"}


def _needed(statements: list[ast.stmt], suites: set[str]) -> list[ast.stmt]:
    """Leave out what nothing shows: what the suite computed, and what only asks for a size."""
    kept: list[ast.stmt] = []
    used: set[str] = set()
    for statement in reversed(statements):
        if isinstance(statement, ast.Assign):
            names = {name for target in statement.targets for name in names_in(target)} - {"_"}
            calls = {
                ast.unparse(node.func) for node in ast.walk(statement.value) if isinstance(node, ast.Call)
            }
            if not names & used and (
                names <= suites or {call.rpartition(".")[2] for call in calls} <= _PLAIN
            ):
                continue
        used |= {
            node.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        kept.append(statement)
    return list(reversed(kept))


def _setup(
    arguments: dict[str, Any], along: list[ast.FunctionDef], statements: list[ast.stmt], device: str
) -> tuple[list[str], tuple[str, ...], list[ast.NodeTransformer]]:
    """Return the lines that make the inputs, the names of the tensors, and what renames the case's fields."""
    lines: list[str] = []
    given: list[str] = []
    renamings: list[ast.NodeTransformer] = []
    for name, case in arguments.items():
        if not isinstance(case, Case):
            continue
        whole = ast.Module([*along, *statements], type_ignores=[])
        used = attributes_of([*along, *statements], name)  # type: ignore[list-item]
        tensors = tensor_fields(type(case))
        values = {
            field: expression_of(tensors[field].code(case), device)
            if field in tensors
            else repr(getattr(case, field))
            for field in case.__dataclass_fields__
            if field in used
        }
        if missing := used - set(values):
            raise UnscriptableError(f"{', '.join(sorted(missing))} of the case is no field")
        taken = _taken(whole, name)
        if along or _is_used_whole(whole, name):
            inside = [f"    {field}={value}," for field, value in values.items()]
            lines += [f"{name} = SimpleNamespace(", *inside, ")"]
            continue
        own = {field: value for field, value in values.items() if values.get(_spoilt(field)) != value}
        fields = {field: f"{field}_" if field in taken else field for field in own}
        renamings.append(
            _Renaming(name, {field: fields.get(field) or fields[_spoilt(field)] for field in values})
        )
        lines += [f"{fields[field]} = {value}" for field, value in own.items()]
        given += [fields[field] for field in own if field in tensors]
    return lines, tuple(given), renamings


def _spoilt(field: str) -> str:
    """Return the name of the part of a misuse that a field mends, no name of any for other fields."""
    for start in ("mended_", "legal_"):
        if field.startswith(start):
            return field.removeprefix(start)
    return ""


def _taken(tree: ast.AST, case: str) -> set[str]:
    """Return the names that mean something else than a field of the case."""
    return (names_in(tree) - {case}) | {"torch", "warnings"} | ({*dir(builtins)} - {"input"})


def _is_used_whole(tree: ast.AST, name: str) -> bool:
    parts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return any(
        isinstance(node, ast.Name) and node.id == name and id(node) not in parts for node in ast.walk(tree)
    )


class _Renaming(ast.NodeTransformer):
    """Puts names in the place of a case's fields."""

    def __init__(self, case: str, fields: dict[str, str]) -> None:
        self._case = case
        self._fields = fields

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == self._case:
            return ast.Name(self._fields[node.attr], node.ctx)
        return self.generic_visit(node)
