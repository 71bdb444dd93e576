"""What a rule does before it claims anything, as functions of their own, for a mode to run in its way.

A rule's statements are put together into *acts*, as long as one can be: what it does between two looks at
tensors is one act, since what goes wrong with aliases goes wrong between calls. Each is a function of the
tensors that it uses, needs torch only, and returns what it gives a name to.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import itertools
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

MAKERS = ("torch.tensor", "torch.empty", "torch.ones_like")
"""What makes tensors, and is no act by itself."""

GRAD_MODES = ("torch.no_grad", "torch.enable_grad", "torch.set_grad_enabled")

LOOKS = frozenset(
    {
        "backward",
        "clone_graph",
        "cpu",
        "data_ptr",
        "detach_",
        "dim",
        "element_size",
        "get_device",
        "grad_fn",
        "is_complex",
        "is_conj",
        "is_contiguous",
        "is_floating_point",
        "is_neg",
        "is_set_to",
        "is_shared",
        "item",
        "ndimension",
        "nelement",
        "numel",
        "numpy",
        "pin_memory",
        "register_hook",
        "register_post_accumulate_grad_hook",
        "requires_grad_",
        "retain_grad",
        "share_memory_",
        "size",
        "storage",
        "storage_offset",
        "stride",
        "to_sparse",
        "tolist",
        "type",
        "untyped_storage",
    }
)
"""Methods by which a rule looks at a tensor, or speaks to autograd: they are no operations."""

NO_OPERATIONS = frozenset(
    {
        "Generator",
        "Size",
        "Tensor",
        "_C",
        "allclose",
        "as_tensor",
        "asarray",
        "autograd",
        "device",
        "distributions",
        "dtype",
        "empty",
        "enable_grad",
        "equal",
        "finfo",
        "from_numpy",
        "get_default_dtype",
        "get_rng_state",
        "iinfo",
        "inference_mode",
        "is_complex",
        "is_floating_point",
        "is_grad_enabled",
        "is_inference_mode_enabled",
        "is_tensor",
        "load",
        "manual_seed",
        "memory_format",
        "nn",
        "no_grad",
        "overrides",
        "random",
        "save",
        "set_default_dtype",
        "set_grad_enabled",
        "set_rng_state",
        "strided",
        "tensor",
        "testing",
        "utils",
    }
)
"""Names of torch that no act calls: they make no tensor of another, or hold what is no operation."""

PROPERTIES = frozenset(("T", "H", "mT", "mH", "real", "imag"))
"""Properties of a tensor that are operations."""

COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)

SIZES = frozenset(("shape", "ndim", "dtype", "device"))
"""What an act may ask of a tensor on its way."""

HARMLESS = frozenset(
    ("tuple", "list", "slice", "len", "range", "int", "reversed", "complex", "float", "bool")
)

CASE = "case"


@dataclass(frozen=True)
class Act:
    """Some statements as a function: of `names` of its arguments, it returns a tuple of what it `gives`.

    `parts` are the same statements one by one, if there are several.
    """

    source: str
    names: tuple[str, ...]
    gives: tuple[str, ...]
    constants: Mapping[str, Any] = field(compare=False)
    parts: tuple[Act, ...] = field(default=(), compare=False)

    def function(self) -> Callable[..., Any]:
        """Return the function, each time anew."""
        names: dict[str, Any] = {"torch": torch, **self.constants}
        # Dynamo goes by the file when it decides which sizes vary: those of another act say nothing.
        file = f"<act {hashlib.sha256(repr(self.key).encode()).hexdigest()[:12]}>"
        exec(compile(self.plain, file, "exec"), names)
        made: types.FunctionType = names["act"]
        return made

    @functools.cached_property
    def plain(self) -> str:
        """The source with names that tell nothing: that of acts that do the same is the same."""
        names = dict.fromkeys((*self.names, *_stored_in(self.source)))
        return _renamed(self.source, {name: f"t{number}" for number, name in enumerate(names)})

    @functools.cached_property
    def key(self) -> tuple[str, str]:
        """What acts have in common that do the same."""
        return self.plain, repr(sorted(self.constants.items()))

    @functools.cached_property
    def changes(self) -> bool:
        """Whether it may change a tensor that it is given."""
        nodes = list(ast.walk(ast.parse(self.source)))
        called = any(isinstance(node, ast.Call) and _changes(node) for node in nodes)
        assigned = any(
            isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store)
            for node in nodes
        )
        return called or assigned or any(isinstance(node, ast.AugAssign) for node in nodes)


def _changes(call: ast.Call) -> bool:
    """Return whether a call may change a tensor that it is given."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    in_place = name.endswith("_") and not name.endswith("__")
    return in_place or any(keyword.arg == "out" for keyword in call.keywords)


