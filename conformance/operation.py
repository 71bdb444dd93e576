"""Operations: what an operation is called, what its cases are and what it gives, as its page says.

An entry is an `Operation` in a module of `conformance.operations`, one for each family. Every law of
`conformance.laws` that applies to it makes a rule of it; `conformance.law` says how.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from conformance.reference import Array
from reports.model import Need
from strategies.arguments import argument, code_of, codes_of, drawn_argument, memo
from strategies.case import Case, TensorsField, tensor_fields
from strategies.tape import Tape, packing_of

TORCH_DTYPES = {
    np.dtype(name): getattr(torch, torch_name)
    for name, torch_name in {
        **{name: name for name in ("float16", "float32", "float64", "complex64", "complex128", "bool")},
        **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    }.items()
}
TORCH_DTYPES[np.dtype(ml_dtypes.bfloat16)] = torch.bfloat16
"""The dtype of torch for each of numpy's."""

TORCH_NUMPY = {torch_dtype: dtype for dtype, torch_dtype in TORCH_DTYPES.items()}
"""The reverse."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """What an operation says of its argument `index`.

    `size` tells of a case how many positions there are, `outside` in words where no position is. Where
    `negative` ones are legal, they count from the end. `int32` says whether an index of int32 is taken, too.
    """

    size: Callable[[Any], int]
    outside: str = "outside [0, size of dim)"
    negative: bool = False
    int32: bool = True


def along_dim(case: Case) -> int:
    """Return how many positions the dim of a case has."""
    shape = code_of(case, "input").shape
    size: int = shape[argument(case, "dim")] if shape else 1
    return size


@dataclass(frozen=True, kw_only=True, eq=False)
class Operation:
    """An operation as its page describes it.

    `call` is the call as the page writes it, in the names of its arguments: `torch.gather(input, dim,
    index)`. The operation has the name of what is called, or is `named` otherwise. `cases` makes a strategy
    for cases that have these arguments; of `nonempty` ones no tensor is empty, in `writable` ones no two
    elements of `input` share memory. `gives` computes the result in numpy, from what was drawn, by the names
    of what it needs; a tuple if the operation gives `several` tensors.

    `says` is the sentence that states which elements the result has; `has_shape` and `has_dtype`
    complete "the output has", and are empty where no page says. `page` is the documentation, if it is
    not that of the function that is called. Where a form is True it is the usual one: the `method` is
    called on the first argument, `out` is the keyword, `in_place` is the method with an underscore;
    otherwise it is written out.

    `moves` names the tensors whose elements the result is made of, each element whole, with a constant
    of the name `fills` in some places; `linear` those in which the result is linear, `smooth` those by
    which it can be derived otherwise. Of the former the gradients are known, of the latter `gradient`
    computes them, one for each, from `upstream` and what else it names, and `derives` states them. A
    `view` shares its memory with `moves[0]`. A result that is `rounds`, which tells the scale, is right
    but for rounding; of one that has `either_zero`, the sign of zeros is left open.

    `scaled` tells to what the rounding of the gradients is relative, if it is to something else. `nan`
    says what the operation does of NaN among the elements, `misfit` which `input` it refuses since the last
    size does not fit the other tensors. `pair` is the call that gives, beside the values, the indices at
    which they stand along dim.

    `derived` makes the cases of laws about gradients, `with_out` those about `out`, and `with_nan` those
    about NaN, if they are others. The leaves that `derived` makes have the elements that it draws if what
    becomes of `ties` matters. Gradients of an operation that does not `derives_empty` are asked for of
    nonempty cases.

    `ways` are the ways to call the operation, written like `call`. Those that leave out an argument hold for
    the cases in which it has what `defaults` says.

    `dim` is the name of the argument that names a dim, if it is not this, `dims` that of several;
    `further_dims` more than the rank of input can be named.

    A `pointwise` operation computes each element of the result of those in its place, and broadcasts if it
    has several tensors; those in `mixed` cases have several dtypes, or numbers are in their place. In `whole`
    cases there are whole numbers, which the operation takes for numbers of the default dtype. A result that
    has `units` is right within so many times the eps of its dtype, relative to each number; see
    `expect.near`. In the manner in which it takes `out`, writes in place and is derived, an operation is
    `like` another: laws of the manner alone are asked of that one.

    An operation `owns` the memory of its result, if it is no view, and the page of views says so. One that
    `preserves` makes it, by default, in torch.preserve_format: the strides of a dense input are kept. What is
    `made_like` the input is on its device, as the page says. One
    that `counts` gives a result whose shape depends on elements. Laws that are stated by hand for this
    operation, with more to them, stand in `by_hand`.

    `ids` are the ids of the rules that laws make, by the law, where they had others before there was the law.

    A law that does not hold of the operation is named in `but`, with the reason. `documented` names the
    laws that are only observed in general and that the operation's page states, `observed` the reverse;
    `stated` tells of a law which other page it is that states it of the operation.
    """

    call: str
    cases: Callable[..., SearchStrategy[Any]]
    gives: Callable[..., Any]
    says: str
    named: str = ""
    has_shape: str = "the shape of input"
    has_dtype: str = "the dtype of input"
    page: str = ""
    method: bool | str = True
    keywords: bool | str = True
    out: bool | str = False
    in_place: bool | str = False
    several: bool = False
    view: bool = False
    moves: tuple[str, ...] = ()
    fills: str = ""
    linear: tuple[str, ...] = ()
    smooth: tuple[str, ...] = ()
    gradient: Callable[..., Any] | None = None
    derives: str = (
        "{name} passes to each element the gradients of all places of the output that it went to, added up."
    )
    derived: Callable[..., SearchStrategy[Any]] | None = None
    derives_empty: bool = True
    with_out: Callable[..., SearchStrategy[Any]] | None = None
    with_nan: Callable[..., SearchStrategy[Any]] | None = None
    ties: bool = False
    ways: tuple[str, ...] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)
    rounds: Callable[..., float] | None = None
    scaled: Callable[..., float] | None = None
    nan: str = ""
    misfit: str = ""
    pair: str = ""
    either_zero: bool = False
    index: Index | None = None
    dim: str = "dim"
    dims: str = "dims"
    one_dim: bool = True
    further_dims: int = 0
    promotes: bool = False
    pointwise: bool = False
    mixed: Callable[..., SearchStrategy[Any]] | None = None
    whole: Callable[..., SearchStrategy[Any]] | None = None
    units: float = 0.0
    like: str = ""
    owns: bool = True
    preserves: bool = False
    made_like: bool = False
    counts: bool = False
    by_hand: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    but: Mapping[str, str] = field(default_factory=dict)
    documented: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    stated: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("cases", "mixed", "whole"):  # every law asks for them
            if (cases := getattr(self, name)) is not None:
                object.__setattr__(self, name, functools.cache(cases))

    def __call__(self, case: Case, form: str = "call", **changes: Any) -> Any:
        """Call the operation in one of its forms, with a case's arguments, but for those given."""
        code = ast.unparse(self.expression(form, ast.Name("case", ast.Load()), _given(changes)))
        return eval(code, {"torch": torch, "case": case, **changes})

    def outputs(self, case: Case, **changes: Any) -> tuple[torch.Tensor, ...]:
        """Return the tensors that the operation gives."""
        found = self(case, **changes)
        return tuple(found) if self.several else (found,)

    def results(self, case: Case) -> tuple[Array, ...]:
        """Return what the tensors hold that the operation should give, by the reference."""
        taken = [argument(case, name) for name in self._taken]
        # All laws of an operation ask this of the same cases. What is kept keeps its key alive.
        known, key = memo(case), (id(self), *map(id, taken))
        if key not in known:
            known[key] = taken, self.given(**{name: drawn_argument(case, name) for name in self._taken})
        results: tuple[Array, ...] = known[key][1]
        return results

    def result(self, case: Case) -> Array:
        """Return the same for an operation that gives one tensor."""
        (found,) = self.results(case)
        return found

    def written_result(self, case: Case) -> Array:
        """Return the same in the dtype of the input, which in place receives it."""
        return self.result(case).astype(TORCH_NUMPY[code_of(case, "input").dtype])

    def shapes(self, case: Case) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of what the operation should give."""
        return tuple([found.shape for found in self.results(case)])

    def dtype(self, case: Case) -> torch.dtype:
        """Return the dtype of what an operation that gives one tensor should give."""
        return self.dtype_of(self.result(case))

    def dtype_of(self, result: Array) -> torch.dtype:
        """Return the dtype that a result of the reference has in torch."""
        found: torch.dtype = TORCH_DTYPES[result.dtype]
        return found

    def dtypes(self, case: Case) -> tuple[torch.dtype, ...]:
        """Return the dtypes of what the operation should give."""
        return tuple([self.dtype_of(found) for found in self.results(case)])

    def shape(self, case: Case) -> tuple[int, ...]:
        """Return the shape of what an operation that gives one tensor should give."""
        return self.result(case).shape

    def kinds(self, case: Case) -> tuple[tuple[tuple[int, ...], torch.dtype], ...]:
        """Return the shapes and dtypes of what the operation should give."""
        return tuple([(found.shape, self.dtype_of(found)) for found in self.results(case)])

    def given(self, **arguments: Any) -> tuple[Array, ...]:
        """Return what the reference gives for other arguments than a case's."""
        with np.errstate(all="ignore"):
            found = self.gives(**{name: arguments[name] for name in self._taken})
        return tuple([np.asarray(part) for part in (found if self.several else (found,))])

    @functools.cached_property
    def name(self) -> str:
        """The name of the operation, with which the ids of its rules begin."""
        if self.named:
            return self.named
        called = re.search(r"(\w+)\(", self.call)
        return called[1] if called else ""

    @property
    def has_dims(self) -> bool:
        """Whether a result may have dims, which that of a reduction over all of them has not."""
        return self.has_shape != "no dims"

    @property
    def claim(self) -> str:
        """The claim of `expect` that compares a result of the operation with the reference's."""
        if self.units:
            return "near"
        if self.rounds is not None:
            return "close"
        return "equal_elements" if self.either_zero else "same_elements"

    def scale(self, case: Case) -> float:
        """Return to what the rounding of an operation that computes is relative; see `expect.close`."""
        return _scale(self.rounds, case)

    def gradient_scale(self, case: Case) -> float:
        """Return the same for the gradients."""
        return _scale(self.scaled or self.rounds, case)

    @property
    def derivable(self) -> tuple[str, ...]:
        """The names of the tensors by which the result can be derived."""
        return self.moves or self.linear or self.smooth

    @functools.cached_property
    def tensors(self) -> tuple[str, ...]:
        """The names of the arguments that are tensors, or tuples of them."""
        return tuple([name for name in self._arguments if name in self._fields])

    @functools.cached_property
    def _fields(self) -> dict[str, Any]:
        packing = packing_of(self.cases())
        return tensor_fields(type(packing.decode(Tape(bytes(packing.length)))))

    @functools.cached_property
    def _arguments(self) -> tuple[str, ...]:
        return (*self.names, *[name for name in self._fields if name not in self.names])

    @functools.cached_property
    def _tuples(self) -> tuple[str, ...]:
        return tuple([name for name, kind in self._fields.items() if isinstance(kind, TensorsField)])

    @property
    def broadcasts(self) -> bool:
        """Whether there are several tensors whose shapes need only broadcast."""
        return self.pointwise and len(self.tensors) > 1

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the tensors of which a result could be a view."""
        return self.derivable or self.tensors[:1]

    def drawn(self, case: Case) -> tuple[Array, ...]:
        """Return what all tensors of a case were drawn with."""
        found: list[Array] = []
        for name in self.tensors:
            value = drawn_argument(case, name)
            found += value if isinstance(value, tuple) else [value]
        return tuple(found)

    def places(self, case: Case) -> tuple[Array, ...]:
        """Return, for each output of an operation that moves elements, which one stands in each place.

        They are counted through all tensors of `moves`; -1 is none of them.
        """
        numbered: dict[str, Any] = {}
        first = 0
        for name in self.moves:
            parts = []
            for code in codes_of(case, name):
                count = math.prod(code.shape)
                parts.append(np.arange(first, first + count).reshape(code.shape))
                first += count
            numbered[name] = tuple(parts) if name in self._tuples else parts[0]
        constant = {self.fills: np.array(-1)} if self.fills else {}
        others = {name: drawn_argument(case, name) for name in self._taken if name not in numbered}
        return self.given(**{**others, **numbered, **constant})

    def overwritten(self, case: Case) -> Array:
        """Return the elements of the input of a view, all 1 that the view shows."""
        elements = code_of(case, self.moves[0]).drawn()
        for places in self.places(case):
            elements.reshape(-1)[places.reshape(-1)] = 1
        return elements

    def strides(self, case: Case) -> tuple[list[int], ...]:
        """Return the strides of the outputs of a view, but for those of dims that are not longer than 1."""
        code = code_of(case, self.moves[0])
        steps = zip(np.indices(code.shape, sparse=True), code.strides(), strict=True)
        offsets = np.asarray(sum((at * step for at, step in steps), np.zeros(code.shape, int))).reshape(-1)
        found = []
        for places in self.places(case):
            memory = offsets[places]
            first = memory.reshape(-1)[0]
            longer = [dim for dim, size in enumerate(places.shape) if size > 1]
            found.append([int(memory.take(1, dim).reshape(-1)[0] - first) for dim in longer])
        return tuple(found)

    def stride(self, case: Case) -> list[int]:
        """Return the strides of the output of a view that gives one."""
        (found,) = self.strides(case)
        return found

    def gradients(self, case: Case) -> tuple[Array, ...]:
        """Return the gradients of `derivable`, for the upstream of a case."""
        upstream = drawn_argument(case, "upstream")
        if self.gradient is not None:
            taken = inspect.signature(self.gradient).parameters
            others = {name: drawn_argument(case, name) for name in taken if name != "upstream"}
            found = self.gradient(**others, **({"upstream": upstream} if "upstream" in taken else {}))
            parts = found if isinstance(found, tuple) else (found,)
            dtypes = [TORCH_NUMPY[code.dtype] for name in self.derivable for code in codes_of(case, name)]
            return tuple([np.asarray(part).astype(dtype) for part, dtype in zip(parts, dtypes, strict=True)])
        codes = [code for name in self.moves for code in codes_of(case, name)]
        shapes = [code.shape for code in codes]
        flat = np.zeros(sum(map(math.prod, shapes)), TORCH_NUMPY[codes[0].dtype])
        parts = upstream if isinstance(upstream, tuple) else (upstream,)
        for places, part in zip(self.places(case), parts, strict=False):
            np.add.at(flat, places[places >= 0], part[places >= 0])
        cuts = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
        return tuple([part.reshape(shape) for part, shape in zip(np.split(flat, cuts), shapes, strict=True)])

    def gradient_of(self, case: Case) -> Array:
        """Return the gradient of an operation that is derived by one tensor."""
        (found,) = self.gradients(case)
        return found

    @functools.cached_property
    def _taken(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.gives).parameters)

    @property
    def source(self) -> str:
        """The documentation of the operation."""
        return self.page or self.function or f"torch.Tensor.{_name(self.written('call'))}"

    @functools.cached_property
    def function(self) -> str | None:
        """The dotted name of the function that the call names, None if it names a method or an index."""
        call = self.written("call" if self.call else "in_place")
        while isinstance(call, (ast.Subscript, ast.Attribute)):
            call = call.value
        if not isinstance(call, ast.Call):
            return None
        dotted = ast.unparse(call.func)
        return dotted if dotted.startswith("torch.") else None

    @property
    def needed(self) -> tuple[Need, ...]:
        """What a target must have for any rule about the operation."""
        return (Need.VALUES, *self.needs) if self.counts else self.needs

    def has(self, form: str) -> bool:
        """Return whether the operation has a form: `method`, `out`, `in_place` or `keywords`."""
        if form == "keywords" and self.keywords is True:
            return self.function is not None and self._by_name() is not None
        if form == "method" and self.method is True:
            return bool(self.call) and self.function is not None
        return bool(getattr(self, form))

    def takes(self, name: str) -> bool:
        """Return whether the operation takes an argument of a name."""
        return name in self.names

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the arguments, in the order of the call."""
        form = "call" if self.call else "in_place"
        found = [node for node in ast.walk(self.written(form)) if isinstance(node, ast.Name)]
        found.sort(key=lambda node: node.col_offset)
        return tuple(dict.fromkeys(node.id for node in found if node.id != "torch"))

    def expression(self, form: str, case: ast.expr, changes: Mapping[str, ast.expr]) -> ast.expr:
        """Return the call in one of its forms, of the arguments of a case, but for those that are given."""
        given = {
            getattr(self, name) if name in ("dim", "dims") else name: value for name, value in changes.items()
        }
        made = _Fill(self.names, case, given).visit(self.written(form))
        if given:
            assert isinstance(made, ast.Call), f"{self.name} takes no {', '.join(given)}"
            made.keywords += [ast.keyword(name, value) for name, value in given.items()]
        return made  # type: ignore[no-any-return]

    def tensor(self, case: ast.expr, name: str) -> ast.expr:
        """Return the tensor of a case that has a name, or those, starred."""
        found = _attribute(case, name)
        return ast.Starred(found, ast.Load()) if name in self._tuples else found

    def written(self, form: str) -> ast.expr:
        """Return a form as it is written, in the names of the arguments."""
        if form == "keywords" and self.keywords is True:
            return self._by_name()  # type: ignore[return-value]
        if form == "any":
            _, _, part = self.call.rpartition(")")
            return ast.parse(f"case.call({', '.join(self.names)}){part}", mode="eval").body
        text = self.call if form in ("call", "function") else getattr(self, form)
        if isinstance(text, str):
            return ast.parse(text, mode="eval").body
        made = ast.parse(self.call, mode="eval").body
        if form == "out":
            return made
        call = _innermost(made)
        name = _name(call) + ("_" if form == "in_place" else "")
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).startswith("torch"):
            first = call.args.pop(0)
            call.func = ast.Attribute(first, name, ast.Load())
        else:
            call.func = ast.Attribute(call.func.value, name, ast.Load())  # type: ignore[attr-defined]
        return made

    def _by_name(self) -> ast.expr | None:
        made = ast.parse(self.call, mode="eval").body
        try:
            call = _innermost(made)
        except LookupError:
            return None
        if not all(isinstance(argument, ast.Name) for argument in call.args):
            return None
        call.keywords = [
            *[ast.keyword(argument.id, argument) for argument in call.args],  # type: ignore[attr-defined]
            *call.keywords,
        ]
        call.args = []
        return made

    @functools.cached_property
    def called(self) -> tuple[Any, ...]:
        """The functions and methods of torch that the forms call, for faults to stand in for."""
        found: list[Any] = []
        for form in ("call", "method", "out", "in_place"):
            if self.has(form):
                found += _called(self.written(form))
        return tuple(dict.fromkeys(found))


