"""The picture of a break, read from what the report says of it: the counterexample's code and the message.

Whoever reads a report may have no torch, so the few expressions that the suite writes tensors in are read
here: elements, a dtype, and a layout. What is written otherwise, or is too large to be looked at, has no
picture.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reports.shown import Grid, Memory, Picture, View, coordinates
from reports.wording import first_line, sides

MOST_CELLS = 24
"""Most elements of a tensor that is drawn."""

MOST_TENSORS = 4
"""Most tensors of a counterexample that are drawn."""

CAME_OUT, WANTED = "result", "expected"

_MENDED = ("mended_", "legal_")
"""How the names of arguments begin that the rule shows to be legal: these break nothing."""

Shape = tuple[int, ...]


class UnreadableError(Exception):
    """An expression is none that the suite writes a small tensor in."""


@dataclass(frozen=True)
class Tensor:
    """A tensor as its code says: the elements of its memory as they are written, and what it has of these."""

    memory: tuple[str, ...]
    dtype: str
    shape: Shape
    strides: Shape
    offset: int = 0

    @property
    def cells(self) -> tuple[str, ...]:
        """The elements in row-major order."""
        view = View("", self.shape, self.strides, self.offset)
        return tuple(self.memory[place] for _, place in view.covers())

    @property
    def is_plain(self) -> bool:
        """Whether it has all elements of its memory, in the order in which they lie there."""
        return self.strides == _steps(self.shape) and len(self.memory) == math.prod(self.shape)


def depicted(counterexample: str | None, reason: str | None) -> Picture:
    """Return the picture of a break: the tensors of the counterexample, what came out, what should have."""
    given = [*_given(counterexample or "")][:MOST_TENSORS]
    memories = tuple(
        Memory(each.memory, (View(name, each.shape, each.strides, each.offset),))
        for name, each in given
        if not each.is_plain and 0 < len(each.memory) <= MOST_CELLS
    )
    inputs = tuple(Grid(name, each.shape, each.dtype, each.cells) for name, each in given)
    return Picture(inputs, _outputs(first_line(reason), reason), memories)


def _given(counterexample: str) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a counterexample that can be drawn, with their names."""
    try:
        statements = ast.parse(counterexample).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in statements:
        if not isinstance(statement, ast.Assign):
            continue
        name, value = ast.unparse(statement.targets[0]), statement.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):  # a case
            pairs = [(each.arg or "", each.value) for each in value.keywords]
        else:
            pairs = [(name, value)]
        for named, tensor in pairs:
            if not named.startswith(_MENDED):
                yield from _read(named, tensor)


def _read(name: str, node: ast.expr) -> Iterator[tuple[str, Tensor]]:
    if isinstance(node, (ast.Tuple, ast.List)):
        for number, part in enumerate(node.elts):
            yield from _read(f"{name}[{number}]", part)
        return
    try:
        found = read_tensor(node)
        small = math.prod(found.shape) <= MOST_CELLS and len(found.shape) <= 4
        if small and len(found.cells) > MOST_CELLS:  # every element has a place in its memory
            return
    except (UnreadableError, ValueError, TypeError, IndexError, OverflowError):
        return
    if small:
        yield name, found


def read_tensor(node: ast.expr) -> Tensor:
    """Return the tensor that an expression makes, as the suite writes them.

    Raises UnreadableError, or what reading numbers raises, if it is written in another way.
    """
    if isinstance(node, ast.Subscript):
        return _cut(read_tensor(node.value), node.slice)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        raise UnreadableError(ast.unparse(node))
    if ast.unparse(node.func.value) == "torch":
        return _made(node.func.attr, node)
    return _laid_out(read_tensor(node.func.value), node.func.attr, [*map(_literal, node.args)])


