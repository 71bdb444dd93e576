"""Functions of two tensors of different dtypes that are wrong in one way."""

from __future__ import annotations

import torch

from tests.faults import fault

NAMES = ("maximum", "minimum", "fmax", "fmin", "max", "min")


def _of_two(name: str) -> None:
    """Register the faults of one function of two tensors."""
    functions = (getattr(torch, name), getattr(torch.Tensor, name))

    def computes_in_the_first_dtype(real, input, *arguments, other=None, **options):
        """As fmax did on MPS (pytorch#149951)."""
        two = other if other is not None else arguments[0] if arguments else None
        if not isinstance(two, torch.Tensor) or two.dtype == input.dtype or options:
            given = {} if other is None else {"other": other}
            return real(input, *arguments, **given, **options)
        return real(input, two.to(input.dtype)).to(torch.result_type(input, two))

    computes_in_the_first_dtype.__name__ = f"{name}_computes_in_the_first_dtype"
    fault(*functions)(computes_in_the_first_dtype)

    def rounds_mixed_floats(real, input, *arguments, other=None, **options):
        two = other if other is not None else arguments[0] if arguments else None
        if not isinstance(two, torch.Tensor) or options or input.dtype == two.dtype:
            given = {} if other is None else {"other": other}
            return real(input, *arguments, **given, **options)
        result = real(input, two)
        return result.to(torch.bfloat16).to(result.dtype) if result.is_floating_point() else result

    rounds_mixed_floats.__name__ = f"{name}_rounds_mixed_floats"
    fault(*functions)(rounds_mixed_floats)


for _name in NAMES:
    _of_two(_name)


def _with_0d(name: str) -> None:
    functions = (getattr(torch, name), getattr(torch.Tensor, name))

    def standing_in(real, input, *arguments, other=None):
        two = other if other is not None else arguments[0]
        if bool(input.dim()) == bool(two.dim()):
            return real(input, two)
        return real(input, two).to(torch.promote_types(input.dtype, two.dtype))

    standing_in.__name__ = f"{name}_lets_a_0d_tensor_count"
    fault(*functions)(standing_in)


for _name in NAMES[:4]:
    _with_0d(_name)


def _with_out(name: str) -> None:
    def standing_in(real, input, other, *, out=None):
        """As the kernels of CUDA did (pytorch#173110)."""
        if out is None:
            return real(input, other)
        return real(input.to(out.dtype), other.to(out.dtype), out=out)

    standing_in.__name__ = f"{name}_computes_in_the_dtype_of_out"
    fault(getattr(torch, name))(standing_in)


for _name in NAMES[:2]:
    _with_out(_name)
