"""A counterexample as a script of its own: the rule's body and the drawn case, on torch and nothing else.

The script is made from the rule's source. What the suite computes for comparison (the reference, numpy) is
replaced by its value for this case; `pytest.raises` becomes try and except; the claims that rules share come
along as functions. It exits with an exception if the rule breaks and with 0 if it holds.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, TypeGuard

import ml_dtypes
import numpy as np
import torch

from conformance import promises
from conformance.engine.modes.acts import Act, Making, with_acts
from reports.replay import registration
from strategies.case import Case, TensorField, TensorsField, tensor_fields
from strategies.code import base_code, literal
from strategies.programs.program import Program
from strategies.programs.programmed import Programmed

HEADER = """\
import warnings
from types import SimpleNamespace

import torch
"""

ALWAYS = """
torch.set_warn_always(True)
"""
"""Where a rule is about warnings, torch gives each in its script, as in the run."""

_BEFORE_COMPARING = "    expected = expected.to(actual.dtype)\n"
_BEFORE_WIDENING = "        expected = expected.to(torch.complex128"

HELPERS = {
    "same_elements": """\
def same_elements(actual, expected):
    actual = actual.detach().cpu()
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    assert actual.dtype == expected.dtype, (actual.dtype, expected.dtype)
    assert repr(actual.tolist()) == repr(expected.tolist()), (actual, expected)
""",
    "equal_elements": """\
def equal_elements(actual, expected):
    actual = actual.detach().cpu()
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    assert actual.dtype == expected.dtype, (actual.dtype, expected.dtype)
    assert ((actual == expected) | actual.isnan() & expected.isnan()).all(), (actual, expected)
""",
    "close": """\