def _made(name: str, call: ast.Call) -> Tensor:
    """Return what a function of torch's makes."""
    dtype = next((ast.unparse(each.value) for each in call.keywords if each.arg == "dtype"), None)
    if name == "tensor":
        shape, cells, kind = _elements(call.args[0])
        return _contiguous(cells, dtype or kind, shape)
    first = _literal(call.args[0])
    if name == "arange" and isinstance(first, int) and first <= MOST_CELLS:
        return _contiguous(tuple(map(str, range(first))), "int64", (first,))
    if name in ("zeros", "full"):
        shape = _ints([first])
        if math.prod(shape) > MOST_CELLS:
            raise UnreadableError(name)
        cell = written(call.args[1]) if name == "full" else "0"
        return _contiguous((cell,) * math.prod(shape), dtype or "float32", shape)
    raise UnreadableError(name)


def _laid_out(found: Tensor, method: str, given: Sequence[object]) -> Tensor:
    """Return the tensor that a method makes of another one, in the same memory."""
    shape, strides = found.shape, found.strides
    if method in ("requires_grad_", "t") and not given:
        turned = method == "t"
        return replace(found, shape=shape[::-1], strides=strides[::-1]) if turned else found
    if method == "to" and isinstance(given[0], str):
        return replace(found, dtype=_plain(given[0])) if given[0].startswith("torch.") else found
    if method == "reshape" and found.is_plain:
        made = _ints(given)
        return replace(found, shape=made, strides=_steps(made))
    if method == "permute":
        dims = _ints(given)
        return replace(
            found, shape=tuple(shape[dim] for dim in dims), strides=tuple(strides[dim] for dim in dims)
        )
    if method == "expand":
        made = _ints(given)
        new = len(made) - len(shape)
        kept = zip(shape, strides, made[new:], strict=True)
        return replace(
            found,
            shape=made,
            strides=(0,) * new + tuple(step if old == size else 0 for old, step, size in kept),
        )
    if method == "as_strided" and len(given) == 3 and isinstance(given[2], int):
        return replace(found, shape=_ints(given[:1]), strides=_ints(given[1:2]), offset=given[2])
    raise UnreadableError(method)


def _cut(found: Tensor, index: ast.expr) -> Tensor:
    """Return the view of a tensor that an index of slices and numbers gives."""
    steps = index.elts if isinstance(index, ast.Tuple) else [index]
    shape: list[int] = []
    strides: list[int] = []
    offset = found.offset
    for dim, size in enumerate(found.shape):
        stride = found.strides[dim]
        if dim >= len(steps):
            shape.append(size)
            strides.append(stride)
            continue
        step = steps[dim]
        if isinstance(step, ast.Slice):
            bounds = (step.lower, step.upper, step.step)
            start, stop, by = (None if each is None else _int(_literal(each)) for each in bounds)
            covered = range(size)[start:stop:by]
            shape.append(len(covered))
            strides.append(stride * covered.step)
            offset += stride * covered.start if covered else 0
        else:
            offset += stride * range(size)[_int(_literal(step))]
    return replace(found, shape=tuple(shape), strides=tuple(strides), offset=offset)


def _elements(node: ast.expr) -> tuple[Shape, tuple[str, ...], str]:
    """Return the shape of nested lists, what stands in them, and the dtype that torch takes it for."""
    if not isinstance(node, ast.List):
        return (), (written(node),), _kind(node)
    if not node.elts:
        return (0,), (), "float32"
    parts = [_elements(each) for each in node.elts]
    shapes, kinds = {shape for shape, _, _ in parts}, [kind for _, _, kind in parts]
    if len(shapes) > 1:
        raise UnreadableError(ast.unparse(node))
    order = ("bool", "int64", "float32", "complex64")
    return (
        (len(parts), *shapes.pop()),
        tuple(cell for _, cells, _ in parts for cell in cells),
        max(kinds, key=order.index),
    )


def written(node: ast.expr) -> str:
    """Return an element as a cell has it."""
    value = _literal(node)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    if isinstance(value, complex):
        return f"{value:.4g}"
    return str(value).removeprefix("torch.").replace("-torch.", "-")


def _kind(node: ast.expr) -> str:
    value = _literal(node)
    kinds = {bool: "bool", int: "int64", complex: "complex64"}
    return kinds.get(type(value), "float32")


