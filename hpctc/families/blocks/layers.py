"""The layers that blocks are made of; each declares its own weights."""

from hpctc.families.tensor import Pen, Tensor


def conv(  # noqa: PLR0913  what a convolution has
    x: Tensor, name: str, out: int, kernel: int, stride: int = 1, groups: int = 1,
    dilation: int = 1,
) -> Tensor:  # fmt: skip
    """A convolution of images that keeps their size at stride 1; no bias: a norm follows."""
    weight = x.pen.weight(f"w_{name}", out, x.shape[1] // groups, kernel, kernel)
    padding = dilation * (kernel - 1) // 2
    return x.conv2d(weight, stride=stride, padding=padding, groups=groups, dilation=dilation)


def conv1d(x: Tensor, name: str, out: int, kernel: int, groups: int = 1) -> Tensor:
    """A convolution of sequences [batch, channels, positions] that keeps their length."""
    weight = x.pen.weight(f"w_{name}", out, x.shape[1] // groups, kernel)
    return x.conv1d(weight, padding=(kernel - 1) // 2, groups=groups)


def batch_norm(x: Tensor, name: str) -> Tensor:
    """Batch normalisation with given statistics (Ioffe and Szegedy, 2015)."""
    pen, channels = x.pen, x.shape[1]
    gamma, beta = pen.scale(f"gamma_{name}", channels), pen.weight(f"beta_{name}", channels)
    mean, var = pen.weight(f"mean_{name}", channels), pen.scale(f"var_{name}", channels)
    return x.batch_norm(gamma, beta, mean, var)


def conv_norm(
    x: Tensor, name: str, out: int, kernel: int, stride: int = 1, groups: int = 1
) -> Tensor:
    """A convolution and its batch norm."""
    return batch_norm(conv(x, name, out, kernel, stride, groups), name)


def layer_norm(x: Tensor, name: str) -> Tensor:
    """Layer normalisation over the last axis (Ba et al., 2016)."""
    width = x.shape[-1]
    gamma, beta = x.pen.scale(f"gamma_{name}", width), x.pen.weight(f"beta_{name}", width)
    return x.layer_norm(gamma, beta)


def rms_norm(x: Tensor, name: str) -> Tensor:
    """Root mean square normalisation over the last axis (Zhang and Sennrich, 2019)."""
    return x.rms_norm(x.pen.scale(f"gamma_{name}", x.shape[-1]))


def linear(x: Tensor, name: str, out: int, bias: bool = True) -> Tensor:
    """``x W^T + b`` over the last axis."""
    y: Tensor = x.dense(x.pen.weight(f"w_{name}", out, x.shape[-1]))
    return y + x.pen.weight(f"b_{name}", out) if bias else y


def in_heads(x: Tensor, heads: int) -> Tensor:
    """[batch, positions, width] as [batch, heads, positions, width / heads]."""
    batch, seq, width = x.shape
    return x.view(batch, seq, heads, width // heads).permuted(0, 2, 1, 3)


def joined(x: Tensor) -> Tensor:
    """The heads side by side again."""
    batch, heads, seq, dim = x.shape
    return x.permuted(0, 2, 1, 3).view(batch, seq, heads * dim)


def flat_image(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """The input of a block of images."""
    return pen.input("x", batch, channels, size, size)


def squeezed(x: Tensor, share: int, name: str = "se") -> Tensor:
    """Squeeze and excitation (Hu et al., 2018): channels scaled by what the whole image says."""
    batch, channels = x.shape[:2]
    mean: Tensor = x.mean(axes=(2, 3))
    gate = linear(linear(mean, f"{name}_down", max(1, channels // share)).relu(), f"{name}_up",
                  channels).sigmoid()  # fmt: skip
    return x * gate.view(batch, channels, 1, 1)
