"""The strategies: what they promise is drawn, what they draw is right, and how it shrinks and prints."""

from random import Random

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import strategies
from conformance import reference
from conformance.engine.rule import load_rules
from strategies import graphs, promises_of, shapes, tensor_codes, tensors
from strategies.cases.gathers import Gather, gathers
from strategies.cases.view_misuses import views_against_strides
from strategies.cases.views import blocks, views
from strategies.code import TensorCode, placing_on
from strategies.dims import decode_bad_dim, decode_dim, decode_dims
from strategies.simplest import simplest
from strategies.tape import Tape, Traced, weighted
from strategies.values import STORED_DTYPES, palette, ramp

OF_RULES = {
    id: found.function.hypothesis._given_kwargs["case"]
    for id, found in load_rules().items()
    if hasattr(found.function, "hypothesis")
}
ALL = {**OF_RULES, "tensor_codes": tensor_codes()}


def minimal(strategy, condition=lambda value: True, seed=1):
    """Return the simplest value that satisfies the condition, found as a rule's counterexample is."""
    found = find(
        strategy,
        condition,
        random=Random(seed),
        settings=settings(max_examples=2000, database=None, phases=[Phase.generate, Phase.shrink]),
    )
    return simplest(found, condition) if isinstance(found, Traced) else found


def draw(strategy, count, seed):
    """Return `count` values of a strategy."""
    drawn = []

    @hypothesis.seed(seed)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate])
    @given(strategy)
    def collect(value):
        drawn.append(value)

    collect()
    return drawn


@pytest.mark.parametrize("name", ALL)
def test_every_promised_class_is_drawn_within_100_examples(name):
    drawn = {found for case in draw(ALL[name], 100, seed=1) for found in case.classes}

    assert set(promises_of(ALL[name])) <= drawn


@pytest.mark.parametrize("name", ALL)
def test_every_strategy_promises_something(name):
    assert promises_of(ALL[name])


@given(tensor_codes(dtypes=STORED_DTYPES))
def test_a_tensor_prints_as_code_that_rebuilds_it(code):
    built, again = code.build(), eval(repr(code), {"torch": torch})

    assert (again.dtype, again.shape, again.stride()) == (built.dtype, built.shape, built.stride())
    assert again.storage_offset() == built.storage_offset()
    assert again.untyped_storage().nbytes() == built.untyped_storage().nbytes()
    assert torch.equal(_bytes(again), _bytes(built))


def _bytes(tensor):
    storage = tensor.untyped_storage()
    return torch.empty(0, dtype=torch.uint8).set_(storage)


@given(tensor_codes())
def test_a_tensor_has_the_shape_dtype_and_layout_that_its_classes_say(code):
    tensor = code.build()
    strides = [stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True) if size > 1]

    assert tensor.shape == code.shape
    assert tensor.dtype is code.dtype
    assert ("expanded input" in code.classes) == (0 in strides)
    assert ("storage offset input" in code.classes) == (tensor.storage_offset() > 0)
    if "transposed input" in code.classes and 0 not in strides and tensor.numel():
        assert strides != sorted(strides, reverse=True)
    if "stepped input" in code.classes and tensor.numel():
        assert not tensor.is_contiguous()
    if not code.classes or not any(name.endswith(" input") for name in code.classes):
        assert tensor.is_contiguous()


@given(gathers())
def test_a_legal_gather_is_legal(case):
    assert case.index.dim() == case.input.dim()
    for dim, (size, limit) in enumerate(zip(case.index.shape, case.input.shape, strict=True)):
        assert size <= limit or dim == case.dim % case.input.dim()
    if case.index.numel():
        assert (
            0
            <= int(case.index.min())
            <= int(case.index.max())
            < (case.input.shape[case.dim] if case.input.dim() else 1)
        )