def _literal(node: ast.expr) -> object:
    """Return a number, a tuple of numbers, or the text of anything else, such as a dtype."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "complex":
        real, imaginary = (float(str(_literal(each)).replace("torch.", "")) for each in node.args)
        return complex(real, imaginary)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise UnreadableError(str(value))
    return value


def _ints(given: Sequence[object]) -> Shape:
    """Return sizes that are given one by one, or as one tuple."""
    first = given[0] if len(given) == 1 else None
    return tuple(map(_int, first if isinstance(first, (tuple, list)) else given))


def _contiguous(cells: tuple[str, ...], dtype: str, shape: Shape) -> Tensor:
    if len(cells) > 4 * MOST_CELLS:
        raise UnreadableError(f"{len(cells)} elements")
    return Tensor(cells, _plain(dtype), shape, _steps(shape))


def _steps(shape: Shape) -> Shape:
    steps = [1]
    for size in reversed(shape[1:]):
        steps.append(steps[-1] * max(size, 1))
    return tuple(reversed(steps)) if shape else ()


def _plain(dtype: str) -> str:
    return dtype.removeprefix("torch.")


_PLACE = re.compile(r"differs first at \(([\d, ]*)\)")
_COUNTED = re.compile(r"(\d+) of \d+ elements of (?:torch\.)?(\w+) differ")


def _outputs(line: str, reason: str | None) -> tuple[Grid, ...]:
    """Return what came out, its wrong cells marked, and what should have; nothing if no message says it."""
    both, place, counted = sides(reason), _PLACE.search(line), _COUNTED.search(line)
    if both is None:
        return ()
    found, wanted = map(_printed, both)
    if found is None or wanted is None or found[0] != wanted[0] or len(found[1]) > MOST_CELLS:
        return ()
    shape = found[0]
    if not shape:
        if place is None:  # two numbers are as clear in words
            return ()
        shape = (1,) * len(_numbers(place[1]))  # of one element the message has no brackets
    dtype = counted[2] if counted else ""
    wrong = _wrong(found[1], wanted[1], int(counted[1]) if counted else None)
    if place is not None and counted and coordinates(wrong[0], shape) != _numbers(place[1]):
        return ()  # it is not those that the claim found to differ
    return (Grid(CAME_OUT, shape, dtype, found[1], (), wrong), Grid(WANTED, shape, dtype, wanted[1]))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.replace(",", " ").split())


def _printed(text: str) -> tuple[Shape, tuple[str, ...]] | None:
    """Return shape and elements of a tensor as it is printed: in brackets, with commas."""
    text = text.strip()
    if not text.startswith("["):
        return None if re.search(r"[\s\[\](),]", text) or not text else ((), (text,))
    inner = text[1:-1] if text.endswith("]") else ""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(inner):
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append(inner[start:at])
            start = at + 1
    if inner[start:].strip():
        parts.append(inner[start:])
    read = [_printed(part) for part in parts]
    if not read or None in read:
        return None
    known = [each for each in read if each is not None]
    if any(shape != known[0][0] or "..." in cells for shape, cells in known):
        return None
    return (len(known), *known[0][0]), tuple(cell for _, cells in known for cell in cells)


def _wrong(found: Sequence[str], wanted: Sequence[str], count: int | None) -> tuple[int, ...]:
    """Return the places that differ, or where a message says that so many do, those that differ most."""
    apart = {at: _apart(one, other) for at, (one, other) in enumerate(zip(found, wanted, strict=True))}
    differing = sorted((at for at in apart if apart[at] > 0), key=lambda at: (-apart[at], at))
    return tuple(sorted(differing[:count])) or (0,)


def _apart(one: str, other: str) -> float:
    """Return how far apart two elements are, of the size of the second."""
    if one == other:
        return 0.0
    try:
        first, second = complex(one), complex(other)
    except ValueError:
        return math.inf
    if first == second:  # a zero of the other sign
        return math.ulp(0.0)
    distance = abs(first - second)
    return distance / max(abs(second), math.ulp(0.0)) if math.isfinite(distance) else math.inf