def _makes_a_leaf(call: ast.Call) -> bool:
    """Return whether a call says of what it makes whether it requires grad: that is no operation."""
    told = any(keyword.arg == "requires_grad" for keyword in call.keywords)
    return told and ast.unparse(call.func).startswith("torch.")


Making = Callable[[Act], tuple[list[ast.stmt], ast.expr]]
"""Told an act, gives the statements that come before it, and what is called to run it."""


def with_acts(
    statements: Sequence[ast.stmt], known: Mapping[str, Any], fields: Collection[str], made: Making
) -> list[ast.stmt]:
    """Return statements that run their acts as `made` says.

    `known` are the names that the statements find outside, of which an act keeps numbers, strings and what
    torch defines; `fields` those of the case that hold tensors.
    """
    return _Acts(known, fields, made).block(statements)


class _Acts:
    def __init__(self, known: Mapping[str, Any], fields: Collection[str], made: Making) -> None:
        self._known = known
        self._fields = fields
        self._made = made
        self._tensors: set[str] = set()
        self._locals: set[str] = set()
        self._hoisted = itertools.count()

    # Statements.

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        run: list[ast.stmt] = []

        def flush() -> None:
            if run:
                done.extend(self._acted(run))
                run.clear()

        for statement in statements:
            hoisted, left = self._apart(statement)
            for part in hoisted:
                self._note(part)
            run += hoisted
            if self._acts(left):
                self._note(left)
                run.append(left)
                continue
            flush()
            done.append(self._with_blocks(left))
            self._note(left)
        flush()
        return done

    def _with_blocks(self, statement: ast.stmt) -> ast.stmt:
        """Return a statement whose own blocks run their acts."""
        for name in ("body", "orelse", "finalbody"):
            if isinstance(statement, (ast.With, ast.For, ast.If, ast.Try, ast.While)) and getattr(
                statement, name, None
            ):
                if isinstance(statement, ast.For):
                    self._locals |= _stored(statement.target)
                setattr(statement, name, self.block(getattr(statement, name)))
        if isinstance(statement, ast.Try):
            for handler in statement.handlers:
                handler.body = self.block(handler.body)
        return statement

    def _note(self, statement: ast.stmt) -> None:
        """Note which names hold tensors from here on."""
        stored = _stored(statement)
        self._locals |= stored
        if isinstance(statement, ast.Assign) and self._is_tensor(statement.value):
            self._tensors |= stored
        elif isinstance(statement, ast.With):
            for part in statement.body:
                self._note(part)
        elif not isinstance(statement, ast.AugAssign):
            self._tensors -= stored

    def _acted(self, run: list[ast.stmt]) -> list[ast.stmt]:
        act = self._act(run)
        parts = tuple(self._act([part]) for part in run) if len(run) > 1 else ()
        before, function = self._made(Act(act.source, act.names, act.gives, act.constants, parts))
        arguments = [ast.parse(_as_of_case(name), mode="eval").body for name in act.names]
        called: ast.stmt = ast.Expr(call := ast.Call(function, arguments, []))
        if act.gives:
            names: list[ast.expr] = [ast.Name(name, ast.Store()) for name in act.gives]
            called = ast.Assign([ast.Tuple(names, ast.Store())], call)
        for node in ast.walk(called):
            ast.copy_location(node, run[0])
        return [*before, called]

    def _act(self, run: Sequence[ast.stmt]) -> Act:
        given = list(dict.fromkeys(itertools.chain.from_iterable(sorted(_stored(part)) for part in run)))
        made: set[str] = set()
        loaded: list[str] = []
        names: list[str] = []
        for part in run:
            reads = _loads(part)
            loaded += reads
            names += [name for name in reads if name not in made]
            made |= _stored(part)
        names = [name for name in dict.fromkeys(names) if name.startswith(f"{CASE}.") or name in self._locals]
        body = [_Flat().visit(ast.parse(ast.unparse(part)).body[0]) for part in run]
        flat = tuple([name.replace(".", "_", 1) for name in names])
        text = "\n".join(f"    {line}" for part in body for line in ast.unparse(part).splitlines())
        returned = f"\n    return ({', '.join(given)},)" if given else ""
        constants = {name: self._known[name] for name in loaded if name in self._known and name != "torch"}
        return Act(f"def act({', '.join(flat)}):\n{text}{returned}\n", flat, tuple(given), constants)

    # What is one.

    def _acts(self, statement: ast.stmt) -> bool:
        """Return whether a statement can be part of an act."""
        if isinstance(statement, ast.With):
            return self._is_grad_mode(statement) and all(map(self._goes_on, statement.body))
        if isinstance(statement, ast.Assign):
            fits = all(map(self._may_be_assigned, statement.targets))
            value: ast.expr | None = statement.value
            subscripts = any(isinstance(target, ast.Subscript) for target in statement.targets)
        elif isinstance(statement, ast.AugAssign):
            fits, value, subscripts = self._is_tensor(statement.target), statement.value, True
        elif isinstance(statement, ast.Expr):
            fits, value, subscripts = True, statement.value, False
        else:
            return False
        assert value is not None
        does = subscripts or any(map(self._is_operation, _within(value)))
        return fits and does and self._is_pure(statement)

    def _goes_on(self, part: ast.stmt) -> bool:
        """Return whether a statement can be part of an act; then its names are known to the next."""
        found = self._acts(part)
        if found:
            self._note(part)
        return found

    def _is_grad_mode(self, statement: ast.With) -> bool:
        return all(
            item.optional_vars is None
            and isinstance(item.context_expr, ast.Call)
            and ast.unparse(item.context_expr.func) in GRAD_MODES
            for item in statement.items
        )

    def _may_be_assigned(self, target: ast.expr) -> bool:
        if isinstance(target, ast.Name):
            return True
        if isinstance(target, ast.Tuple):
            return all(isinstance(part, ast.Name) for part in target.elts)
        return isinstance(target, ast.Subscript) and self._is_tensor(target.value)

    def _is_tensor(self, node: ast.expr) -> bool:
        """Return whether an expression gives a tensor, or several."""
        if isinstance(node, ast.Name):
            return node.id in self._tensors
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == CASE:
                return node.attr in self._fields
            return node.attr in PROPERTIES | {"data", "grad"} and self._is_tensor(node.value)
        if isinstance(node, ast.Subscript):
            return self._is_tensor(node.value)
        if isinstance(node, ast.Call) and (ast.unparse(node.func) in MAKERS or _makes_a_leaf(node)):
            return True
        return self._is_operation(node)

    def _is_operation(self, node: ast.AST) -> bool:
        """Return whether an expression is an operation on tensors."""
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Attribute):
                return False
            path = ast.unparse(node.func).split(".")
            if _makes_a_leaf(node):
                return False
            if path[0] == "torch":
                functional = path[1:3] == ["nn", "functional"]
                return path[-1] not in LOOKS and (functional or path[1] not in NO_OPERATIONS)
            return node.func.attr not in LOOKS and self._is_tensor(node.func.value)
        if isinstance(node, ast.Attribute):
            return node.attr in PROPERTIES and self._is_tensor(node.value)
        if isinstance(node, ast.BinOp):
            return self._is_tensor(node.left) or self._is_tensor(node.right)
        if isinstance(node, ast.Compare):
            return isinstance(node.ops[0], COMPARISONS) and self._is_tensor(node.left)
        if isinstance(node, ast.UnaryOp):
            return not isinstance(node.op, ast.Not) and self._is_tensor(node.operand)
        if isinstance(node, ast.Subscript):
            return self._is_tensor(node.value) and not isinstance(node.value, ast.Call)
        return False

    def _is_pure(self, statement: ast.AST) -> bool:
        """Return whether nothing of a statement needs more than torch, the case and what has a name."""
        inside = _inside(statement)
        for node in ast.walk(statement):
            if isinstance(node, (ast.Lambda, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
                return False
            if isinstance(node, ast.Call) and not self._may_be_called(node):
                return False
            if isinstance(node, ast.Attribute) and not self._may_be_asked(node):
                return False
            if isinstance(node, ast.Name) and node.id not in inside and not self._is_at_hand(node):
                return False
        return True

    def _may_be_called(self, node: ast.Call) -> bool:
        if isinstance(node.func, ast.Name):
            return node.func.id in HARMLESS
        return self._is_operation(node) or ast.unparse(node.func) in GRAD_MODES

    def _may_be_asked(self, node: ast.Attribute) -> bool:
        of_case = isinstance(node.value, ast.Name) and node.value.id == CASE
        of_torch = ast.unparse(node).startswith("torch.")
        method = node.attr not in LOOKS and callable(getattr(torch.Tensor, node.attr, None))
        return of_case or of_torch or method or node.attr in PROPERTIES | SIZES

    def _is_at_hand(self, node: ast.Name) -> bool:
        if isinstance(node.ctx, ast.Store) or node.id in ("torch", CASE) or node.id in HARMLESS:
            return True
        if node.id in self._locals:
            return True
        found = self._known.get(node.id)
        return isinstance(found, (bool, int, float, complex, str, torch.dtype, torch.memory_format))

    # What stands inside of a claim.

    def _apart(self, statement: ast.stmt) -> tuple[list[ast.stmt], ast.stmt]:
        """Return the operations in a claim, or in what a loop goes through, as statements before it."""
        if isinstance(statement, ast.Assert):
            hoisted, statement.test = self._hoisted_of(statement.test)
        elif isinstance(statement, ast.For):
            hoisted, statement.iter = self._hoisted_of(statement.iter)
        elif isinstance(statement, (ast.Expr, ast.Assign)) and not self._acts(statement):
            hoisted, statement.value = self._hoisted_of(statement.value)
        elif isinstance(statement, ast.Expr):
            if isinstance(statement.value, ast.Call) and _changes(statement.value):
                return [], statement
            # Who compiles may leave out what nobody asks for, with what it would raise.
            name = ast.Name(f"result_{next(self._hoisted)}", ast.Store())
            kept = ast.copy_location(ast.Assign([name], statement.value), statement)
            return [], ast.fix_missing_locations(kept)
        else:
            return [], statement
        return hoisted, statement

    def _hoisted_of(self, expression: ast.expr) -> tuple[list[ast.stmt], ast.expr]:
        hoisting = _Hoisting(self._can_be_hoisted, self._hoisted)
        left = hoisting.visit(expression)
        return hoisting.statements, left

    def _can_be_hoisted(self, node: ast.expr) -> bool:
        return self._is_operation(node) and self._is_pure(node)


class _Hoisting(ast.NodeTransformer):
    """Takes the largest expressions that are operations out of one, where they are evaluated in any case."""

    def __init__(self, wanted: Callable[[ast.expr], bool], numbers: Iterator[int]) -> None:
        self._wanted = wanted
        self._numbers = numbers
        self.statements: list[ast.stmt] = []

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.Lambda, ast.BoolOp, ast.IfExp, ast.NamedExpr)):
            return node
        if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
            node.generators[0].iter = self.visit(node.generators[0].iter)
            return node
        if isinstance(node, ast.expr) and self._wanted(node):
            name = f"result_{next(self._numbers)}"
            self.statements.append(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], node), node))
            ast.fix_missing_locations(self.statements[-1])
            return ast.copy_location(ast.Name(name, ast.Load()), node)
        return self.generic_visit(node)


