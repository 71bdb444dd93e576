"""Laws: facts that many operations share, each stated once and made a rule of every operation it holds for.

    @law("dim_range", of=takes("dim"), cases=with_bad_dim, kind=Kind.ERROR)
    def dim_range(operation, case):
        \"\"\"{operation} refuses a dim outside [-rank, rank).\"\"\"
        operation(case, dim=case.legal_dim)

        with expect.refusal():
            operation(case)

The rule `cumsum.dim_range` is this function with the call that `cumsum` is in the place of `operation(case)`:
`torch.cumsum(case.input, case.dim)`. So what runs, what a traceback shows and what a script says is the
call itself. In a law may stand

| written | becomes |
|---|---|
| `operation(case)` | the call, with the arguments of the case |
| `operation(case, dim=x)` | the same with `x` for one of them, or besides them |
| `operation(case, form="method")` | in another form: `method`, `in_place`, `out`, `keywords`, or `any` way |
| `operation.outputs(case)` | the same, a tuple also where the call gives one tensor |
| `operation.leaves(case)` | the tensors of the case by which the result is derived |
| `operation.inputs(case)`, `.sources(case)`, `.outs(case)` | other tensors of the case |
| `operation.expects(output, result)` | the claim that a tensor has the elements of a reference's result |

A loop over one of these that holds one tensor, also if it is zipped with `operation.results(case)` or another
of the plurals of `Operation`, becomes what stands in it.

All else that is asked of `operation` is the suite's, and a script has its value.
"""

from __future__ import annotations

import ast
import copy
import functools
import importlib
import inspect
import pickle
import pkgutil
import reprlib
import textwrap
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from hypothesis import given
from hypothesis.strategies import SearchStrategy

import conformance.laws
import conformance.operations
from conformance import expect
from conformance.engine.rule import InvalidRuleError, rule
from conformance.operation import Operation
from reports.model import Basis, Kind, Need

Cases = Callable[[Operation], SearchStrategy[Any]]
Holds = Callable[[Operation], bool]
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Law:
    """A fact that many operations share: `states` claims it of a case of an operation."""

    name: str
    states: Callable[[Operation, Any], None]
    of: Holds
    cases: Cases
    source: str | None
    also: tuple[str, ...]
    basis: Basis
    kind: Kind
    needs: tuple[Need, ...]
    in_place: bool
    manner: bool

    def applies(self, operation: Operation) -> bool:
        """Return whether the law holds of an operation, exceptions apart."""
        if self.manner and operation.like:
            return False
        return operation.has("in_place" if self.in_place else "call") and self.of(operation)

    @functools.cached_property
    def source_lines(self) -> tuple[str, int]:
        """The law's source, and the line of its file at which it begins."""
        lines, first = inspect.getsourcelines(self.states)
        return textwrap.dedent("".join(lines)), first

    def tree(self) -> ast.FunctionDef:
        """Return the law's source, its lines numbered as in its file."""
        text, first = self.source_lines
        (function,) = ast.parse("\n" * (first - 1) + text).body
        assert isinstance(function, ast.FunctionDef)
        return function

    @functools.cached_property
    def line(self) -> int:
        """The line of its file at which the law's function begins, behind its decorator."""
        return self.tree().lineno

    @functools.cached_property
    def docstring(self) -> str:
        """The law's docstring, which `python -OO` keeps out of its function."""
        return inspect.cleandoc(ast.get_docstring(self.tree()) or "")


LAWS: list[Law] = []
"""Every law imported so far."""


