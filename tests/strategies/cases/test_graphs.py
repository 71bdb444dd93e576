import pytest
from hypothesis import given

from conformance import reference
from strategies import graphs
from tests.strategies.drawing import minimal


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
