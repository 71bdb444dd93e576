"""Random numbers that are wrong in one way."""

from __future__ import annotations

import contextlib

import torch

from tests.faults import fault, patch_fault

SAMPLERS = (
    *(torch.rand, torch.randn, torch.randint, torch.rand_like, torch.randn_like, torch.randint_like),
    *(torch.normal, torch.bernoulli, torch.Tensor.uniform_, torch.Tensor.normal_, torch.Tensor.exponential_),
    *(torch.Tensor.log_normal_, torch.Tensor.cauchy_, torch.Tensor.geometric_, torch.Tensor.random_),
    torch.Tensor.bernoulli_,
)


@fault(*SAMPLERS)
def samplers_ignore_the_seed(real, *args, generator=None, **options):
    torch.seed()
    return real(*args, **options)


@fault(*SAMPLERS)
def samplers_ignore_the_generator(real, *args, generator=None, **options):
    return real(*args, **options)


@fault(*SAMPLERS)
def samplers_give_the_median(real, *args, **options):
    output = real(*args, **options)
    return output.copy_(output.reshape(-1).sort().values[output.numel() // 2]) if output.numel() else output


@fault(*SAMPLERS)
def samplers_give_infinity(real, *args, **options):
    return real(*args, **options).fill_(-torch.inf)


@fault(*SAMPLERS)
def samplers_add_a_dim(real, *args, **options):
    return real(*args, **options).unsqueeze(0)


@fault(*SAMPLERS)
def samplers_give_another_dtype(real, *args, **options):
    return real(*args, **options).to(torch.complex64)


@patch_fault(torch.random, "fork_rng")
def fork_rng_restores_nothing(real, *args, **options):
    return contextlib.nullcontext()


@fault(torch.randperm)
def randperm_leaves_out_the_last(real, n, **options):
    return real(n, **options).clamp(max=max(n - 2, 0))


@fault(torch.randperm)
def randperm_gives_int32(real, n, **options):
    return real(n, **options).int()


@fault(torch.randint)
def randint_gives_floats(real, *args, **options):
    return real(*args, **options).float()


@fault(torch.bernoulli)
def bernoulli_gives_the_other(real, input, **options):
    return 1 - real(input, **options)


@fault(torch.bernoulli)
def bernoulli_takes_integers(real, input, **options):
    return real(input.float(), **options).to(input.dtype)


@fault(torch.multinomial)
def multinomial_draws_the_first_twice(real, input, count, *args, **options):
    output = real(input, count, *args, **options)
    return output[..., :1].expand_as(output)


@fault(torch.multinomial)
def multinomial_gives_a_row_more(real, input, count, *args, **options):
    return real(input, count, *args, **options).unsqueeze(0)


class _Off(torch.Generator):
    """A generator whose seed is one off."""

    def initial_seed(self):
        return super().initial_seed() + 1

    def manual_seed(self, seed):
        super().manual_seed(seed)
        return self


@patch_fault(torch, "Generator")
def generators_are_one_off(real, *args):
    return _Off(*args)
