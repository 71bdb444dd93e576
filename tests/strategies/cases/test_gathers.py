from hypothesis import given

from strategies import gathers
from tests.strategies.drawing import minimal


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


def test_gathers_shrink_to_what_a_person_would_write():
    smallest = minimal(gathers())
    duplicated = minimal(gathers(), lambda case: "index longer along dim" in case.classes)
    distinct = minimal(
        gathers(), lambda case: len(set(case.input.tolist() if case.input.dim() == 1 else [])) > 1
    )

    assert repr(smallest) == "Gather(input=torch.tensor(0.0), dim=0, index=torch.tensor(0))"
    assert repr(duplicated) == "Gather(input=torch.tensor([0.0]), dim=0, index=torch.tensor([0, 0]))"
    assert len(distinct.input.tolist()) == 2
