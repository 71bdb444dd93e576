"""Faults that take the process down."""

from __future__ import annotations

import os
import signal

import torch

from tests.faults import fault


@fault(torch.Tensor.squeeze_)
def squeeze_in_place_kills_the_process(real, input, *args, **options):
    if input.dim() >= 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(input, *args, **options)


@fault(torch.Tensor.squeeze_)
def squeeze_in_place_is_not_implemented(real, input, *args, **options):
    raise NotImplementedError("squeeze_ is not implemented")
