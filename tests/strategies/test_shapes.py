import pytest

from strategies import shapes
from strategies.shapes import nonempty_shape, with_size
from tests.strategies.drawing import minimal


def test_shapes_shrink_toward_few_small_dims():
    assert minimal(shapes()) == ()
    assert minimal(shapes(), lambda shape: len(shape) >= 2) == (1, 1)
    assert minimal(shapes(), lambda shape: 0 in shape) == (0,)
    assert minimal(shapes(), lambda shape: max(shape, default=0) > 3) == (4,)
    assert minimal(shapes(), lambda shape: max(shape, default=0) > 256) == (257,)
    assert minimal(shapes(min_dims=3)) == (1, 1, 1)


def test_a_shape_with_another_size_keeps_all_others():
    assert with_size((2, 3, 4), 1, 0) == (2, 0, 4)
    assert with_size((5,), 0, 1) == (1,)
    assert nonempty_shape((0, 3, 0)) == (1, 3, 1)
    assert nonempty_shape(()) == ()


def test_dims_out_of_order_are_named():
    with pytest.raises(ValueError, match="min_dims=3, max_dims=2"):
        shapes(min_dims=3, max_dims=2)
