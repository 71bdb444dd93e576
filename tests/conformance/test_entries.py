"""Entries of operations against what torch's own tests know of them, where those can be imported."""

import pytest

from conformance.law import families

opinfo = pytest.importorskip("torch.testing._internal.opinfo.core")
methods = pytest.importorskip("torch.testing._internal.common_methods_invocations")

KNOWN = {info.name.removeprefix("ops."): info for info in methods.op_db if not info.variant_test_name}
OPERATIONS = {operation.name: operation for entries in families().values() for operation in entries}
SHARED = sorted(set(OPERATIONS) & set(KNOWN))

NOT_TAKEN = {
    # out= that torch takes and the page does not name, or that the entry leaves out and says so.
    "out": {
        *("index_reduce", "scatter", "scatter_add", "scatter_reduce", "take", "argwhere"),
        *("sum", "nansum", "prod", "norm", "median", "nanmedian", "mode", "cummax", "cummin"),
        *("sort", "topk", "kthvalue", "isin", "gather", "std_mean", "var_mean"),
        *("transpose_copy", "t_copy", "permute_copy", "expand_copy", "narrow_copy", "select_copy"),
        *("diagonal_copy", "unfold_copy", "unbind_copy", "as_strided_copy", "view_as_real_copy"),
        *("view_as_complex_copy", "diagonal_scatter", "select_scatter", "slice_scatter", "tensor_split"),
    },
    "in_place": {"unflatten", "cumsum", "cumprod", "squeeze", "as_strided"},
}
"""Forms that torch has and entries do not."""


@pytest.mark.parametrize("name", SHARED)
def test_an_entry_has_the_out_that_torch_has(name):
    has, known = OPERATIONS[name].has("out"), KNOWN[name].supports_out

    assert has == known or (known and name in NOT_TAKEN["out"])


@pytest.mark.parametrize("name", SHARED)
def test_an_entry_has_the_in_place_form_that_torch_has(name):
    has, known = OPERATIONS[name].has("in_place"), KNOWN[name].inplace_variant is not None

    assert has == known or (known and name in NOT_TAKEN["in_place"])


@pytest.mark.parametrize("name", SHARED)
def test_what_an_entry_derives_torch_derives(name):
    assert not OPERATIONS[name].derivable or KNOWN[name].supports_autograd


def test_most_entries_are_known_to_torch():
    assert len(SHARED) > len(OPERATIONS) / 2
