"""A torch module as KernelBench writes one: what is made, and what it is called on."""

import torch
from torch import nn


class Model(nn.Module):
    """A gated perceptron after a norm."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * inner)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, width] to the same."""
        left, right = self.up(self.norm(x)).chunk(2, dim=-1)
        return x + self.down(nn.functional.silu(left) * right)


def get_inputs() -> list[torch.Tensor]:
    """Arguments of one call."""
    return [torch.randn(64, 128)]


def get_init_inputs() -> list[int]:
    """Arguments of the constructor."""
    return [128, 256]