def law(
    name: str,
    *,
    of: Holds = lambda _: True,
    cases: Cases = lambda operation: operation.cases(),
    source: str | None = None,
    also: Iterable[str] = (),
    basis: Basis = Basis.DOCUMENTED,
    kind: Kind = Kind.PROPERTY,
    needs: Iterable[Need] = (),
    in_place: bool = False,
    manner: bool = False,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a function of an operation and a case to be a law of every operation that it is `of`.

    The first paragraph of its docstring is the statement; `{operation}` in it is the operation's name, and
    `{says}`, `{shape}` and the like what its entry says. `source` is the documentation that states it, the
    operation's own if none is given; `cases` makes the cases from those of the operation. A law is about the
    call, unless it is about the form `in_place`. One of the `manner` in which operations do what they all do
    is not asked of those that are `like` another. All else is as in `rule`.
    """

    def register(states: Callable[..., None]) -> Callable[..., None]:
        given = (tuple(also), basis, kind, tuple(needs), in_place, manner)
        LAWS.append(Law(name, states, of, cases, source, *given))
        return states

    return register


def takes(*names: str) -> Holds:
    """Return whether an operation takes all arguments of these names."""
    return lambda operation: all(map(operation.takes, names))


def has(*forms: str) -> Holds:
    """Return whether an operation has all of these forms."""
    return lambda operation: all(map(operation.has, forms))


def families() -> dict[str, list[Operation]]:
    """Return the operations of each area: that of a family, or the `AREA` that its module names."""
    found: dict[str, list[Operation]] = {}
    for module in pkgutil.iter_modules(conformance.operations.__path__):
        if not module.name.startswith("test_"):
            family = importlib.import_module(f"conformance.operations.{module.name}")
            entries = [value for value in vars(family).values() if isinstance(value, Operation)]
            area = getattr(family, "AREA", module.name)
            found[area] = [*found.get(area, []), *dict.fromkeys(entries)]
    return found


def rules(module: str) -> Iterator[Callable[..., None]]:
    """Declare the rules that all laws make of all operations; return their functions, as those of a module.

    Those that draw the same cases come one after the other: cases are kept decoded for a while.
    """
    for found in pkgutil.iter_modules(conformance.laws.__path__):
        importlib.import_module(f"conformance.laws.{found.name}")
    for area, operations in families().items():
        for operation in operations:
            applying = [law for law in LAWS if law.applies(operation)]
            excepted = {*operation.but, *operation.by_hand}
            if idle := {*excepted, *operation.ids} - {law.name for law in applying}:
                names = ", ".join(sorted(idle))
                raise InvalidRuleError(f"{operation.name} is excepted from no law: {names}")
            drawn = [(law, law.cases(operation)) for law in applying if law.name not in excepted]
            order = list(dict.fromkeys(id(strategy) for _, strategy in drawn))
            for one, strategy in sorted(drawn, key=lambda pair: order.index(id(pair[1]))):
                yield _rule(one, operation, strategy, area, module)


def _rule(
    law: Law, operation: Operation, strategy: SearchStrategy[Any], area: str, module: str
) -> Callable[..., None]:
    basis, source = law.basis, operation.stated.get(law.name) or law.source or operation.source
    if law.name in operation.documented:
        basis, source = Basis.DOCUMENTED, operation.source
    if law.name in operation.observed:
        basis = Basis.OBSERVED
    function = specialized(law, operation)
    function.__module__ = module
    own = f"{operation.name}.{law.name}"
    declare = rule(
        operation.ids.get(law.name, own),
        source=source,
        also=[name for name in law.also if name != source],
        basis=basis,
        kind=law.kind,
        needs=dict.fromkeys((*law.needs, *operation.needed)),
        area=area,
        of_law=own,
    )
    return declare(_given(strategy, function))


def _given(strategy: SearchStrategy[Any], function: Callable[..., None]) -> Callable[..., None]:
    """Return a function of a case as a Hypothesis test.

    Hypothesis compiles a function of the same name and signature, once for all that are equal in both.
    """
    name, function.__name__ = function.__name__, "test_of_law"
    test = given(case=strategy)(function)
    test.__name__ = function.__name__ = name
    return test


def specialized(law: Law, operation: Operation) -> Callable[..., None]:
    """Return the law's function with the operation's calls in the place of `operation(case)`.

    It is made when first called: a process runs few of all rules. Its attribute `tree` gives its source.
    """
    name = f"test_{operation.name}__{law.name}"
    own = {"torch": torch, "expect": expect, "operation": operation, "__told__": told}

    def make() -> Callable[..., None]:
        module = ast.Module([Telling().visit(_tree(law, operation, name))], type_ignores=[])
        made: dict[str, types.FunctionType] = {}
        # In the places that the law has in its file, for tracebacks to show.
        exec(compile(module, law.states.__code__.co_filename, "exec", dont_inherit=True, optimize=0), made)
        made_rule.__code__ = made[name].__code__
        return made_rule  # type: ignore[no-any-return]

    scope: dict[str, Any] = {**law.states.__globals__, **own, "__made__": make}
    found = law.states.__code__
    stub = _stub.__code__.replace(co_name=name, co_filename=found.co_filename, co_firstlineno=law.line)
    made_rule: Any = types.FunctionType(stub, scope, name)
    made_rule.__doc__ = _statement(law, operation)
    made_rule.__dict__["tree"] = functools.partial(_tree, law, operation, name)
    return made_rule  # type: ignore[no-any-return]


def _stub(case: Any) -> None:
    """Stand for a function until it is called."""
    __made__()(case)  # type: ignore[name-defined] # noqa: F821


def _tree(law: Law, operation: Operation, name: str) -> ast.FunctionDef:
    """Return the function's tree, one of its own for whoever asks: what is made of it changes it."""
    found: ast.FunctionDef = pickle.loads(_packed_tree(law, operation, name))
    return found


@functools.lru_cache(maxsize=16)  # a rule is run, and then shown: its tree is asked for a few times in a row
def _packed_tree(law: Law, operation: Operation, name: str) -> bytes:
    tree: ast.FunctionDef = _Specialized(operation).visit(law.tree())
    tree.name = name
    tree.args.args = [argument for argument in tree.args.args if argument.arg != "operation"]
    tree.decorator_list = []
    return pickle.dumps(ast.fix_missing_locations(tree), pickle.HIGHEST_PROTOCOL)


def _statement(law: Law, operation: Operation) -> str:
    said = law.docstring.format(operation=operation.name, **vars(operation))
    return said.replace("{name}", operation.name)


class _Specialized(ast.NodeTransformer):
    """Puts the calls of an operation in their places."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        asked = ast.unparse(node.func)
        made: ast.expr
        if asked in ("operation.expects", "operation.expects_gradient"):
            made = self._claim(asked, *node.args)
        elif (several := self._several(node)) is not None:
            made = ast.Tuple(several, ast.Load())
        elif asked in ("operation", "operation.outputs"):
            made = self._call(node)
        else:
            return node
        return _placed(made, node)

    def _call(self, node: ast.Call) -> ast.expr:
        changes = {each.arg: each.value for each in node.keywords if each.arg is not None}
        form = ast.literal_eval(changes.pop("form", ast.Constant("call")))
        return self._operation.expression(form, node.args[0], changes)

    def _claim(self, asked: str, output: ast.expr, result: ast.expr) -> ast.expr:
        claim = self._operation.claim
        if asked.endswith("gradient"):
            claim = "close" if self._operation.smooth else "equal_elements"
        text = f"expect.{claim}({ast.unparse(output)}, {ast.unparse(result)}"
        if claim == "close":
            scale = "gradient_scale" if asked.endswith("gradient") else "scale"
            text += f", dtype=operation.dtype_of({ast.unparse(result)}), scale=operation.{scale}(case)"
        if claim == "near":
            text += f", units={self._operation.units!r}"
        return ast.parse(f"{text})", mode="eval").body

    def _several(self, node: ast.expr) -> list[ast.expr] | None:
        """Return the tensors that a call stands for, None if they are not known one by one."""
        if not isinstance(node, ast.Call):
            return None
        asked, operation = ast.unparse(node.func), self._operation
        if asked == "operation.outputs":
            return None if operation.several else [self._call(node)]
        if asked == "operation.outs" and operation.several:
            return [ast.Starred(ast.Attribute(node.args[0], "out", ast.Load()), ast.Load())]
        names = {
            "operation.leaves": operation.derivable,
            "operation.sources": operation.sources,
            "operation.inputs": operation.tensors,
            "operation.outs": ("out",),
        }
        if asked not in names:
            return None
        return [operation.tensor(node.args[0], name) for name in names[asked]]

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        """Take a loop over the one tensor that there is for what it is: no loop."""
        parts = node.iter.args if _calls(node.iter, "zip") else [node.iter]  # type: ignore[attr-defined]
        if not self._is_single(parts[0]):
            return self.generic_visit(node)
        names = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
        made = [
            _placed(ast.Assign([name], self._single(part)), node)
            for name, part in zip(names, parts, strict=True)
        ]
        found: list[ast.stmt] = []
        for statement in (*made, *node.body):
            visited = self.visit(statement)
            found += visited if isinstance(visited, list) else [visited]
        return found

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        """Do the same for a list of what there is of the one tensor."""
        (loop,) = node.generators
        if not self._is_single(loop.iter) or not isinstance(loop.target, ast.Name):
            return self.generic_visit(node)
        element = _Renamed(loop.target.id, self._single(loop.iter)).visit(node.elt)
        return _placed(ast.List([self.visit(element)], ast.Load()), node)

    def _is_single(self, plural: ast.expr) -> bool:
        found = self._several(plural)
        return found is not None and len(found) == 1 and not isinstance(found[0], ast.Starred)

    def _single(self, plural: ast.expr) -> ast.expr:
        if (found := self._several(plural)) is not None:
            return found[0]
        assert isinstance(plural, ast.Call)
        asked = ast.unparse(plural.func)
        name = _SINGULARS.get(asked, asked.removesuffix("s"))
        if asked == "operation.drawn":
            return ast.Subscript(plural, ast.Constant(0), ast.Load())
        return ast.Call(ast.parse(name, mode="eval").body, plural.args, plural.keywords)


_SINGULARS = {"operation.gradients": "operation.gradient_of"}


class _Renamed(ast.NodeTransformer):
    """Puts an expression in the place of a name."""

    def __init__(self, name: str, expression: ast.expr) -> None:
        self._name = name
        self._expression = expression

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self._expression) if node.id == self._name else node


def _placed(made: Node, at: ast.AST) -> Node:
    """Return a tree that was made with the place of what it stands for."""
    for part in ast.walk(made):
        if not hasattr(part, "lineno"):
            ast.copy_location(part, at)
    return made


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


class Telling(ast.NodeTransformer):
    """Has an assertion that compares tell both sides, as pytest has it in modules that it rewrites."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Give it a message that tells both sides."""
        test = node.test
        if node.msg is not None or not isinstance(test, ast.Compare) or len(test.comparators) != 1:
            return node
        left = ast.NamedExpr(ast.Name("__left__", ast.Store()), test.left)
        right = ast.NamedExpr(ast.Name("__right__", ast.Store()), test.comparators[0])
        sign = ast.unparse(ast.Compare(ast.Name("_"), test.ops, [ast.Name("_")])).strip("_ ")
        told = ast.parse(f"__told__(__left__, {sign!r}, __right__)", mode="eval").body
        made = ast.copy_location(ast.Assert(ast.Compare(left, test.ops, [right]), told), node)
        fresh = {id(part) for part in ast.walk(told)}
        for part in ast.walk(made):
            if not hasattr(part, "lineno") or id(part) in fresh:
                ast.copy_location(part, node)
        return made


def told(left: object, sign: str, right: object) -> str:
    """Return what a failed comparison tells."""
    return f"assert {_brief.repr(left)} {sign} {_brief.repr(right)}"


_brief = reprlib.Repr()
_brief.maxlist = _brief.maxtuple = 16
_brief.maxstring = _brief.maxother = 240