def _scale(told: Callable[..., float] | None, case: Case) -> float:
    if told is None:
        return 1.0
    taken = inspect.signature(told).parameters
    with np.errstate(all="ignore"):
        found = float(told(**{name: drawn_argument(case, name) for name in taken}))
    return found if np.isfinite(found) else 1.0


class _Fill(ast.NodeTransformer):
    """Puts the case's arguments, or what is given in their place, where a call names them."""

    def __init__(self, names: tuple[str, ...], case: ast.expr, given: dict[str, ast.expr]) -> None:
        self._names = names
        self._case = case
        self._given = given
        self._left = dict(given)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._names:
            return node
        self._given.pop(node.id, None)
        if node.id in self._left:
            return copy.deepcopy(self._left[node.id])
        return _attribute(self._case, node.id)


def _attribute(case: ast.expr, name: str) -> ast.expr:
    return ast.Attribute(copy.deepcopy(case), name, ast.Load())


def _given(changes: Mapping[str, Any]) -> dict[str, ast.expr]:
    return {name: ast.Name(name, ast.Load()) for name in changes}


def _innermost(call: ast.expr) -> ast.Call:
    """Return the call of torch's function in an expression."""
    found = call
    while isinstance(found, (ast.Subscript, ast.Attribute)):
        found = found.value
    if not isinstance(found, ast.Call):
        raise LookupError(f"{ast.unparse(call)} calls nothing")
    return found


def _name(call: ast.expr) -> str:
    return ast.unparse(_innermost(call).func).rpartition(".")[2]


def _called(expression: ast.expr) -> list[Any]:
    found: list[Any] = []
    for node in ast.walk(expression):
        if isinstance(node, ast.Call):
            dotted = ast.unparse(node.func)
            owner: Any = torch
            if dotted.startswith("torch."):
                for part in dotted.split(".")[1:]:
                    owner = getattr(owner, part)
                found.append(owner)
            elif hasattr(torch.Tensor, dotted.rpartition(".")[2]):
                found.append(getattr(torch.Tensor, dotted.rpartition(".")[2]))
        elif isinstance(node, ast.Subscript):
            found.append(torch.Tensor.__getitem__)
        elif isinstance(node, ast.Attribute) and inspect.isdatadescriptor(
            getattr(torch.Tensor, node.attr, None)
        ):
            found.append(getattr(torch.Tensor, node.attr).__get__)
    return found