def close(actual, expected, dtype, scale=1.0):
    actual = actual.detach().cpu()
    assert actual.dtype == dtype, (actual.dtype, dtype)
    rounding = {2: 2e-2, 4: 1e-5, 8: 1e-11}[actual.element_size() // (2 if actual.is_complex() else 1)]
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    expected = expected.to(actual.dtype)
    assert torch.allclose(actual, expected, rounding, rounding * scale, equal_nan=True), (actual, expected)
""",
    "near": """\
def near(actual, expected, units):
    actual = actual.detach().cpu()
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    assert actual.dtype == expected.dtype, (actual.dtype, expected.dtype)
    equal, dtype = (actual == expected) | actual.isnan() & expected.isnan(), actual.dtype
    if dtype.is_floating_point or dtype.is_complex:
        rounding, tiny = units * torch.finfo(dtype).eps, torch.finfo(dtype).tiny
        expected = expected.to(torch.complex128 if dtype.is_complex else torch.float64)
        equal |= (actual - expected).abs() <= rounding * expected.abs() + tiny
    assert equal.all(), (actual, expected)
""",
    "same_bytes": """\
def same_bytes(actual, expected):
    actual = actual.detach().cpu().contiguous().unsqueeze(-1).view(torch.uint8)
    assert torch.equal(actual, expected), (actual, expected)
""",
    "drawn_from": """\
def drawn_from(draws, probabilities):
    draws, free = draws.cpu().reshape(-1), int((probabilities > 0).sum()) - 1
    assert 0 <= draws.min() and draws.max() < len(probabilities), draws
    counts, expected = draws.bincount(minlength=len(probabilities)), len(draws) * probabilities
    divergence = torch.special.xlogy(counts, counts / expected).nansum()
    limit = torch.arange(2 * free + 1, 3 * free + 200, 0.5, dtype=torch.float64)
    limit = limit[limit - free * (1 + (limit / max(free, 1)).log()) > 25.4].min()
    assert divergence <= limit, (counts, expected)
""",
    "possible": """\
def possible(draws, weights):
    draws = draws.cpu()
    assert 0 <= draws.min() and draws.max() < weights.shape[-1], draws
    drawn = weights.expand(len(draws), *weights.shape).gather(-1, draws.unsqueeze(-1))
    assert (drawn > 0).all(), (draws, weights)
""",
    "points_at": """\
def points_at(indices, values, input, dim):
    found = torch.atleast_1d(input).take_along_dim(torch.atleast_1d(indices.cpu()), dim)
    assert repr(values.cpu().tolist()) == repr(found.reshape(values.shape).tolist()), (values, indices)
""",
    "all_ones": """\
def all_ones(tensor):
    assert (tensor.cpu() == 1).all(), tensor
""",
}
"""The claims of `conformance.expect`, for a script: `repr` tells -0.0 from 0.0 and has one NaN."""

_SUITE = ("conformance", "strategies", "numpy")

DRAWN = "reference.drawn"
"""The suite's call whose value is the case's, and never what the target computes."""


class UnscriptableError(Exception):
    """A rule uses something that a standalone script cannot."""


def standalone(
    body: Callable[..., None],
    arguments: dict[str, Any],
    *,
    title: str,
    device: str,
    imports: Sequence[str] = (),
    warning: bool = False,
    bounds: Mapping[str, float] | None = None,
    mode: Scripted | None = None,
) -> str:
    """Return the source of a script that checks the body of a rule for one case, on a device.

    `imports` are the modules that register the device, as `--import` takes them; the rule is about
    warnings if `warning` says so. `bounds` are the relative errors that its vendor states, by the dtype. In a
    `mode`, the script checks first what torch does without it.

    Raises UnscriptableError if the body needs something that has no place in a script.
    """
    for value in arguments.values():
        if isinstance(value, Programmed):
            return _of_program(body, value, title, device, imports, mode)
    function = parsed(body)
    along = [parsed(each) for each in coming_along(body)]
    scripted = Scripting(body, Recorded(body, function, arguments))
    statements: list[ast.stmt] = []
    doing = without_docstring(function)
    if mode is not None:
        # As they are in the rule: what stands for values of the suite's own below is no part of them.
        fields = [name for value in arguments.values() for name in tensor_names(value)]
        doing = with_acts(without_docstring(parsed(body)), body.__globals__, fields, _as_functions())
    for statement in doing:
        visited = scripted.visit(statement)
        statements += visited if isinstance(visited, list) else [visited]
    ast.fix_missing_locations(module := ast.Module(statements, type_ignores=[]))
    needed = globals_of(ast.Module([*along, *statements], type_ignores=[]), body)
    helpers = [_helper(name, bounds or {}) for name in HELPERS if name in scripted.helpers]
    inputs = [
        _inputs(name, value, attributes_of([function, *along], name), device)
        for name, value in arguments.items()
        if isinstance(value, Case)
    ]
    checked = [*inputs, ast.unparse(module)]
    if mode is not None:
        checked = _in_mode(checked, mode)
    comment = textwrap.fill(title, 96, initial_indent="# ", subsequent_indent="# ")
    registered = list(map(registration, imports))
    lines = [
        comment,
        HEADER + ALWAYS * warning,
        *registered,
        *needed,
        *helpers,
        *map(source_of, along),
        *checked,
        *_settling(device),
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Scripted:
    """How a script runs what a rule does in a mode: lines before, and a function of an act that runs it."""

    name: str
    setup: str
    way: str


def _as_functions() -> Making:
    """Return what has acts be functions with numbers, which `run` is told."""
    numbers = itertools.count(1)

    def made(act: Act) -> tuple[list[ast.stmt], ast.expr]:
        name = f"act_{next(numbers)}"
        (function,) = ast.parse(act.source).body
        assert isinstance(function, ast.FunctionDef)
        function.name = name
        return [function], ast.parse(f"run({name})", mode="eval").body

    return made


def _in_mode(checked: Sequence[str], mode: Scripted) -> list[str]:
    """Return lines that check with acts as they are, and then with these run in a mode."""
    body = textwrap.indent("\n".join(checked), "    ")
    return [
        mode.setup,
        f"def check(run):\n{body}\n",
        "check(lambda act: act)\n",
        f"# So far as it is; and now in the mode {mode.name}.",
        f"check({mode.way})",
    ]


def _of_program(
    body: Callable[..., None],
    case: Programmed,
    title: str,
    device: str,
    imports: Sequence[str],
    mode: Scripted | None = None,
) -> str:
    """Return the script of a rule about programs: the program, and then what is promised of it."""
    claimed: list[tuple[Program, list[str]]] = []

    def instead(lines: Callable[..., Iterator[str]]) -> Callable[..., None]:
        def note(program: Program, *facts: str, **of: str) -> None:
            claimed.append((program, list(lines(program, *facts, **of))))

        return note

    stand_in = SimpleNamespace(**{claim: instead(lines) for claim, lines in promises.SCRIPTED.items()})
    FunctionType(body.__code__, {**body.__globals__, "promises": stand_in})(case)
    if not claimed:
        raise UnscriptableError("nothing was claimed of the program")
    ((program, lines),) = claimed
    comment = textwrap.fill(title, 96, initial_indent="# ", subsequent_indent="# ")
    start = [comment, "import torch", *map(registration, imports), f"\ndevice = {device!r}"]
    checked = [program.script, *lines]
    if mode is not None:
        acted = with_acts(ast.parse(program.ending("return")).body, {}, (), _as_functions())
        ast.fix_missing_locations(module := ast.Module(acted, type_ignores=[]))
        checked = _in_mode([ast.unparse(module), *lines], mode)
    return "\n".join([*start, *checked, *_settling(device)]) + "\n"


def tensor_names(case: Any) -> tuple[str, ...]:
    """Return the fields of a case that hold tensors, or tuples of them."""
    if not isinstance(case, Case):
        return ()
    found = tensor_fields(type(case))
    return tuple(name for name, kind in found.items() if isinstance(kind, (TensorField, TensorsField)))


def _helper(name: str, bounds: Mapping[str, float]) -> str:
    """Return the function for a claim, which allows what the vendor states, as those of `expect` do."""
    text = HELPERS[name]
    before = {"close": _BEFORE_COMPARING, "near": _BEFORE_WIDENING}.get(name)
    if before is None or not bounds:
        return text
    stated = ", ".join(f"{dtype}: {bound!r}" for dtype, bound in bounds.items())
    part = "dtype.to_real() if dtype.is_complex else dtype"
    indent = before[: len(before) - len(before.lstrip())]
    allows = f"{indent}rounding = max(rounding, {{{stated}}}.get({part}, 0.0))\n"
    return text.replace(before, allows + before)


def _settling(device: str) -> list[str]:
    """Return the line that waits for a device, for the errors that it reports late."""
    kind = torch.device(device).type
    asynchronous = kind not in ("cpu", "meta") and hasattr(getattr(torch, kind, None), "synchronize")
    return [f"torch.{kind}.synchronize()"] if asynchronous else []


def parsed(body: Callable[..., None]) -> ast.FunctionDef:
    """Return the source of a function as a tree of its own; raises UnscriptableError if it is not at hand."""
    if hasattr(body, "tree"):  # of a law, for one operation: its file has it for all
        made: ast.FunctionDef = body.tree()
        return made
    try:
        source = textwrap.dedent(inspect.getsource(body))
    except (OSError, TypeError) as error:
        raise UnscriptableError(f"the source is not at hand: {error}") from None
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    return function


def coming_along(body: Callable[..., None]) -> list[FunctionType]:
    """Return the functions of the rule's own module that it calls and that need torch only, callees first."""
    return list(dict.fromkeys(_own_functions(body, body)))


def _own_functions(function: Callable[..., None], body: Callable[..., None]) -> Iterator[FunctionType]:
    for name in sorted(_names_of(function)):
        found = body.__globals__.get(name)
        if _is_of(found, body) and found is not body and _comes_along(found, body):
            yield from _own_functions(found, body)
            yield found


@functools.cache
def _names_of(function: Callable[..., None]) -> frozenset[str]:
    return frozenset(names_in(parsed(function)))


def _comes_along(function: FunctionType, body: Callable[..., None]) -> bool:
    """Return whether a function of the rule's own module needs torch only: then the script has it, too."""
    if hasattr(function, "__wrapped__"):  # a rule, or a fixture
        return False
    found = [body.__globals__.get(name) for name in _names_of(function) if name != function.__name__]
    return all(_comes_along(each, body) if _is_of(each, body) else not _is_suites(each) for each in found)


def _is_of(found: object, body: Callable[..., None]) -> TypeGuard[FunctionType]:
    return isinstance(found, FunctionType) and found.__module__ == body.__module__


def _is_suites(found: object) -> bool:
    """Return whether a global of a rule's module is numpy's or the suite's: a module, function or class."""
    module = found.__name__ if isinstance(found, ModuleType) else getattr(found, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] in _SUITE


def source_of(function: ast.FunctionDef) -> str:
    """Return the text of a function, without its docstring."""
    function.body = without_docstring(function)
    return ast.unparse(function) + "\n"


def without_docstring(function: ast.FunctionDef) -> list[ast.stmt]:
    """Return the statements of a function, without its docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if documented else function.body


def attributes_of(functions: Sequence[ast.FunctionDef], name: str) -> set[str]:
    """Return the attributes of a variable that functions use, those that come along by the same name."""
    return {
        node.attr
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def _inputs(name: str, case: Case, used: set[str], device: str) -> str:
    tensors = tensor_fields(type(case))
    values = {
        field: expression_of(tensors[field].code(case), device)
        if field in tensors
        else literal(getattr(case, field))
        for field in case.__dataclass_fields__
        if field in used
    }
    lines = [f"    {field}={value}," for field, value in values.items()]
    return "\n".join([f"{name} = SimpleNamespace(", *lines, ")"])


def expression_of(code: Any, device: str) -> str:
    """Return the expression for what a field of tensors, of a tuple of tensors or of a module was given."""
    if isinstance(code, tuple):
        return f"({', '.join(each.expression(device) for each in code)},)"
    return str(code.expression(device))


def globals_of(module: ast.Module, body: Callable[..., None]) -> list[str]:
    """Return the lines that define the globals of the rule's module that its script uses."""
    lines = []
    names = [node.id for node in ast.walk(module) if isinstance(node, ast.Name)]
    for name in dict.fromkeys(names):
        found = body.__globals__.get(name)
        if found is None or name in ("torch", "np"):
            continue
        if isinstance(found, ModuleType):
            parent, _, last = found.__name__.rpartition(".")
            lines.append(f"from {parent} import {last}" if parent else f"import {last}")
        elif isinstance(found, (int, float, str, torch.dtype, torch.memory_format)):
            lines.append(f"{name} = {found!r}")
        elif getattr(found, "__module__", "").partition(".")[0] == "torch":
            lines.append(f"from {found.__module__} import {found.__name__}")
        elif not callable(found):
            raise UnscriptableError(f"{name} is the suite's own")
    return lines


def _is_suite_call(node: ast.AST, body: Callable[..., None]) -> bool:
    """Return whether a call is one of the suite's or numpy's functions, other than a shared claim."""
    if not isinstance(node, ast.Call) or claim_of(node, body):
        return False
    root = node.func
    while isinstance(root, ast.Attribute):
        root = root.value
    found = body.__globals__.get(root.id) if isinstance(root, ast.Name) else None
    return _is_suites(found) and not (_is_of(found, body) and _comes_along(found, body))


def _is_suite_list(node: ast.ListComp, body: Callable[..., None]) -> bool:
    """Return whether a list has a value of the suite's own for each of some of the case's tensors."""
    return _is_suite_call(node.elt, body)


def claim_of(node: ast.Call, body: Callable[..., None]) -> str | None:
    """Return the name of the shared claim that a call makes, if it makes one."""
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        found = body.__globals__.get(node.func.value.id)
        if isinstance(found, ModuleType) and found.__name__ == "conformance.expect":
            return node.func.attr
    return None


class _Recorder(ast.NodeTransformer):
    """Has every outermost call of the suite's own functions, and every list of them, remember its value."""

    def __init__(self, body: Callable[..., None]) -> None:
        self._body = body
        self.calls: list[str] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self._remembered(node) if _is_suite_call(node, self._body) else self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._remembered(node) if _is_suite_list(node, self._body) else self.generic_visit(node)

    def _remembered(self, node: ast.expr) -> ast.AST:
        self.calls.append(ast.unparse(node))
        remember = ast.Name("__remember__", ast.Load())
        return ast.Call(remember, [ast.Constant(self.calls[-1]), node], [])


class Recorded:
    """The values of the suite's own calls in a rule's body, run once more on a fresh copy of the case."""

    def __init__(
        self, body: Callable[..., None], function: ast.FunctionDef, arguments: dict[str, Any]
    ) -> None:
        self._scope = {**body.__globals__, "__remember__": self._remember}
        self._values: dict[str, list[Any]] = {}
        self._arguments = arguments
        recorder = _Recorder(body)
        statements = [recorder.visit(statement) for statement in ast.parse(ast.unparse(function)).body]
        (copy,) = statements
        copy.decorator_list = []
        if not recorder.calls:
            return
        ast.fix_missing_locations(module := ast.Module([copy], type_ignores=[]))
        exec(compile(module, "<rule>", "exec"), self._scope)
        with contextlib.suppress(BaseException):  # it breaks, that is why it is scripted
            self._scope[function.name](**self._fresh())

    def _fresh(self) -> dict[str, Any]:
        return {
            name: value.fresh() if isinstance(value, Case) else value
            for name, value in self._arguments.items()
        }

    def _remember(self, call: str, value: Any) -> Any:
        self._values.setdefault(call, []).append(value)
        return value

    def literal(self, node: ast.expr) -> ast.expr:
        """Return the expression for the value of a call.

        Raises UnscriptableError if there is none, or another one each time.
        """
        call = ast.unparse(node)
        values = self._values.get(call) or [self._of_the_case(call)]
        literals = [_literal(value) for value in values]
        if len({ast.unparse(literal) for literal in literals}) > 1:
            raise UnscriptableError(f"{call} has several values")
        return literals[0]

    def _of_the_case(self, call: str) -> Any:
        """Return the value of a call behind the place where the rule breaks, if it follows from the case."""
        try:
            fresh = self._fresh()
            for value in fresh.values():
                if isinstance(value, Case):
                    value.build()
            return eval(call, {**self._scope, **fresh})
        except Exception as error:
            raise UnscriptableError(f"{call} was never reached") from error


class Scripting(ast.NodeTransformer):
    """Turns the body of a rule into statements that need torch only."""

    def __init__(self, body: Callable[..., None], recorded: Recorded) -> None:
        self._body = body
        self._recorded = recorded
        self._found: set[str] = set()
        self._known: set[str] = set()
        self.helpers: set[str] = set()

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Leave the suite out of a call: claims become helpers, what it computes its value."""
        if claim := claim_of(node, self._body):
            if claim not in HELPERS:
                raise UnscriptableError(f"no script helper for expect.{claim}")
            self.helpers.add(claim)
            node.func = ast.Name(claim, ast.Load())
        elif _is_suite_call(node, self._body):
            # What was drawn stays what it was, whatever the target has done to the tensor.
            if not self._found.isdisjoint(names_in(node)) and ast.unparse(node.func) != DRAWN:
                return self._of_the_target(node)
            return self._recorded.literal(node)
        return self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        """Put the value of a list of the suite's own in its place."""
        if _is_suite_list(node, self._body) and self._found.isdisjoint(names_in(node)):
            return self._recorded.literal(node)
        return self.generic_visit(node)

    def _of_the_target(self, node: ast.Call) -> ast.AST:
        """Return what stands for a suite's call on a tensor that the script computes: it is no constant."""
        if ast.unparse(node.func) != "reference.host":
            raise UnscriptableError(f"{ast.unparse(node.func)} of what the target computes")
        (argument,) = node.args
        return ast.parse(f"({ast.unparse(self.visit(argument))}).detach().cpu()", mode="eval").body

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Remember the names of what the target computes, and of what the suite does."""
        names = {name for target in node.targets for name in names_in(target)}
        calls = [found for found in ast.walk(node.value) if isinstance(found, ast.Call)]
        if self._found.isdisjoint(names_in(node.value)) and all(
            self._is_the_suites(call, calls) for call in calls
        ):
            self._known |= names
        else:
            self._found |= names
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        """Remember what names a loop gives to what the target computes."""
        zipped = isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "zip"
        parts = node.iter.args if zipped else [node.iter]  # type: ignore[attr-defined]
        names = node.target.elts if isinstance(node.target, ast.Tuple) and zipped else [node.target]
        for name, part in zip(names, parts, strict=False):
            if isinstance(part, ast.Call) and ast.unparse(part.func).startswith(("torch.", "case.")):
                self._found |= names_in(name)
        return self.generic_visit(node)

    def _is_the_suites(self, call: ast.Call, calls: list[ast.Call]) -> bool:
        """Return whether a call is the suite's, is recorded as part of one, or is made on its result."""
        root: ast.AST = call
        while isinstance(root, (ast.Attribute, ast.Call, ast.Subscript)):
            if _is_suite_call(root, self._body):
                return True
            root = root.func if isinstance(root, ast.Call) else root.value
        if isinstance(root, ast.Name) and root.id in self._known:
            return True
        recorded = [other for other in calls if other is not call and _is_suite_call(other, self._body)]
        return any(call in ast.walk(other) for other in recorded)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Let a failed comparison show both sides."""
        test = self.visit(node.test)
        message = node.msg
        if message is None and isinstance(test, ast.Compare) and len(test.comparators) == 1:
            message = ast.Tuple([test.left, test.comparators[0]], ast.Load())
        return ast.Assert(test, message)

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        """Say without pytest what is refused or warned of."""
        call = node.items[0].context_expr
        kind = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
        if kind not in ("pytest.raises", "pytest.warns", "expect.refusal"):
            return self.generic_visit(node)
        assert isinstance(call, ast.Call)
        inside = [self.visit(statement) for statement in node.body]
        indented = textwrap.indent("\n".join(ast.unparse(statement) for statement in inside), "    ")
        if kind == "expect.refusal":
            text = (
                f"try:\n{indented}\nexcept Warning:\n    raise\nexcept Exception:\n    pass\n"
                "else:\n    raise AssertionError('was not refused')"
            )
            return ast.parse(text).body
        expected = ast.unparse(call.args[0])
        if kind == "pytest.raises":
            text = (
                f"try:\n{indented}\nexcept {expected}:\n    pass\n"
                f"else:\n    raise AssertionError('no {expected} was raised')"
            )
        else:
            text = (
                "with warnings.catch_warnings(record=True) as caught:\n"
                f"    warnings.simplefilter('always')\n{indented}\n"
                f"assert any(issubclass(found.category, {expected}) for found in caught), 'no {expected}'"
            )
        return ast.parse(text).body


def names_in(node: ast.AST) -> set[str]:
    """Return all names in a tree."""
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def _tensor(array: np.ndarray[Any, Any]) -> torch.Tensor:
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _literal(value: Any) -> ast.expr:
    """Return the expression for a recorded value: an array becomes a tensor."""
    if isinstance(value, (tuple, list)) and any(isinstance(part, (np.ndarray, np.generic)) for part in value):
        kind = ast.List if isinstance(value, list) else ast.Tuple
        return kind([_literal(part) for part in value], ast.Load())
    if isinstance(value, (np.ndarray, np.generic)):
        tensor = _tensor(np.array(value))
        code = base_code(tuple(tensor.reshape(-1).tolist()), tensor.dtype, tuple(tensor.shape))
    elif value is None or isinstance(value, (bool, int, float, str, tuple, list, torch.dtype)):
        code = literal(value)
    else:
        raise UnscriptableError(f"a {type(value).__name__} has no literal")
    return ast.parse(code, mode="eval").body