class _Flat(ast.NodeTransformer):
    """Has the fields of the case be arguments."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == CASE:
            return ast.Name(f"{CASE}_{node.attr}", node.ctx)
        return self.generic_visit(node)


def _stored_in(source: str) -> list[str]:
    nodes = ast.walk(ast.parse(source))
    return [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._names.get(node.arg, node.arg))


def _renamed(source: str, names: Mapping[str, str]) -> str:
    return ast.unparse(ast.fix_missing_locations(_Renaming(names).visit(ast.parse(source))))


def _as_of_case(name: str) -> str:
    """Return the name of an argument as what it is given: a field of the case, or a name as it is."""
    return f"{CASE}.{name.removeprefix(CASE + '_')}" if name.startswith(f"{CASE}_") else name


def _within(expression: ast.expr) -> Iterator[ast.expr]:
    return (node for node in ast.walk(expression) if isinstance(node, ast.expr))


def _stored(statement: ast.AST) -> set[str]:
    """Return the names that a statement gives; `c *= 2` leaves the name with the tensor that has it."""
    if isinstance(statement, ast.AugAssign):
        return set()
    return _all_stored(statement) - _inside(statement)


def _all_stored(part: ast.AST) -> set[str]:
    nodes = ast.walk(part)
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _inside(statement: ast.AST) -> set[str]:
    """Return the names that comprehensions have to themselves."""
    loops = [node for node in ast.walk(statement) if isinstance(node, ast.comprehension)]
    return {name for loop in loops for name in _all_stored(loop.target)}


def _loads(statement: ast.AST) -> list[str]:
    """Return the names that a statement reads, fields of the case as `case.field`.

    Of a block they are those that it has not given itself before.
    """
    found: list[str] = []
    if isinstance(statement, ast.With):
        made: set[str] = set()
        for part in (*statement.items, *statement.body):
            found += [name for name in _loads(part) if name not in made]
            made |= _stored(part)
        return found
    inside = _inside(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in inside:
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == CASE:
            found.append(f"{CASE}.{node.attr}")
        elif isinstance(node, ast.Name) and node.id != CASE:
            read = isinstance(node.ctx, ast.Load)
            if read or isinstance(getattr(statement, "target", None), ast.Name):
                found.append(node.id)
    return found
