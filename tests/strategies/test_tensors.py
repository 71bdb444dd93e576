import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import gathers, placing_on, tensor_codes, tensors
from strategies.values import palette
from tests.strategies.drawing import minimal


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


def test_tensors_are_built_where_they_are_placed():
    with placing_on("meta"):
        tensor = minimal(tensors(min_dims=1))

    assert tensor.device.type == "meta"


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


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="min_dims=0, max_dims=9"):
        tensors(max_dims=9)
    with pytest.raises(ValueError, match="not 0"):
        tensor_codes(dtypes=())


def failing(test):
    """Return what Hypothesis says of a test's failing example."""
    with pytest.raises(AssertionError) as raised:
        test()
    return "\n".join(vars(raised.value)["__notes__"])


def test_a_tensor_prints_with_its_layout():
    @given(x=tensors(dtypes=torch.float32, shape=(2, 2)))
    @settings(database=None, derandomize=True)
    def test_own(x):
        assert x.stride() != (1, 2)

    assert ".permute(1, 0)" in failing(test_own)


def test_elements_are_those_given():
    assert set(minimal(tensors(elements=[2, 5], dtypes=torch.int16, shape=(3,))).tolist()) <= {2, 5}

    @given(x=tensors(elements=st.floats(-1, 1, width=32), dtypes=torch.float32, max_dims=2))
    @settings(database=None, derandomize=True)
    def test_own(x):
        assert bool((x.abs() <= 1).all())

    test_own()


def test_tensors_may_require_grad():
    tensor = minimal(tensors(dtypes=[torch.float64], requires_grad=True))

    assert tensor.requires_grad
    assert tensor.is_leaf


def test_floats_are_drawn_with_any_mantissa():
    for dtype in (torch.float32, torch.float64):
        numbers = [number for number in (value.real for value in palette(dtype)) if 1e-6 < number < 1e6]
        assert sum(number * 8 % 1 != 0 for number in numbers) > 20
        assert any(number < 1e-4 for number in numbers)


def test_strategies_print_as_what_makes_them():
    assert repr(tensors()) == "tensors(…)"
    assert repr(tensor_codes(max_dims=1)) == "tensor_codes(…)"
    assert repr(gathers()) == "gathers(…)"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shape": (2,), "among": [(2,)]}, "exclude each other"),
        ({"shape": (-1,)}, "at least 0, not -1"),
        ({"requires_grad": True, "dtypes": torch.int64}, "torch.int64 have no gradients"),
        ({"elements": []}, "1 to 256 elements"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        tensors(**options)