def test_shapes_shrink_toward_few_small_dims():
    assert minimal(shapes()) == ()
    assert minimal(shapes(), lambda shape: len(shape) >= 2) == (1, 1)
    assert minimal(shapes(), lambda shape: 0 in shape) == (0,)
    assert minimal(shapes(), lambda shape: max(shape, default=0) > 3) == (4,)
    assert minimal(shapes(), lambda shape: max(shape, default=0) > 256) == (257,)
    assert minimal(shapes(min_dims=3)) == (1, 1, 1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (lambda code: True, "torch.tensor(0.0)"),
        (lambda code: len(code.shape) == 2, "torch.tensor([[0.0]])"),
        (lambda code: code.dtype is torch.bool, "torch.tensor(False)"),
        (lambda code: code.dtype is torch.bfloat16, "torch.tensor(0.0, dtype=torch.bfloat16)"),
        (lambda code: code.build().stride() == (1, 2), "torch.zeros((2, 2)).permute(1, 0)"),
        (lambda code: code.build().storage_offset() > 0, "torch.tensor([0.0, 0.0])[1]"),
        (lambda code: 0 in code.build().stride(), "torch.tensor([0.0]).expand(2)"),
        (lambda code: code.build().stride() == (2,), "torch.tensor([0.0, 0.0, 0.0, 0.0])[::2]"),
        (lambda code: bool(code.build().isnan().any()), "torch.tensor(torch.nan)"),
        (
            lambda code: bool((code.build() > 1).any()) if not code.dtype.is_complex else False,
            "torch.tensor(2.0)",
        ),
        (lambda code: code.build().numel() > 256, "torch.zeros((257,))"),
        (lambda code: code.build().is_conj(), "torch.tensor(complex(0.0, 0.0)).conj()"),
        (lambda code: "narrowed input" in code.classes, "torch.tensor([0.0, 0.0, 0.0, 0.0])[:2]"),
        (
            lambda code: "channels-last input" in code.classes,
            "torch.tensor([[[[0.0, 0.0], [0.0, 0.0]]]]).permute(0, 3, 1, 2)",
        ),
        (lambda code: "beyond 2**53" in code.classes, "torch.tensor(9223372036854775807)"),
        (lambda code: "subnormal" in code.classes, "torch.tensor(1.401298464324817e-45)"),
    ],
)
def test_tensors_shrink_to_what_a_person_would_write(condition, code, seed):
    found = repr(minimal(tensor_codes(), condition, seed))

    assert found.replace("torch.tensor([[0.0, 0.0], [0.0, 0.0]])", "torch.zeros((2, 2))") == code


def test_gathers_shrink_to_what_a_person_would_write():
    smallest = minimal(gathers())
    duplicated = minimal(gathers(), lambda case: "index longer along dim" in case.classes)
    distinct = minimal(
        gathers(), lambda case: len(set(case.input.tolist() if case.input.dim() == 1 else [])) > 1
    )

    assert repr(smallest) == "Gather(input=torch.tensor(0.0), dim=0, index=torch.tensor(0))"
    assert repr(duplicated) == "Gather(input=torch.tensor([0.0]), dim=0, index=torch.tensor([0, 0]))"
    assert len(distinct.input.tolist()) == 2


def test_simplest_needs_a_case_that_knows_its_origin():
    with pytest.raises(ValueError, match="not drawn"):
        simplest(TensorCode((0.0,), torch.float32, (1,), (1,)), lambda code: True)


def test_simplest_keeps_within_its_attempts():
    case = draw(tensor_codes(), 20, 0)[-1]
    asked = []

    def fails(code):
        asked.append(code)
        return False

    simplest(case, fails, attempts=10)

    assert len(asked) == 10


@pytest.mark.parametrize("seed", range(3))
def test_graphs_shrink_to_a_step_or_two(seed):
    smallest = minimal(graphs(), seed=seed)
    in_place = minimal(graphs(), lambda case: "in-place step" in case.classes, seed)
    diamond = minimal(graphs(), lambda case: "diamond" in case.classes, seed)

    assert repr(smallest.graph) == "lambda a: (t0 := a + a,)"
    assert in_place.graph.source.endswith(".add_(a),)")
    assert len(in_place.graph.steps) <= 3
    assert repr(diamond.graph) == "lambda a: (t0 := a + a, t1 := t0 + t0,)"


@given(graphs())
def test_a_graph_computes_what_its_steps_say(case):
    values = reference.graph_values(case.graph, [reference.host(leaf) for leaf in case.leaves])

    output = case.graph(*case.leaves)[-1]

    assert reference.host(output) == pytest.approx(values[-1], rel=1e-4, abs=1e-3)
    assert output.requires_grad
    assert output.shape == case.upstream.shape


@given(graphs())
def test_gradients_of_a_graph_agree_with_finite_differences(case):
    hosts = [reference.host(leaf).astype("float64") for leaf in case.leaves]
    upstream = reference.host(case.upstream).astype("float64")
    gradient = reference.graph_gradients(case.graph, hosts, upstream)[case.leaf]
    step = 1e-6

    def output(change):
        changed = [host + change if number == case.leaf else host for number, host in enumerate(hosts)]
        return (reference.graph_values(case.graph, changed)[-1] * upstream).sum()

    assert (output(step) - output(-step)) / (2 * step) == pytest.approx(gradient.sum(), rel=1e-4, abs=1e-2)


@given(views())
def test_a_legal_view_keeps_the_elements_addresses_in_steps(case):
    if case.input.numel():
        assert _is_strided(_addresses(case.input).reshape(case.shape))


@given(views_against_strides())
def test_a_refused_view_has_no_strides(case):
    assert not _is_strided(_addresses(case.input).reshape(case.shape))


def _addresses(tensor):
    """Return how far from the tensor's first element each of its elements lies in the storage."""
    addresses = np.zeros(tensor.shape, dtype=int)
    for dim, stride in enumerate(tensor.stride()):
        places = np.arange(tensor.shape[dim]) * stride
        addresses = addresses + places.reshape(-1, *[1] * (tensor.dim() - dim - 1))
    return addresses


