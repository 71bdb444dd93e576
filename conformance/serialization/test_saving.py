"""torch.save and torch.load: what comes back, where it lies, and what it shares.

Not covered: files of their own, mmap, modules in TorchScript, and globals that are declared safe.
"""

import io

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.arguments import drawn_argument
from strategies.cases.creations import dense, inputs
from strategies.cases.leaves import leaves
from strategies.cases.modules import networks
from strategies.cases.placements import complex_placements

SAVE = "torch.save"
LOAD = "torch.load"
NOTES = "notes/serialization"
OBSERVED = Basis.OBSERVED
VALUES = [Need.VALUES]
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


def _again(saved, **options):
    """Return what is loaded of what is saved; `options` are those of torch.load."""
    buffer = io.BytesIO()
    torch.save(saved, buffer)
    buffer.seek(0)
    return torch.load(buffer, **options)


@rule("save.elements", source=NOTES, needs=VALUES)
@given(case=inputs())
def test_elements(case):
    """A tensor that was saved and loaded has its elements, whatever its layout."""
    expected = drawn_argument(case, "input")

    output = _again(case.input)

    expect.equal_elements(output, expected)


@rule("save.shape", source=NOTES)
@given(case=inputs())
def test_shape(case):
    """A tensor that was saved and loaded has its shape and its dtype."""
    output = _again(case.input)

    assert (output.shape, output.dtype) == (case.input.shape, case.input.dtype)


@rule("save.device", source=LOAD)
@given(case=inputs())
def test_device(case):
    """A tensor that was saved and loaded is on the device that it was on."""
    output = _again(case.input)

    assert output.device == case.input.device


@rule("save.strides", source=NOTES, basis=OBSERVED, needs=[Need.STRIDES])
@given(case=inputs())
def test_strides(case):
    """A tensor that was saved and loaded has its strides."""
    output = _again(case.input)

    assert output.stride() == case.input.stride()


@rule("save.conj", source=NOTES, basis=OBSERVED, needs=VALUES)
@given(case=complex_placements())
def test_conj(case):
    """A conj view that was saved and loaded is one, and a tensor that is none is none."""
    outputs = [_again(case.input.conj()), _again(case.input)]

    assert [output.is_conj() for output in outputs] == [True, False]


