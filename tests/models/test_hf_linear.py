"""Products of a few rows: what oneDNN says is what PyTorch says, and only where it pays."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import linear

from hpctc.models.hf.linear import FEWEST, LEAST, MOST, FewRows, available, products

WEIGHT = torch.randn(1024, LEAST // 1024, generator=torch.Generator().manual_seed(1))

pytestmark = pytest.mark.skipif(not available(), reason="this PyTorch has no oneDNN")


def both(rows: torch.Tensor, *rest: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Without the mode, with it, and how often the operator was called."""
    with torch.inference_mode(), torch.profiler.profile() as seen:
        usual = linear(rows, *rest)
        with FewRows():
            ours = linear(rows, *rest)
    return usual, ours, sum("_linear_pointwise" in event.name for event in seen.events())


@pytest.mark.parametrize("shape", [(FEWEST,), (1, 7), (2, 8), (MOST,)])
@pytest.mark.parametrize("biased", [False, True])
def test_it_is_the_same_product(shape: tuple[int, ...], biased: bool) -> None:
    rows = torch.randn(*shape, WEIGHT.shape[1], generator=torch.Generator().manual_seed(2))
    bias = [torch.linspace(-3, 3, WEIGHT.shape[0])] if biased else []
    usual, ours, calls = both(rows, WEIGHT, *bias)
    assert calls == 1
    assert ours.shape == usual.shape
    exact = linear(rows.double(), WEIGHT.double(), *(b.double() for b in bias))
    spread = 2**-24 * WEIGHT.shape[1] ** 0.5 * linear(rows.abs(), WEIGHT.abs()).max()
    assert (ours - exact).abs().max() <= spread
    assert (usual - exact).abs().max() <= spread


@pytest.mark.parametrize(
    ("rows", "weight"),
    [
        (torch.zeros(1, WEIGHT.shape[1]), WEIGHT),
        (torch.zeros(MOST + 1, WEIGHT.shape[1]), WEIGHT),
        (torch.zeros(8, 64), torch.zeros(64, 64)),
        (torch.zeros(8, WEIGHT.shape[1], dtype=torch.bfloat16), WEIGHT.bfloat16()),
        (torch.zeros(8, WEIGHT.shape[0]), WEIGHT.t()),
    ],
    ids=["one row", "many rows", "a small weight", "another type", "a view"],
)
def test_else_it_is_left_to_pytorch(rows: torch.Tensor, weight: torch.Tensor) -> None:
    usual, ours, calls = both(rows, weight)
    assert calls == 0
    assert torch.equal(usual, ours)


@pytest.mark.parametrize(
    ("dtype", "served"), [(torch.float32, True), (torch.bfloat16, False), (torch.float16, False)]
)
def test_only_a_model_that_it_serves_pays_for_it(dtype: torch.dtype, served: bool) -> None:
    model = SimpleNamespace(device=torch.device("cpu"), dtype=dtype)
    assert isinstance(products(model), FewRows) == served
    assert not isinstance(
        products(SimpleNamespace(device=torch.device("cuda"), dtype=dtype)), FewRows
    )


def test_what_learns_is_left_to_pytorch() -> None:
    rows = torch.ones(8, WEIGHT.shape[1], requires_grad=True)
    with FewRows():
        said = linear(rows, WEIGHT).sum()
    (gradient,) = torch.autograd.grad(said, rows)
    assert torch.allclose(gradient[0], WEIGHT.sum(0), atol=1e-3)
