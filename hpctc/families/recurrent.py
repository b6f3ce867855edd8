"""Recurrent layers, unrolled over their steps: LSTM (1997) and GRU (2014).

x is [steps, batch, features], the state [batch, hidden]; gates lie one after the other in the
weights' rows, in torch's order. Each layer comes twice: stepwise as it is defined, and with the
inputs of all steps multiplied at once.
"""

from collections.abc import Iterable
from typing import Any

from hpctc.families.base import Sizes, declare
from hpctc.families.tensor import Pen, Tensor

SHAPE = {
    "steps": (2, 4, 8), "batch": (1, 4, 16, 64), "features": (8, 32, 128, 512),
    "hidden": (8, 32, 128, 512),
}  # fmt: skip
LSTM = "Long Short-Term Memory, 1997"
GRU = "Learning Phrase Representations using RNN Encoder-Decoder, 2014"


class _Weights:
    """The parameters of one layer of ``gates`` gates."""

    def __init__(self, pen: Pen, gates: int, features: int, hidden: int) -> None:
        self.of_input = pen.weight("w_x", gates * hidden, features)
        self.of_state = pen.weight("w_h", gates * hidden, hidden)
        self.bias_of_input = pen.weight("b_x", gates * hidden)
        self.bias_of_state = pen.weight("b_h", gates * hidden)

    def stepwise(self, x: Tensor) -> Iterable[Tensor]:
        """The input's part of the gates, a product a step: each [batch, gates * hidden]."""
        for each in _steps(x):
            yield each.dense(self.of_input) + self.bias_of_input

    def hoisted(self, x: Tensor) -> Iterable[Tensor]:
        """The same by one product over all steps."""
        return _steps(x.dense(self.of_input) + self.bias_of_input)

    def state(self, h: Tensor) -> Tensor:
        """The state's part of the gates."""
        return h.dense(self.of_state) + self.bias_of_state


def _steps(x: Tensor) -> list[Tensor]:
    return [each.view(*x.shape[1:]) for each in x.parts(x.shape[0], 0)]


def _lstm(pen: Pen, hoist: bool, sizes: Sizes) -> tuple[Tensor, Tensor]:
    batch, hidden = sizes["batch"], sizes["hidden"]
    x = pen.input("x", sizes["steps"], batch, sizes["features"])
    h, c = pen.input("h", batch, hidden), pen.input("c", batch, hidden)
    weights = _Weights(pen, 4, sizes["features"], hidden)
    outputs = []
    for part in weights.hoisted(x) if hoist else weights.stepwise(x):
        enter, forget, fresh, out = (part + weights.state(h)).parts(4, 1)
        c = forget.sigmoid() * c + enter.sigmoid() * fresh.tanh()
        h = out.sigmoid() * c.tanh()
        outputs.append(h)
    return pen.stack(outputs, axis=0), c


def _gru(pen: Pen, hoist: bool, sizes: Sizes) -> Tensor:
    batch, hidden = sizes["batch"], sizes["hidden"]
    x = pen.input("x", sizes["steps"], batch, sizes["features"])
    h = pen.input("h", batch, hidden)
    weights = _Weights(pen, 3, sizes["features"], hidden)
    outputs = []
    for part in weights.hoisted(x) if hoist else weights.stepwise(x):
        reset_x, update_x, fresh_x = part.parts(3, 1)
        reset_h, update_h, fresh_h = weights.state(h).parts(3, 1)
        update = (update_x + update_h).sigmoid()
        fresh = (fresh_x + (reset_x + reset_h).sigmoid() * fresh_h).tanh()
        h = fresh + update * (h - fresh)
        outputs.append(h)
    return pen.stack(outputs, axis=0)


def _torch_lstm(t: Any, x: Any, sizes: Sizes) -> Any:
    y, _, c = t.lstm(
        x["x"], (x["h"][None], x["c"][None]), _flat(x), True, 1, 0.0, False, False, False
    )
    return y, c[0]


def _torch_gru(t: Any, x: Any, sizes: Sizes) -> Any:
    return t.gru(x["x"], x["h"][None], _flat(x), True, 1, 0.0, False, False, False)[0]


def _flat(x: Any) -> list[Any]:
    return [x[name] for name in ("w_x", "w_h", "b_x", "b_h")]


@declare(
    name="recurrent.lstm", doc="a layer of LSTM, step by step", sizes=SHAPE, source=LSTM,
    torch=_torch_lstm,
)  # fmt: skip
def lstm(pen: Pen, **sizes: int) -> tuple[Tensor, Tensor]:
    """Both products in every step."""
    return _lstm(pen, False, sizes)


@declare(
    name="recurrent.lstm_hoisted", doc="a layer of LSTM, its inputs multiplied at once",
    sizes=SHAPE, source=LSTM, like="recurrent.lstm", torch=_torch_lstm,
)  # fmt: skip
def lstm_hoisted(pen: Pen, **sizes: int) -> tuple[Tensor, Tensor]:
    """Only the state's product in every step."""
    return _lstm(pen, True, sizes)


@declare(
    name="recurrent.gru", doc="a layer of GRU, step by step", sizes=SHAPE, source=GRU,
    torch=_torch_gru,
)  # fmt: skip
def gru(pen: Pen, **sizes: int) -> Tensor:
    """Both products in every step."""
    return _gru(pen, False, sizes)


@declare(
    name="recurrent.gru_hoisted", doc="a layer of GRU, its inputs multiplied at once",
    sizes=SHAPE, source=GRU, like="recurrent.gru", torch=_torch_gru,
)  # fmt: skip
def gru_hoisted(pen: Pen, **sizes: int) -> Tensor:
    """Only the state's product in every step."""
    return _gru(pen, True, sizes)