@rule("save.requires_grad", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_requires_grad(case):
    """A tensor that was saved and loaded requires grad if it did."""
    outputs = [_again(case.x), _again(case.upstream)]

    assert [output.requires_grad for output in outputs] == [True, False]


@rule("save.history", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_history(case):
    """A tensor with a history that was saved and loaded is a leaf."""
    output = _again(case.x * 2)

    assert output.is_leaf


@rule("save.gradient", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_gradient(case):
    """A leaf that was saved and loaded has no .grad."""
    (case.x * 2).backward(case.upstream)

    output = _again(case.x)

    assert output.grad is None


@rule("save.views", source=NOTES, needs=VALUES)
@given(case=inputs(nonempty=True, writable=True))
def test_views(case):
    """A tensor and a view of it that were saved together share memory when they are loaded."""
    base, view = _again([case.input, case.input.unsqueeze(0)])

    view.fill_(1)

    expect.all_ones(base)


@rule("save.apart", source=NOTES, basis=OBSERVED, needs=VALUES)
@given(case=inputs(nonempty=True, writable=True))
def test_apart(case):
    """What is loaded does not share memory with what was saved."""
    expected = drawn_argument(case, "input")

    _again(case.input).fill_(1)

    expect.same_elements(case.input, expected)


@rule("save.whole_storage", source=NOTES, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_whole_storage(case):
    """With a slice the whole storage is saved that it is a slice of."""
    whole = torch.stack([case.input, case.input])

    output = _again(whole[1])

    assert output.untyped_storage().nbytes() == whole.untyped_storage().nbytes()


@rule("save.clone", source=NOTES, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_clone(case):
    """With a clone of a slice no more than its elements is saved."""
    whole = torch.stack([case.input, case.input])

    output = _again(whole[1].clone())

    assert output.untyped_storage().nbytes() == output.numel() * output.itemsize


@rule("save.same_object", source=NOTES, basis=OBSERVED)
@given(case=inputs())
def test_same_object(case):
    """A tensor that is saved twice at once is loaded as one object."""
    one, other = _again([case.input, case.input])

    assert one is other


@rule("save.containers", source=NOTES)
@given(case=inputs())
def test_containers(case):
    """Tuples, lists and dicts that were saved and loaded are of their kinds, with what was in them."""
    output = _again({"key": [(case.input,), 7]})

    assert list(output) == ["key"]
    assert (type(output["key"]), type(output["key"][0]), output["key"][1]) == (list, tuple, 7)
    assert isinstance(output["key"][0][0], torch.Tensor)


@rule("save.dict_of_tensors", source=NOTES, needs=VALUES)
@given(case=leaves())
def test_dict_of_tensors(case):
    """Each tensor of a dict that was saved is loaded under its key."""
    expected = reference.drawn(case.upstream)

    output = _again({"x": case.x, "other": case.upstream})

    expect.equal_elements(output["other"], expected)


@rule("save.parameter", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_parameter(case):
    """A Parameter that was saved and loaded is a Parameter."""
    output = _again(torch.nn.Parameter(case.x.detach()))

    assert isinstance(output, torch.nn.Parameter)


@rule("save.state_dict", source=NOTES, needs=GRADIENT)
@given(case=networks())
def test_state_dict(case):
    """A module that loads its state_dict, which was saved before, has the parameters of then."""
    expected = reference.drawn(case.module[0].weight)
    state = _again(case.module.state_dict())
    with torch.no_grad():
        case.module[0].weight.fill_(7)

    case.module.load_state_dict(state)

    expect.equal_elements(case.module[0].weight, expected)


@rule("save.old_format", source=SAVE, needs=VALUES)
@given(case=inputs())
def test_old_format(case):
    """load takes the old format, too, that save writes with _use_new_zipfile_serialization=False."""
    expected = drawn_argument(case, "input")
    buffer = io.BytesIO()
    torch.save(case.input, buffer, _use_new_zipfile_serialization=False)
    buffer.seek(0)

    output = torch.load(buffer)

    expect.equal_elements(output, expected)


@rule("save.several_dtypes", source=NOTES, basis=OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=dense())
def test_several_dtypes(case):
    """Two tensors that see one storage as of two dtypes cannot be saved together: RuntimeError."""
    ones = torch.ones(case.input.shape, device=case.input.device)
    _again([ones, ones.view(case.input.shape)])

    with pytest.raises(RuntimeError):
        _again([ones, ones.view(torch.int32)])


# Where what is loaded goes.


@rule("load.map_location", source=LOAD, needs=VALUES)
@given(case=inputs())
def test_map_location(case):
    """With the name of a device as map_location, all tensors are loaded there."""
    outputs = _again([case.input, torch.zeros(2)], map_location="meta")

    assert [output.device.type for output in outputs] == ["meta", "meta"]


@rule("load.map_location_device", source=LOAD, needs=VALUES)
@given(case=inputs())
def test_map_location_device(case):
    """With a torch.device as map_location, all tensors are loaded there."""
    outputs = _again([case.input, torch.zeros(2)], map_location=torch.device("meta"))

    assert [output.device.type for output in outputs] == ["meta", "meta"]


@rule("load.map_location_cpu", source=LOAD, needs=VALUES)
@given(case=inputs())
def test_map_location_cpu(case):
    """With map_location="cpu", a tensor is loaded to the CPU with its elements, wherever it was."""
    expected = drawn_argument(case, "input")

    output = _again(case.input, map_location="cpu")

    assert output.device.type == "cpu"
    expect.equal_elements(output, expected)


@rule("load.map_location_dict", source=LOAD, needs=VALUES)
@given(case=inputs())
def test_map_location_dict(case):
    """With a dict as map_location, tensors of the location that is a key are loaded to its value."""
    locations = [{"cpu": "meta"}, {"somewhere": "meta"}]

    outputs = [_again(case.input.cpu(), map_location=location) for location in locations]

    assert [output.device.type for output in outputs] == ["meta", "cpu"]


@rule("load.map_location_function", source=LOAD, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_map_location_function(case):
    """A function that is the map_location is called once for each storage, with the storage on the CPU and
    the tag of where it was.
    """
    seen, tensor = [], case.input.cpu()

    def where(storage, location):
        seen.append((storage.device.type, location))
        return storage

    _again([tensor, tensor.unsqueeze(0), torch.zeros(2)], map_location=where)

    assert seen == [("cpu", "cpu"), ("cpu", "cpu")]


@rule("load.map_location_result", source=LOAD, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_map_location_result(case):
    """The storage that a map_location returns is the one that is loaded."""
    tensor = case.input.cpu()

    output = _again(tensor, map_location=lambda storage, location: storage.clone().fill_(0))

    assert (output == 0).all()


@rule("load.map_location_none", source=LOAD, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_map_location_none(case):
    """Where a map_location returns None, what is loaded is as it is by default."""
    expected = drawn_argument(case, "input")

    output = _again(case.input, map_location=lambda storage, location: None)

    expect.equal_elements(output, expected)


@rule("load.weights_only", source=LOAD, also=[NOTES], kind=Kind.ERROR, needs=VALUES)
@given(case=inputs())
def test_weights_only(case):
    """With weights_only=True, tensors are loaded, and a module is refused."""
    _again([case.input], weights_only=True)
    _again([case.input, torch.nn.Identity()], weights_only=False)

    with expect.refusal():
        _again([case.input, torch.nn.Identity()], weights_only=True)


@rule("load.weights_only_by_default", source=NOTES, also=[LOAD], kind=Kind.ERROR, needs=VALUES)
@given(case=inputs())
def test_weights_only_by_default(case):
    """Without weights_only, tensors are loaded, and a module is refused."""
    _again([case.input])
    _again([case.input, torch.nn.Identity()], weights_only=False)

    with expect.refusal():
        _again([case.input, torch.nn.Identity()])
