"""The reference device with many faults at once, of which the causes of a report are to be told apart.

    pytest --import tests.devices.many_faults --device reference --hypothesis-profile quick

What the suite made of it is recorded in `tests/reports/many_faults.json`; `tests/reports/test_recorded.py`
says how.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.devices import reference
from tests.devices.reference import _through_cpu, on_cpu, wrapped

Done = tuple[bool, Any]


def amax_needs_contiguous_input(op: Any, args: Any, options: Any) -> Done:
    """Reductions to values refuse what is not contiguous."""
    if not args[0].is_contiguous():
        raise RuntimeError(
            f"reduce: cannot take strides {list(args[0].stride())} of {args[0].numel()} elements"
        )
    return False, None


def max_drops_nan(op: Any, args: Any, options: Any) -> Done:
    """`max` passes over NaN."""
    first = on_cpu(args[0])
    if not first.is_floating_point():
        return False, None
    return True, _through_cpu(
        op, (wrapped(first.nan_to_num(-torch.inf, torch.inf, -torch.inf)), *args[1:]), options
    )


def min_takes_no_negative_dim(op: Any, args: Any, options: Any) -> Done:
    """`min` refuses dims that count from the end."""
    if len(args) > 1 and isinstance(args[1], int) and args[1] < 0:
        raise IndexError(f"min: there is no dim {args[1]}")
    return False, None


def maximum_of_bools_is_minimum(op: Any, args: Any, options: Any) -> Done:
    """`maximum` compares bools the wrong way."""
    if args[0].dtype is not torch.bool or args[1].dtype is not torch.bool:
        return False, None
    return True, wrapped(torch.minimum(on_cpu(args[0]), on_cpu(args[1])))


def minimum_of_0_d_is_the_first(op: Any, args: Any, options: Any) -> Done:
    """`minimum` and `fmin` give the first of two numbers that are 0-d."""
    if args[0].dim() or args[1].dim():
        return False, None
    return True, wrapped(on_cpu(args[0]).clone())


def multinomial_gives_the_last(op: Any, args: Any, options: Any) -> Done:
    """Samples are always the last category."""
    found = on_cpu(_through_cpu(op, args, options))
    return True, wrapped(torch.full_like(found, args[0].shape[-1] - 1))


FAULTS: dict[str, tuple[frozenset[str], Callable[..., Done]]] = {
    "gather-misreads-expanded-index": reference.FAULTS["gather-misreads-expanded-index"],
    "amax-needs-contiguous-input": (frozenset({"amax", "amin"}), amax_needs_contiguous_input),
    "max-drops-nan": (frozenset({"max"}), max_drops_nan),
    "min-takes-no-negative-dim": (frozenset({"min"}), min_takes_no_negative_dim),
    "maximum-of-bools-is-minimum": (frozenset({"maximum"}), maximum_of_bools_is_minimum),
    "minimum-of-0-d-is-the-first": (frozenset({"minimum", "fmin"}), minimum_of_0_d_is_the_first),
    "multinomial-gives-the-last": (frozenset({"multinomial"}), multinomial_gives_the_last),
}
"""By name: the operators that err, and how."""

reference.FAULTS.update(FAULTS)
reference._chosen = frozenset(FAULTS)
