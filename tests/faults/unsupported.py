"""Faults that no rule catches: what is not implemented is not broken."""

from __future__ import annotations

import torch

from tests.faults import fault


@fault(torch.Tensor.squeeze_)
def squeeze_in_place_is_not_implemented(real, input, *args, **options):
    raise NotImplementedError("squeeze_ is not implemented")
