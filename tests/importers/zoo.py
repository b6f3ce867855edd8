"""Small torch modules of every kind that an import must take, each with arguments."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  as everybody calls it


class Calls(nn.Module):
    """A function as a module, with the layers that it uses."""

    def __init__(self, forward: Callable[..., Any], **layers: nn.Module | Tensor) -> None:
        super().__init__()
        self._forward = forward
        for name, layer in layers.items():
            if isinstance(layer, nn.Module):
                self.add_module(name, layer)
            elif layer.is_floating_point() and not name.startswith("table"):
                self.register_parameter(name, nn.Parameter(layer))
            else:
                self.register_buffer(name, layer)

    def forward(self, *args: Any) -> Any:
        return self._forward(self, *args)


Case = Callable[[], tuple[nn.Module, tuple[Any, ...]]]
ZOO: dict[str, Case] = {}


def case(build: Case) -> Case:
    ZOO[build.__name__] = build
    return build


def image(channels: int = 3, size: int = 8) -> Tensor:
    return torch.randn(2, channels, size, size)


@case
def mlp() -> Any:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4), nn.Tanh()), (
        torch.randn(3, 6),
    )


@case
def cnn() -> Any:
    layers = (
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 5, 3),
        nn.Flatten(),
        nn.Linear(20, 3),
    )
    return nn.Sequential(*layers), (image(),)


@case
def residual() -> Any:
    def forward(m: Any, x: Tensor) -> Tensor:
        return F.relu(m.b2(m.c2(F.relu(m.b1(m.c1(x))))) + x)

    layers = {
        "c1": nn.Conv2d(3, 3, 3, padding=1, bias=False),
        "b1": nn.BatchNorm2d(3),
        "c2": nn.Conv2d(3, 3, 3, padding=1, bias=False),
        "b2": nn.BatchNorm2d(3),
    }
    return Calls(forward, **layers), (image(),)


@case
def mbconv() -> Any:
    def forward(m: Any, x: Tensor) -> Tensor:
        h = F.silu(m.bn(m.grow(x)))
        h = F.silu(m.deep(h))
        gate = torch.sigmoid(m.up(F.silu(m.down(h.mean((2, 3), keepdim=True)))))
        return m.shrink(h * gate) + x

    return Calls(
        forward,
        grow=nn.Conv2d(4, 8, 1),
        bn=nn.BatchNorm2d(8),
        shrink=nn.Conv2d(8, 4, 1),
        deep=nn.Conv2d(8, 8, 3, padding=1, groups=8),
        down=nn.Conv2d(8, 2, 1),
        up=nn.Conv2d(2, 8, 1),
    ), (image(4, 6),)


@case
def depthwise_strided() -> Any:
    return nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=4), (image(4),)


@case
def dilated_and_one_axis() -> Any:
    return nn.Sequential(nn.Conv1d(3, 4, 3, dilation=2, padding=2), nn.ELU()), (
        torch.randn(2, 3, 9),
    )


@case
def conv_in_space() -> Any:
    return nn.Conv3d(2, 3, 2), (torch.randn(1, 2, 4, 4, 4),)


@case
def same_padding() -> Any:
    return nn.Conv2d(3, 4, 3, padding="same"), (image(),)


@case
def transposed_conv() -> Any:
    layers = (nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1), nn.LeakyReLU(0.2))
    return nn.Sequential(*layers), (image(3, 5),)


@case
def transposed_conv_one_axis() -> Any:
    return nn.ConvTranspose1d(4, 4, 4, stride=2, groups=2), (torch.randn(1, 4, 6),)


@case
def transposed_conv_in_space_and_dilated() -> Any:
    def forward(m: Any, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        return m.space(x), m.cut(x), m.wide(y)

    return Calls(
        forward,
        space=nn.ConvTranspose3d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
        cut=nn.ConvTranspose3d(4, 2, 1, stride=2, padding=1),
        wide=nn.ConvTranspose2d(3, 4, (2, 3), stride=(2, 1), dilation=(3, 2), padding=1),
    ), (torch.randn(1, 4, 3, 3, 3), image(3, 4))


@case
def multi_head_attention() -> Any:
    def forward(m: Any, x: Tensor) -> Tensor:
        made: Tensor = m.attend(x, x, x, need_weights=False)[0]
        return made

    return Calls(forward, attend=nn.MultiheadAttention(8, 2, batch_first=True)), (
        torch.randn(2, 5, 8),
    )


@case
def causal_attention() -> Any:
    def forward(m: Any, x: Tensor) -> Tensor:
        q, k, v = (t.view(2, 5, 2, 4).transpose(1, 2) for t in m.qkv(x).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return m.out(y.transpose(1, 2).reshape(2, 5, 8))

    return Calls(forward, qkv=nn.Linear(8, 24), out=nn.Linear(8, 8)), (torch.randn(2, 5, 8),)


@case
def causal_attention_by_a_buffer() -> Any:
    # As in minGPT, and in KernelBench's level 3.
    def forward(m: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(q.size(-1))
        scores = scores.masked_fill(m.table[:, :, :6, :6] == 0, float("-inf"))
        return F.softmax(scores, dim=-1) @ v

    table = torch.tril(torch.ones(8, 8)).view(1, 1, 8, 8)
    return Calls(forward, table=table), tuple(torch.randn(3, 2, 2, 6, 4))


@case
def grouped_query_attention() -> Any:
    def forward(_: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)

    return Calls(forward), (torch.randn(1, 4, 5, 8), *torch.randn(2, 1, 2, 5, 8))


@case
def attention_with_a_mask_argument() -> Any:
    def forward(_: Any, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)

    mask = torch.rand(4, 4) < 0.5
    return Calls(forward), (*torch.randn(3, 1, 2, 4, 8), mask | torch.eye(4, dtype=torch.bool))


@case
def layer_norms() -> Any:
    def forward(m: Any, x: Tensor) -> Tensor:
        return m.plain(m.both(m.last(x)))

    return Calls(
        forward,
        last=nn.LayerNorm(6),
        both=nn.LayerNorm((5, 6)),
        plain=nn.LayerNorm(6, elementwise_affine=False),
    ), (torch.randn(2, 5, 6),)


@case
def norms_of_images() -> Any:
    layers = (nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.InstanceNorm2d(4))
    return nn.Sequential(*layers), (image(4, 5),)


@case
def group_norm_of_rows() -> Any:
    return nn.Sequential(nn.Linear(5, 8), nn.GroupNorm(2, 8), nn.Hardtanh()), (torch.randn(3, 5),)


@case
def rms_norm() -> Any:
    return nn.RMSNorm(8), (torch.randn(3, 8),)


@case
def rms_norm_by_hand() -> Any:
    def forward(m: Any, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * m.scale

    return Calls(forward, scale=torch.ones(8)), (torch.randn(3, 8),)


@case
def l2_norm() -> Any:
    return Calls(lambda _, x: x / torch.norm(x, p=2, dim=1, keepdim=True)), (torch.randn(3, 8),)


@case
def activations() -> Any:
    kinds = (
        nn.GELU(),
        nn.GELU(approximate="tanh"),
        nn.SiLU(),
        nn.Mish(),
        nn.Softplus(),
        nn.Softplus(beta=2),
        nn.Hardswish(),
        nn.Hardsigmoid(),
        nn.ELU(0.5),
        nn.SELU(),
        nn.CELU(),
        nn.PReLU(),
        nn.Hardtanh(-0.3, 0.4),
        nn.Softsign(),
        nn.LogSigmoid(),
        nn.ReLU6(),
        nn.Tanhshrink(),
        nn.Sigmoid(),
        nn.Hardtanh(),
    )

    def forward(m: Any, x: Tensor) -> Tensor:
        return sum(act(x) for act in m.kinds)

    return Calls(forward, kinds=nn.ModuleList(kinds)), (torch.randn(3, 4, 5),)


@case
def pools() -> Any:
    def forward(_: Any, x: Tensor) -> tuple[Tensor, ...]:
        return (
            F.max_pool2d(x, 3, 2, 1),
            F.avg_pool2d(x, 2),
            F.avg_pool2d(x, 3, 1, 1),
            F.adaptive_avg_pool2d(x, 1),
            F.adaptive_avg_pool2d(x, (3, 2)),
            F.avg_pool2d(x, 3, 1, 1, count_include_pad=False),
        )

    return Calls(forward), (image(),)


@case
def pools_of_one_and_three_axes() -> Any:
    def forward(_: Any, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        return F.max_pool1d(x, 2), F.avg_pool1d(x, 3, 2), F.max_pool3d(y, 2), F.avg_pool3d(y, 2)

    return Calls(forward), (torch.randn(2, 3, 9), torch.randn(1, 2, 4, 4, 4))


@case
def softmaxes() -> Any:
    def forward(_: Any, x: Tensor) -> tuple[Tensor, ...]:
        return F.softmax(x, 1), F.log_softmax(x, -1), torch.logsumexp(x, (0, 2))

    return Calls(forward), (torch.randn(2, 3, 4),)


@case
def embedding() -> Any:
    def forward(m: Any, tokens: Tensor) -> Tensor:
        return m.words(tokens) + m.places(torch.arange(tokens.shape[1]))

    layers = {"words": nn.Embedding(11, 6), "places": nn.Embedding(8, 6)}
    return Calls(forward, **layers), (torch.randint(0, 11, (2, 5)),)


@case
def gru() -> Any:
    return Calls(lambda m, x: m.net(x)[0], net=nn.GRU(4, 3, batch_first=True)), (
        torch.randn(2, 3, 4),
    )


@case
def lstm() -> Any:
    def forward(m: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        y, (_, cell) = m.net(x)
        return y, cell

    return Calls(forward, net=nn.LSTM(4, 3, num_layers=2, bidirectional=True)), (
        torch.randn(3, 2, 4),
    )


@case
def recurrent_cells() -> Any:
    def forward(m: Any, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        return m.gru(x, h), *m.lstm(x, (h, c)), m.rnn(x, h)

    cells = {"gru": nn.GRUCell(4, 3), "lstm": nn.LSTMCell(4, 3), "rnn": nn.RNNCell(4, 3)}
    return Calls(forward, **cells), (torch.randn(2, 4), torch.randn(2, 3), torch.randn(2, 3))


@case
def upsampling() -> Any:
    def forward(_: Any, x: Tensor) -> tuple[Tensor, ...]:
        return (
            F.interpolate(x, scale_factor=2),
            F.interpolate(x, size=(5, 7)),
            F.interpolate(x, scale_factor=2, mode="bilinear"),
        )

    return Calls(forward), (image(2, 4),)


@case
def pixel_shuffles() -> Any:
    def forward(_: Any, x: Tensor) -> Tensor:
        return F.pixel_unshuffle(F.pixel_shuffle(x, 2) * 2, 2)

    return Calls(forward), (image(4, 3),)


@case
def reductions() -> Any:
    def forward(_: Any, x: Tensor) -> tuple[Tensor, ...]:
        return (
            x.sum(),
            x.mean((0, 2)),
            x.amax(1),
            x.min(2).values,
            x.prod(1),
            x.std(1),
            x.var((0, 1), unbiased=False),
            x.argmax(-1),
            x.cumsum(1),
            x.cumprod(2),
            x.max(1).indices,
            x.norm(p=1, dim=2),
        )

    return Calls(forward), (torch.randn(2, 3, 4),)


@case
def masks() -> Any:
    def forward(_: Any, x: Tensor, keep: Tensor) -> tuple[Tensor, ...]:
        return (
            torch.where(x > 0.2, x, -x),
            x.masked_fill(~keep, -1.0),
            (x < 0.0).any(1),
            ((x < 0.5) & keep).float().sum(),
            torch.tril(x),
            x.triu(1),
        )

    return Calls(forward), (torch.randn(4, 5), torch.rand(4, 5) < 0.5)


@case
def shapes() -> Any:
    def forward(_: Any, x: Tensor) -> tuple[Tensor, ...]:
        a, b, c = x.split((1, 2, 3), dim=1)
        return (
            torch.cat((b, a), 1),
            torch.stack((c, c + 1), 1),
            x.flip(1),
            x.roll(2, 1),
            x.repeat(2, 1),
            x[:, 1::2],
            x[..., -1],
            F.pad(x, (1, 2)),
            x.unsqueeze(0).expand(3, 4, 6),
            x.repeat_interleave(2, 1),
            F.pad(x, (-1, 1)),
        )

    return Calls(forward), (torch.randn(4, 6),)


@case
def lookups() -> Any:
    def forward(m: Any, x: Tensor, at: Tensor) -> tuple[Tensor, ...]:
        return (
            x[:, [3, 0, 3]],
            x.gather(1, at),
            torch.index_select(x, 0, m.rows),
            F.one_hot(at, 6).float() @ x.t(),
        )

    return Calls(forward, rows=torch.tensor([2, 0])), (
        torch.randn(3, 6),
        torch.randint(0, 6, (3, 2)),
    )


@case
def orders_and_bits() -> Any:
    def forward(_: Any, x: Tensor, n: Tensor) -> tuple[Tensor, ...]:
        values, at = x.topk(3, dim=1)
        return values, at, x.sort(1).values, x.argsort(-1), (n & 5) ^ 2, (n << 2) >> 1, ~n

    return Calls(forward), (torch.randn(4, 6), torch.randint(0, 9, (5,)))


@case
def losses() -> Any:
    def forward(_: Any, x: Tensor, y: Tensor, label: Tensor) -> tuple[Tensor, ...]:
        return (
            F.mse_loss(x, y),
            F.smooth_l1_loss(x, y),
            F.cross_entropy(x, label),
            F.kl_div(F.log_softmax(x, -1), F.softmax(y, -1), reduction="batchmean"),
        )

    return Calls(forward), (torch.randn(4, 5), torch.randn(4, 5), torch.randint(0, 5, (4,)))


@case
def rotary_embedding() -> Any:
    def forward(_: Any, x: Tensor) -> Tensor:
        angle = torch.outer(torch.arange(5.0), 1 / 100 ** (torch.arange(0, 4, 2) / 4))
        cos, sin = (t.repeat(1, 2) for t in (angle.cos(), angle.sin()))
        left, right = x.chunk(2, -1)
        return x * cos + torch.cat((-right, left), -1) * sin

    return Calls(forward), (torch.randn(2, 5, 4),)


@case
def einsums() -> Any:
    def forward(_: Any, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        return (
            torch.einsum("bik,bjk->bij", a, b),
            torch.einsum("bij->bj", a),
            torch.einsum("bik,bjk->b", a, b),
        )

    return Calls(forward), (torch.randn(2, 3, 4), torch.randn(2, 5, 4))


@case
def written_in_place() -> Any:
    def forward(_: Any, x: Tensor) -> Tensor:
        y = x.clone()
        y[:, 1:3] = 0.5
        y.mul_(2).relu_()
        return y

    return Calls(forward), (torch.randn(3, 5),)


@case
def scalars_and_whole_numbers() -> Any:
    def forward(_: Any, x: Tensor, n: Tensor) -> tuple[Tensor, ...]:
        return (
            2 / (x.abs() + 1),
            1 - x,
            x**3,
            x // 0.3,
            n * 2 + 1,
            n.float() * x,
            2**x,
            torch.clamp(n, 0, 3),
            n % 3,
        )

    return Calls(forward), (torch.randn(5), torch.randint(0, 9, (5,)))


@case
def transformer_encoder_layer() -> Any:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True, norm_first=True)
    return layer, (torch.randn(2, 4, 8),)


@case
def mixture_of_experts() -> Any:
    def forward(m: Any, x: Tensor) -> Tensor:
        share = F.softmax(m.router(x), -1)
        best = share.argmax(-1, keepdim=True)
        kept = share * torch.zeros_like(share).scatter(-1, best, 1.0)
        return sum(kept[:, i : i + 1] * expert(x) for i, expert in enumerate(m.experts))

    experts = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))
    return Calls(forward, router=nn.Linear(6, 3), experts=experts), (torch.randn(4, 6),)


@case
def tied_weights() -> Any:
    first, second = nn.Linear(5, 5), nn.Linear(5, 5)
    second.weight = first.weight
    return nn.Sequential(first, nn.ReLU(), second), (torch.randn(2, 5),)


@case
def nested_arguments() -> Any:
    def forward(_: Any, pair: tuple[Tensor, Tensor], named: dict[str, Tensor], times: int) -> Any:
        return {"sum": pair[0] + pair[1] * times, "rest": named["z"] - pair[0]}

    x, y, z = torch.randn(3, 4)
    return Calls(forward), ((x, y), {"z": z}, 3)


@case
def an_unused_argument_and_an_input_returned() -> Any:
    return Calls(lambda _, x, y: (x, x + 1, x + 1)), (torch.randn(3), torch.randn(4))


@case
def half_precision() -> Any:
    def forward(_: Any, x: Tensor) -> Tensor:
        return (F.relu(x) * 0.5).float().sum(1)

    return Calls(forward), (torch.randn(3, 4).half(),)
