"""Products of a few rows with a weight, at the price of reading the weight once.

A pass over a draft has some rows for each weight, and reading the weight is what costs. PyTorch
hands float32 on a CPU to MKL's sgemm, which takes two to three times as long for 4 to 12 rows as
for one. oneDNN, which PyTorch brings along and uses for other types, reads the same weight where
it lies and takes half again as long as for one (``benchmarks/passes.py``). So drafts pay here, too.

A mode of PyTorch's own (``torch.overrides``) sends these products there; the model is not touched.
The operator is the one that PyTorch's compiler calls; it is not documented for others, which is one
more reason to pin torch. Where it is missing everything stays as it was (:func:`products`).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

FEWEST = 4
"""Up to three rows MKL takes no longer than for one."""

MOST = 64
"""With more rows arithmetic costs more than reading, and both libraries take the same time."""

LEAST = 1 << 20
"""Elements of a weight; a smaller one stays in a cache, and is sooner done than sent elsewhere."""


class FewRows(TorchFunctionMode):
    """While it is open, ``linear`` of some float32 rows on a CPU is oneDNN's; it must be there."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """See :class:`torch.overrides.TorchFunctionMode`."""
        if func is torch.nn.functional.linear and not kwargs and _pays(*args[:2]):
            bias = args[2] if len(args) > 2 else None
            return torch.ops.mkldnn._linear_pointwise(args[0], args[1], bias, "none", [], "")
        return func(*args, **(kwargs or {}))


def _pays(rows: Tensor, weight: Tensor) -> bool:
    return (
        weight.numel() >= LEAST
        and rows.dtype == weight.dtype == torch.float32
        and rows.device.type == weight.device.type == "cpu"
        and FEWEST <= rows.numel() // rows.shape[-1] <= MOST
        and weight.is_contiguous()
        and not torch.is_grad_enabled()
    )


def products(model: Any) -> AbstractContextManager[Any]:
    """What passes of a model run in: the mode, which sees every call, only where it serves."""
    served = model.device.type == "cpu" and model.dtype == torch.float32 and available()
    return FewRows() if served else nullcontext()


def available() -> bool:
    """Whether this PyTorch was built with oneDNN and has the operator."""
    return hasattr(torch.ops.mkldnn, "_linear_pointwise")


__all__ = ["FewRows", "available", "products"]
