"""Creation and copying: tensors made like others, copies, and conversions.

What makes tensors of sizes and numbers alone has rules of its own, in `conformance.creation`. Not covered:
`layout`, `pin_memory`, `non_blocking` and `requires_grad` of what is made; conversions of numbers that are no
small whole ones; `new_tensor`; `empty_like` and `new_empty` but for their strides and shape.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from conformance.operation import TORCH_NUMPY, Operation
from strategies.cases import creations as cases

ZEROS_LIKE = Operation(
    call="torch.zeros_like(input)",
    method=False,
    cases=cases.inputs,
    gives=lambda input: np.zeros_like(input),
    says="zeros_like gives 0 for each element of input.",
    preserves=True,
    made_like=True,
)

ONES_LIKE = replace(
    ZEROS_LIKE,
    call="torch.ones_like(input)",
    gives=lambda input: np.ones_like(input),
    says="ones_like gives 1 for each element of input.",
)

FULL_LIKE = replace(
    ZEROS_LIKE,
    call="torch.full_like(input, fill_value)",
    cases=partial(cases.inputs, fill_value=cases.NUMBERS),
    gives=lambda input, fill_value: np.full_like(input, fill_value),
    says="full_like gives fill_value for each element of input.",
)

NEW_ZEROS = Operation(
    call="input.new_zeros(size)",
    page="torch.Tensor.new_zeros",
    cases=cases.sized,
    gives=lambda input, size: np.zeros(size, input.dtype),
    says="new_zeros gives a tensor of a size filled with 0.",
    has_shape="the size given",
    made_like=True,
)

NEW_ONES = replace(
    NEW_ZEROS,
    call="input.new_ones(size)",
    page="torch.Tensor.new_ones",
    gives=lambda input, size: np.ones(size, input.dtype),
    says="new_ones gives a tensor of a size filled with 1.",
)

NEW_FULL = replace(
    NEW_ZEROS,
    call="input.new_full(size, fill_value)",
    page="torch.Tensor.new_full",
    cases=partial(cases.sized, fill_value=cases.NUMBERS),
    gives=lambda input, size, fill_value: np.full(size, fill_value).astype(input.dtype),
    says="new_full gives a tensor of a size filled with fill_value.",
)

CLONE = Operation(
    call="torch.clone(input)",
    cases=cases.inputs,
    gives=lambda input: input,
    says="clone gives a copy of input.",
    moves=("input",),
    preserves=True,
    by_hand=("gradient",),
)

CONTIGUOUS = Operation(
    call="input.contiguous()",
    page="torch.Tensor.contiguous",
    cases=cases.inputs,
    gives=lambda input: input,
    says="contiguous gives a tensor of the elements of input.",
    moves=("input",),
    owns=False,
)

TO_DTYPE = Operation(
    named="to_dtype",
    call="input.to(dtype, copy=True)",
    page="torch.Tensor.to",
    cases=cases.converted,
    gives=lambda input, dtype: input.astype(TORCH_NUMPY[dtype]),
    says="to gives the numbers of input in another dtype.",
    has_dtype="the dtype given",
    preserves=True,
)

COPY = Operation(
    named="copy",
    call="",
    page="torch.Tensor.copy_",
    cases=cases.copied,
    gives=lambda input, src: np.broadcast_to(src.astype(input.dtype), input.shape),
    says="copy_ writes the elements of src, broadcast, to the tensor.",
    in_place="input.copy_(src)",
    linear=("src",),
)
