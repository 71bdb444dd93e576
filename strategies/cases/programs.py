"""Cases of programs: random ones, about aliases, gradients, hooks or grad modes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.programs import modes
from strategies.programs.growing import Grower, literal
from strategies.programs.machine import Tensor
from strategies.programs.programmed import LINES, Programmed
from strategies.tape import Tape, packed, weighted

SHAPES = weighted(
    {(2,): 34, (3,): 46, (2, 3): 62, (2, 2): 30, (): 20, (4,): 14, (2, 1): 8, (1, 3): 8, (1,): 6, (3, 2): 12}
    | {(2, 1, 2): 8, (0,): 4, (2, 0): 4}
)
"""Small shapes, the simplest first: what fails does so in small tensors."""

SLOTS = LINES - 4
"""Most lines, or groups of lines, between the first tensors and the last backward."""

Pick = tuple[int, int, int]
"""The bytes by which a line picks its tensors and its form."""

LEAVES = 3
"""Most tensors that a program starts from."""

TRIED = 3
"""How many tensors a line is tried with before it is left out."""

Step = Callable[[Grower, Pick], bool]


def _form(options: list[str], byte: int) -> str:
    return options[byte * len(options) >> 8]


def _view(grower: Grower, pick: Pick) -> bool:
    # Rather of what can be changed in place.
    found = grower.pick(pick[0], rather=(lambda tensor: tensor.can_change) if pick[2] < 180 else None)
    if found is None:
        return False
    name, tensor = found
    forms = _views(name, tensor.shape)
    classes = ["view", *(["view of a view"] if tensor.is_view else [])]
    form = _form(forms, pick[1])
    expanded = "expand" in form
    return grower.add(f"{grower.named()} = {form}", *classes, *(["expanded"] if expanded else []), makes=1)


def _views(name: str, shape: tuple[int, ...]) -> list[str]:
    """Return the views of a tensor of a shape that there are, the simplest first."""
    if not shape:
        return [f"{name}.view(1)", f"{name}.unsqueeze(0)", f"{name}.expand(2)"]
    forms = [f"{name}[:]", f"{name}[0]", f"{name}[1:]", f"{name}[::2]", f"{name}.view(-1)"]
    forms += [f"{name}.unsqueeze(0)", f"{name}.unsqueeze(-1)", f"{name}.select(0, -1)"]
    forms += [f"{name}.narrow(0, 0, 1)", f"{name}.expand(2, {', '.join(map(str, shape))})"]
    if len(shape) > 1:
        forms += [f"{name}.transpose(0, 1)", f"{name}[..., 0]", f"{name}[..., 1:]", f"{name}.squeeze(0)"]
    if len(shape) == 2:
        forms += [f"{name}.t()", f"{name}.t()", f"{name}[1]", f"{name}[:, 1:]"]
    if shape[0] == 1:
        forms.append(f"{name}.squeeze(0)")
    return forms


def _several(grower: Grower, pick: Pick) -> bool:
    found = grower.pick(pick[0], lambda tensor: tensor.shape and 0 < tensor.shape[0] < 5)
    if found is None:
        return False
    name, tensor = found
    size = tensor.shape[0]
    forms = [
        ("unbind(0)", size),
        ("split(1)", size),
        ("split(2)", -(-size // 2)),
        ("max(0)", 2),
        ("sort()", 2),
    ]
    form, count = forms[pick[1] * len(forms) >> 8]
    names = grower.named(count) + ("," if count == 1 else "")
    return grower.add(f"{names} = {name}.{form}", "several outputs", makes=count)


_UNARY = ("{} * 2", "{}.sin()", "{}.tanh()", "{}.sigmoid()", "{}.square()", "-{}", "{} / 2", "{}.clone()")
_SUMS = ("{}.sum()", "{}.mean()", "{}.sum(0)")
_STACK = "torch.stack(({}, {}))"
_BINARY = ("{} * {}", "{} + {}", "{} - {}", _STACK)


def _operate(grower: Grower, pick: Pick) -> bool:
    one, other = grower.pick(pick[0]), grower.pick(pick[1])
    assert one is not None
    assert other is not None
    other = one if pick[1] & 7 == 7 else other
    forms = (*_UNARY, *_BINARY, _BINARY[0], _BINARY[-1], *_SUMS)
    form = _form(list(forms), pick[2])
    if form == _STACK and one[1].places.size == 1:
        form = "{} + {}"  # torch has wrong gradients of stacked numbers, which a rule of its own is about
    line = form.format(one[0], other[0])
    return grower.add(f"{grower.named()} = {line}", *_operands(form, one, other), makes=1)


def _operands(form: str, one: tuple[str, Tensor], other: tuple[str, Tensor]) -> list[str]:
    if form not in _BINARY:
        return []
    if one[0] == other[0]:
        return ["one operand twice"]
    return ["broadcast"] if one[1].shape != other[1].shape else []


_CHANGES = (
    "{}.mul_(2)",
    "{}.add_(1)",
    "{}.neg_()",
    "{}.sin_()",
    "{}.zero_()",
    "{}.fill_(0.5)",
    "{}[0] = 0.5",
    "{} *= 2",
    "{}.mul_({})",
    "{}.add_({})",
    "{}.sub_({})",
    "{}.copy_({})",
    "{}.copy_({})",
    "{}[0] = {}",
    "{} += {}",
)


def _change(grower: Grower, pick: Pick) -> bool:
    one = grower.pick(
        pick[0], lambda tensor: tensor.can_change, rather=_is_view if pick[0] % 3 == 1 else None
    )
    if one is None:
        return False
    form = _form(list(_CHANGES), pick[2])
    if "= {}" not in form and "({})" not in form:
        return grower.add(form.format(one[0]), *_changed(one[1]))
    other = _operand(grower, one[1], one[1].shape[1:] if "[0]" in form else one[1].shape, pick[1])
    if other is None:
        return False
    name, tensor = other
    classes = (
        ["in place by its own alias"] if tensor is not one[1] and tensor.storage is one[1].storage else []
    )
    if pick[1] & 1 and (pick[1] & 2 or not tensor.requires_grad):
        # What is broadcast has a gradient that is summed.
        graded = grower.pick(pick[1], lambda tensor: tensor.requires_grad and tensor.places.size)
        name, classes = (f"{graded[0]}.mean()", ["in place by a mean"]) if graded else (name, classes)
    return grower.add(form.format(one[0], name), *_changed(one[1]), *classes)


def _operand(grower: Grower, tensor: Tensor, shape: tuple[int, ...], byte: int) -> tuple[str, Tensor] | None:
    """Return what a part of a tensor may be changed by, that has the shape or can be broadcast to it.

    Gradients of what it is changed by are where much goes wrong; and so is an alias of it.
    """

    def fits(other: Tensor) -> bool:
        try:
            return bool(np.broadcast_shapes(other.shape, shape) == shape)
        except ValueError:
            return False

    def shares(other: Tensor) -> bool:
        return other is not tensor and other.storage is tensor.storage

    def requires(other: Tensor) -> bool:
        return other.requires_grad

    return grower.pick(byte, fits, rather=requires if byte & 1 else shares if byte & 2 else None)


def _is_view(tensor: Tensor) -> bool:
    return tensor.is_view


def _changed(tensor: Tensor) -> list[str]:
    classes = ["in place"]
    if tensor.is_view:
        classes.append("in place through a view")
    elif tensor.group.views:
        classes.append("in place under a view")
    if tensor.requires_grad:
        classes.append("in place of what requires grad")
        if tensor.is_view:
            classes.append("in place through a view of what requires grad")
    return classes


def _cut(grower: Grower, pick: Pick) -> bool:
    found = grower.pick(pick[0])
    assert found is not None
    name, _ = found
    form = _form(["detach", "detach", "data", "detach_"], pick[1])
    if form == "detach_":
        return grower.add(f"{name}.detach_()", "detach_")
    call = "" if form == "data" else "()"
    return grower.add(f"{grower.named()} = {name}.{form}{call}", form if call else ".data", makes=1)


_MARKS = ("{}.requires_grad_()", "{}.retain_grad()", "{}.requires_grad = True", "{}.requires_grad_(False)")


def _eventful(tensor: Tensor) -> bool:
    return tensor.is_eventful


def _is_cut_off(tensor: Tensor) -> bool:
    return tensor.is_cut_off and not tensor.requires_grad


def _mark(grower: Grower, pick: Pick) -> bool:
    found = grower.pick(
        pick[0],
        lambda tensor: not tensor.is_taken_for_leaf,
        rather=_eventful if pick[2] & 1 else _is_cut_off,
    )
    if found is None:
        return False
    form = _form(list(_MARKS), pick[1])
    return grower.add(form.format(found[0]), "retain_grad" if "retain" in form else "requires_grad set")


def _hook(grower: Grower, pick: Pick) -> bool:
    # Torch before 2.15 crashes if a hook is the first to ask for what a changed view is now.
    def free(tensor: Tensor) -> bool:
        return not tensor.has_changed and tensor.requires_grad

    found = grower.pick(pick[0], free, rather=_eventful if pick[2] & 1 else None)
    if found is None:
        return False
    name, tensor = found
    label, form = grower.label(name), pick[1] * 10 >> 8
    if form > 7 and grower.handles:
        at = pick[2] * len(grower.handles) >> 8
        return grower.add(f"{grower.handles.pop(at)}.remove()", "hook removed")
    # Of outputs that nothing uses, torch calls the hooks with None.
    if form in (0, 1) or (tensor.several and form > 7):
        return grower.add(f'{name}.register_hook(see("{label}"))', "hook")
    if form in (2, 3):
        handle = f"h{label}"
        if grower.add(f'{handle} = {name}.register_hook(see("{label}"))', "hook"):
            grower.handles.append(handle)
            return True
        return False
    if form in (4, 8, 9) and not tensor.several:
        return grower.add(f"{name}.register_hook(lambda grad: grad * 2)", "hook that replaces")
    if form in (5, 6) and tensor.is_leaf:
        line = f'{name}.register_post_accumulate_grad_hook(lambda leaf: see("{label}")(leaf.grad))'
        return grower.add(line, "hook after accumulating")
    mode = _form(["no_grad", "enable_grad"], pick[2])
    line = f'@torch.{mode}()\ndef hook{label}(grad):\n    see("{label}")(grad)\n'
    line += f"{name}.register_hook(hook{label})"
    return grower.add(line, "hook", "decorated hook")


def _block(grower: Grower, pick: Pick) -> bool:
    kinds = [("no_grad()", False), ("enable_grad()", True), ("set_grad_enabled(False)", False)]
    kind, enabled = kinds[pick[0] * 3 >> 8]
    grower.open(f"with torch.{kind}:", enabled, "grad mode block")
    return True


def _close(grower: Grower, _: Pick) -> bool:
    grower.close()
    return True


def _mode(grower: Grower, pick: Pick) -> bool:
    found, other = grower.pick(pick[0]), grower.pick(pick[1])
    assert found is not None
    assert other is not None
    name, mode = found[0], _form(["no_grad", "enable_grad"], pick[1])
    form, made = pick[2] * 6 >> 8, grower.named()
    function = f"f{grower.label('')}"
    if form == 0:
        return grower.add("modes.append(torch.is_grad_enabled())", "grad mode noted")
    if form == 1:
        # That a block undoes it shows only if it is set to what the block is not.
        wanted = not modes.is_grad_enabled() if pick[0] & 1 else pick[0] > 127
        return grower.add(f"torch.set_grad_enabled({wanted})", "grad mode set")
    if form == 2:
        line = f"@torch.{mode}()\ndef {function}(x):\n    return x * 2\n{made} = {function}({name})"
        return grower.add(line, "decorated function", makes=1)
    if form == 3:
        line = f"@torch.{mode}()\ndef {function}(x):\n    yield x * 2\n({made},) = {function}({name})"
        return grower.add(line, "decorated generator", makes=1)
    inside = f"    with torch.{mode}():\n        {made} = {name} * 2\n        raise KeyError"
    if form == 4:
        return grower.add(f"try:\n{inside}\nexcept KeyError:\n    pass", "left by an exception", makes=1)
    line = (
        f"@torch.{mode}()\ndef {function}(x):\n    raise KeyError\n"
        f"try:\n    {function}({name})\nexcept KeyError:\n    modes.append(torch.is_grad_enabled())"
    )
    return grower.add(line, "left by an exception", "grad mode noted")


def _backward(grower: Grower, pick: Pick) -> bool:
    found = grower.pick(pick[0], lambda tensor: tensor.requires_grad)
    if found is None:
        return False
    return _go_back(grower, found, pick[1], pick[2])


def _go_back(grower: Grower, found: tuple[str, Tensor], form: int, how: int) -> bool:
    name, tensor = found
    of = name if tensor.shape == () else f"{name}.sum()"
    leaves = [leaf for leaf, one in grower.tensors.items() if one.requires_grad and one.is_leaf]
    inputs = [one for one, other in grower.tensors.items() if other.requires_grad and one != name]
    wanted = inputs[how * len(inputs) >> 8] if inputs else leaves[0] if leaves else None
    seen = "backward twice" if "backward" in grower.classes else "backward"
    square = f"{name}.square()" if tensor.shape == () else f"{name}.square().sum()"
    of = square if how & 1 else of
    form = form * 10 >> 8
    if not modes.is_grad_enabled() and tensor.shape and form < 4:
        form = 4  # the sum would not be recorded
    if form < 3 or wanted is None:
        return grower.add(f"{of}.backward(retain_graph=True)", seen, "backward")
    if form == 3:
        return grower.add(f"{of}.backward()", seen, "backward")
    if form == 4:
        return grower.add(f"{name}.backward({name}.detach().clone(), retain_graph=True)", seen, "backward")
    if form == 5:
        return grower.add(f"{of}.backward(inputs=[{wanted}], retain_graph=True)", seen, "backward", "inputs=")
    options = ["", ", allow_unused=True", ", materialize_grads=True"][how % 3]
    line = f"torch.autograd.grad({of}, [{wanted}], retain_graph=True{options})"
    return grower.add(f"{grower.named()}, = {line}", "autograd.grad", makes=1)


def _finish(grower: Grower, one: int, form: int, how: int) -> None:
    """End with a backward of the latest tensors that require grad, one to four of them."""
    found = [name for name, tensor in grower.tensors.items() if tensor.requires_grad]
    if one & 1:  # last what was changed, or is watched
        found.sort(key=lambda name: grower.tensors[name].is_eventful)
    wanted = found[-1 - (one >> 6) :]
    if form < 128 and len(wanted) > 1:
        sums = [name if grower.tensors[name].shape == () else f"{name}.square().sum()" for name in wanted]
        grower.add(f"({' + '.join(sums)}).backward()", "backward", "backward of several")
    elif wanted:
        _go_back(
            grower, (wanted[0], grower.tensors[wanted[0]]), 2 * (form - 128) if form > 127 else form, how
        )


def _tidy(grower: Grower, pick: Pick) -> bool:
    with_grad = grower.pick(pick[0], lambda tensor: tensor.grad is not None)
    if pick[1] < 100 and len(grower.tensors) > 2:
        found = grower.pick(pick[0])
        assert found is not None
        return grower.add(f"del {found[0]}", "name deleted")
    if with_grad is None:
        return False
    form = _form(["{}.grad = None", "{}.grad.zero_()"], pick[2])
    return grower.add(form.format(with_grad[0]), "gradient zeroed")


_STEPS: Mapping[str, Step] = {
    "nothing": lambda *_: False,
    "view": _view,
    "several": _several,
    "operate": _operate,
    "change": _change,
    "cut": _cut,
    "mark": _mark,
    "hook": _hook,
    "block": _block,
    "close": _close,
    "mode": _mode,
    "backward": _backward,
    "tidy": _tidy,
}

_WEIGHTS: Mapping[str, Mapping[str, int]] = {
    "aliases": {"nothing": 16, "operate": 28, "view": 68, "change": 76, "cut": 32, "several": 8, "block": 10}
    | {"close": 6, "mark": 8, "tidy": 4},
    "gradients": {"nothing": 16, "operate": 62, "view": 50, "change": 48, "several": 18, "mark": 12}
    | {"backward": 24, "cut": 12, "block": 4, "close": 2, "tidy": 8},
    "hooks": {"nothing": 16, "operate": 54, "view": 34, "change": 26, "hook": 62, "several": 8, "mark": 24}
    | {"backward": 22, "tidy": 4, "cut": 2, "block": 2, "close": 2},
    "modes": {"nothing": 20, "operate": 40, "mode": 60, "block": 40, "close": 24, "view": 14, "change": 22}
    | {"mark": 10, "cut": 6, "backward": 20},
}
"""What the lines of programs do, by what the programs are about."""

_TABLES = {about: weighted(weights) for about, weights in _WEIGHTS.items()}

ABOUT = tuple(_WEIGHTS)

PROMISES: Mapping[str, tuple[str, ...]] = {
    "aliases": (
        "view",
        "view of a view",
        "in place through a view",
        "in place under a view",
        "in place by its own alias",
        "detach",
        ".data",
    ),
    "gradients": (
        "view",
        "in place",
        "in place of what requires grad",
        "backward",
        "backward twice",
        "autograd.grad",
        "broadcast",
        "several outputs",
        "may be refused",
        "retain_grad",
        "one operand twice",
    ),
    "hooks": (
        "hook",
        "hook that replaces",
        "decorated hook",
        "retain_grad",
        "backward",
        "view",
        "in place",
    ),
    "modes": (
        "grad mode block",
        "nested grad modes",
        "decorated function",
        "decorated generator",
        "left by an exception",
        "grad mode noted",
        "grad mode set",
    ),
}


def programs(about: str) -> SearchStrategy[Programmed]:
    """Return a strategy for programs of some ten lines about "aliases", "gradients", "hooks" or "modes".

    Shrinks toward fewer lines. Raises KeyError for other words.
    """
    table = _TABLES[about]

    def decode(tape: Tape) -> Programmed:
        return _decode(tape, about, table)

    return packed(decode, promises=PROMISES[about], chosen=False, times=2)


def _decode(tape: Tape, about: str, table: tuple[str, ...]) -> Programmed:
    grower = Grower()
    kept = tape.take(LINES)
    single, count = tape.byte() > 200, 1 + tape.below(LEAVES)
    dtype = torch.float32 if single else torch.float64
    base: tuple[int, ...] = ()
    for number in range(LEAVES):
        grower.slot = number
        shape, like, requires, data = tape.pick(SHAPES), tape.byte(), tape.byte(), tape.take(6)
        if number == 0:
            base = shape
        elif like < 200:  # so that most pairs can be computed with
            shape = base if like < 120 else base[1:] if like < 160 else ()
        if number < count:
            _leaf(grower, shape, dtype, data, requires=requires < (200 if number == 0 else 110))
    for slot in range(SLOTS):
        grower.slot = LEAVES + slot
        step, (one, two, form) = tape.pick(table), (tape.byte(), tape.byte(), tape.byte())
        for tried in range(TRIED):
            turned = tried * 256 // TRIED
            if _STEPS[step](grower, ((one + turned) % 256, (two + turned) % 256, form)):
                break
    grower.slot = LEAVES + SLOTS
    one, form, how = tape.byte(), tape.byte(), tape.byte()
    if about in ("gradients", "hooks"):
        _finish(grower, one, form, how)
    elif about == "modes":
        grower.add("modes.append(torch.is_grad_enabled())", "grad mode noted")
    # By these bytes alone a program gets shorter while its other lines stay what they are.
    dropped = [slot for slot, byte in enumerate(kept) if not byte]
    if dropped:
        grower = grower.without(dropped) or Grower()
    classes = ["float32" if single else "float64", *grower.classes]
    return Programmed(classes=tuple(classes), program=grower.finish(), dtype=dtype)


def _leaf(grower: Grower, shape: tuple[int, ...], dtype: torch.dtype, data: bytes, *, requires: bool) -> None:
    # Each element is another one, so that no two places can be mistaken, and none is 0, where products hide.
    numel = int(np.prod(shape))
    numbers = [
        (1 + place + data[place % len(data)] % 7 * 0.25) * (1 if place % 3 else -1) / 4
        for place in range(numel)
    ]
    option = ", requires_grad=True" if requires else ""
    text = literal(numbers, shape)
    grower.add(f"{grower.named()} = torch.tensor({text}, dtype={dtype}, device=device{option})", makes=1)