def _is_strided(addresses):
    """Return whether one step along any dim always leads equally far."""
    return all(
        (np.diff(addresses, n=2, axis=dim) == 0).all() and _alike(addresses, dim)
        for dim in range(addresses.ndim)
    )


def _alike(addresses, dim):
    steps = np.diff(addresses, axis=dim)
    return not steps.size or (steps == steps.reshape(-1)[0]).all()


def test_blocks_are_what_a_single_dim_could_stand_for():
    assert blocks((2, 3), (3, 1)) == [6]
    assert blocks((2, 3), (1, 2)) == [2, 3]
    assert blocks((2, 1, 3), (3, 99, 1)) == [6]
    assert blocks((2, 3), (0, 1)) == [2, 3]
    assert blocks((2, 3), (0, 0)) == [6]


@given(tensor_codes())
def test_strides_and_elements_are_known_without_building(code):
    tensor = code.build()
    long = [dim for dim, size in enumerate(tensor.shape) if size > 1]

    if tensor.numel():
        assert [code.strides()[dim] for dim in long] == [tensor.stride(dim) for dim in long]
    assert code.elements().shape == tensor.shape


def test_the_package_exports_what_it_names():
    assert all(callable(getattr(strategies, name)) for name in strategies.__all__)


def test_tensors_are_built_where_they_are_placed():
    with placing_on("meta"):
        tensor = minimal(tensors(min_dims=1))

    assert tensor.device.type == "meta"


def test_a_case_prints_what_it_started_from_after_a_rule_wrote_to_it():
    code = TensorCode((0.0,), torch.float32, (1,), (1,))
    case = Gather(classes=(), input=code, dim=0, index=code)
    before = repr(case)
    case.input.fill_(7)

    assert repr(case) == before
    assert case.input.item() == 7


def test_palettes_hold_the_values_that_kernels_get_wrong():
    assert palette(torch.bool)[:2] == (False, True)
    assert {2**63 - 1, -(2**63), 2**53 + 1} <= set(palette(torch.int64))
    assert 2**64 - 1 in palette(torch.uint64)
    assert {65504.0, float("inf")} <= set(palette(torch.float16))
    assert 258.0 in palette(torch.bfloat16)
    for dtype in dict.fromkeys(STORED_DTYPES):
        assert len(palette(dtype)) == 256
        assert torch.tensor(palette(dtype), dtype=dtype)[0] == 0


def test_subnormals_survive_in_the_palette():
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        values = torch.tensor(palette(dtype), dtype=dtype)
        assert bool(((values != 0) & (values.abs() < torch.finfo(dtype).tiny)).any()), dtype


def test_ramps_start_anew_where_exact_integers_end():
    assert ramp(torch.int8, 129)[126:] == (126, 0, 1)
    assert ramp(torch.bfloat16, 258)[255:] == (255.0, 0.0, 1.0)
    assert ramp(torch.bool, 3) == (False, True, False)


@given(st.binary(min_size=2, max_size=2), st.integers(1, 6))
def test_dims_are_in_range(data, count):
    assert -count <= decode_dim(Tape(data), count) < count
    dims = decode_dims(Tape(data), count)
    assert len({dim % count for dim in dims}) == len(dims) >= 1


@given(st.binary(min_size=2, max_size=2), st.integers(1, 6))
def test_bad_dims_are_out_of_range(data, count):
    assert not -count <= decode_bad_dim(Tape(data), count) < count


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="min_dims=3, max_dims=2"):
        shapes(min_dims=3, max_dims=2)
    with pytest.raises(ValueError, match="min_dims=0, max_dims=9"):
        tensors(max_dims=9)
    with pytest.raises(ValueError, match="not 0"):
        tensor_codes(dtypes=())
    with pytest.raises(ValueError, match="255"):
        weighted({1: 255})
    with pytest.raises(ValueError, match="not of 0"):
        decode_dim(Tape(b"\0"), 0)


def test_strategies_work_in_a_test_of_ones_own():
    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    @given(tensors(min_dims=1, max_dims=2, dtypes=[torch.float64]))
    def test_own(x):
        assert x.dtype is torch.float64
        assert 1 <= x.dim() <= 2

    test_own()


def test_tensors_are_drawn_among_the_shapes_given():
    shapes = [(3, 4), (2, 0), ()]
    seen = set()

    @given(tensor=tensors(among=shapes))
    @settings(database=None, derandomize=True)
    def draw(tensor):
        seen.add(tuple(tensor.shape))

    draw()

    assert seen == set(shapes)


@pytest.mark.parametrize("among", [[], [()] * 257])
def test_too_few_and_too_many_shapes_are_refused(among):
    with pytest.raises(ValueError, match=f"1 to 256 shapes are needed, not {len(among)}"):
        tensors(among=among)
