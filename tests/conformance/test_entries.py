"""Entries of operations against what torch's own tests know of them, where those can be imported."""

import pytest

from conformance.law import families

OPERATIONS = {operation.name: operation for entries in families().values() for operation in entries}

NOT_TAKEN = {
    # out= that torch takes and the page does not name, or that the entry leaves out and says so.
    "out": {
        *("index_reduce", "scatter", "scatter_add", "scatter_reduce", "take", "argwhere"),
        *("sum", "nansum", "prod", "norm", "median", "nanmedian", "mode", "cummax", "cummin"),
        *("sort", "topk", "kthvalue", "isin", "std_mean", "var_mean"),
        *("transpose_copy", "t_copy", "permute_copy", "expand_copy", "narrow_copy", "select_copy"),
        *("diagonal_copy", "unfold_copy", "unbind_copy", "as_strided_copy", "view_as_real_copy"),
        *("view_as_complex_copy", "diagonal_scatter", "select_scatter", "slice_scatter", "tensor_split"),
        *("argmax", "argmin", "tensordot"),
        *("gelu", "logsigmoid", "softplus", "softmax", "log_softmax", "linear", "avg_pool2d"),
    },
    "in_place": {
        *("unflatten", "cumsum", "cumprod", "as_strided"),
        *("silu", "mish", "hardsigmoid"),
    },
}
"""Forms that torch has and entries do not."""

UNTRIED = {("relu", "in_place"), ("hardtanh", "in_place")}
"""Forms that entries have and torch's own tests do not try."""


def test_entries_have_the_forms_that_torch_has():
    """One test, since what torch's own tests know of its operations takes seconds to import."""
    methods = pytest.importorskip("torch.testing._internal.common_methods_invocations")
    plain = [info for info in methods.op_db if not info.variant_test_name]
    infos = {info.name.removeprefix("ops.").removeprefix("nn.functional."): info for info in plain}
    known = {name: info for name, info in infos.items() if name in OPERATIONS}
    forms = {
        "out": lambda info: info.supports_out,
        "in_place": lambda info: info.inplace_variant is not None,
    }
    differs = {
        (name, form)
        for name, info in known.items()
        for form, taken in forms.items()
        if OPERATIONS[name].has(form) != taken(info) and not (taken(info) and name in NOT_TAKEN[form])
    }
    derivable = {name for name in known if OPERATIONS[name].derivable}

    assert differs == UNTRIED
    assert not {name for name in derivable if not known[name].supports_autograd}
    assert len(known) > len(OPERATIONS) / 2


def test_no_form_is_said_to_be_left_out_that_is_there():
    there = {
        (name, form) for form, names in NOT_TAKEN.items() for name in names if OPERATIONS[name].has(form)
    }

    assert not there
