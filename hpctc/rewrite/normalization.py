"""Softmax and the norms by the reductions and arithmetic they consist of."""

from dataclasses import dataclass

from hpctc.graph.ir import Arg, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.shapes import axis_of, integer, number, shifted


def _centred(edit: Edit, x: Arg, axes: tuple[int, ...]) -> str:
    return edit.op("sub", x, edit.op("mean", x, axes=axes, keepdims=True))


def normalized(edit: Edit, x: Arg, axes: tuple[int, ...], eps: float) -> str:
    """``(x - mean) / sqrt(variance + eps)`` over axes."""
    centred = _centred(edit, x, axes)
    variance = edit.op("mean", edit.op("square", centred), axes=axes, keepdims=True)
    return edit.op("mul", centred, edit.op("rsqrt", edit.op("add", variance, eps)))


def affine(edit: Edit, x: Arg, gamma: Arg, beta: Arg) -> str:
    """``x * gamma + beta``."""
    return edit.op("add", edit.op("mul", x, gamma), beta)


def per_channel(edit: Edit, x: Arg, rank: int) -> str:
    """``[channels]`` shaped to be broadcast over ``[batch, channels, ...]``."""
    return edit.op("reshape", x, shape=(*edit.shape(x), *(1,) * (rank - 2)))


@dataclass(frozen=True)
class SoftmaxShifted(Rewrite):
    """Softmax in its five steps: max, sub, exp, sum, div."""

    name = "softmax-in-steps"
    rule = "softmax(x) = e / sum(e), e = exp(x - max(x))"
    ops = ("softmax",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Refused where x ranges so widely that, for all its interval says, a sum might vanish."""
        x, axes = node.args[0], (axis_of(edit, node),)
        e = edit.op("exp", shifted(edit, x, axes))
        return edit.op("div", e, edit.op("sum", e, axes=axes, keepdims=True))


@dataclass(frozen=True)
class SoftmaxPlain(Rewrite):
    """Softmax without the shift, where no exponential overflows."""

    name = "softmax-plain"
    rule = "softmax(x) = exp(x) / sum(exp(x))"
    ops = ("softmax",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Three steps."""
        e = edit.op("exp", node.args[0])
        return edit.op("div", e, edit.op("sum", e, axes=(axis_of(edit, node),), keepdims=True))


@dataclass(frozen=True)
class SoftmaxByLog(Rewrite):
    """Softmax is the exponential of its logarithm."""

    name = "softmax-by-log-softmax"
    rule = "softmax(x) = exp(log_softmax(x))"
    ops = ("softmax",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The same axis."""
        return edit.op("exp", edit.op("log_softmax", node.args[0], axis=axis_of(edit, node)))


@dataclass(frozen=True)
class LogSoftmaxByLogSumExp(Rewrite):
    """The logarithm of softmax by the logarithm of the sum."""

    name = "log-softmax-by-logsumexp"
    rule = "log_softmax(x) = x - logsumexp(x)"
    ops = ("log_softmax",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """One reduction, one subtraction."""
        x, axes = node.args[0], (axis_of(edit, node),)
        return edit.op("sub", x, edit.op("logsumexp", x, axes=axes, keepdims=True))


@dataclass(frozen=True)
class LogSoftmaxInSteps(Rewrite):
    """The logarithm of softmax in its steps."""

    name = "log-softmax-in-steps"
    rule = "log_softmax(x) = s - log(sum(exp(s))), s = x - max(x)"
    ops = ("log_softmax",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Shift, sum up, subtract."""
        x, axes = node.args[0], (axis_of(edit, node),)
        low = shifted(edit, x, axes)
        total = edit.op("sum", edit.op("exp", low), axes=axes, keepdims=True)
        return edit.op("sub", low, edit.op("log", total))


@dataclass(frozen=True)
class SoftmaxOfShifted(Rewrite):
    """Softmax does not see a common term."""

    name = "softmax-of-shifted"
    rule = "softmax(x) = softmax(x - max(x)), likewise log_softmax"
    ops = ("softmax", "log_softmax")
    weight = 0.3

    def build(self, edit: Edit, node: Node) -> Built:
        """The shift costs a pass and changes nothing."""
        x, axis = node.args[0], axis_of(edit, node)
        largest = edit.op("max", x, axes=(axis,), keepdims=True)
        return edit.op(node.op, edit.op("sub", x, largest), axis=axis)


@dataclass(frozen=True)
class LayerNormInSteps(Rewrite):
    """Layer norm by its definition (Ba et al., 2016)."""

    name = "layer-norm-in-steps"
    rule = "layer_norm(x, g, b) = (x - mean(x)) / sqrt(variance(x) + eps) * g + b"
    ops = ("layer_norm",)
    weight = 2.0
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Over the last axes."""
        x, gamma, beta = node.args
        rank, count = len(edit.shape(x)), integer(node, "axes_count")
        axes = tuple(range(rank - count, rank))
        return affine(edit, normalized(edit, x, axes, number(node, "eps")), gamma, beta)


@dataclass(frozen=True)
class LayerNormByRmsNorm(Rewrite):
    """Layer norm is root mean square norm of what is centred."""

    name = "layer-norm-by-rms-norm"
    rule = "layer_norm(x, g, b) = rms_norm(x - mean(x), g) + b"
    ops = ("layer_norm",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Over the last axis only."""
        x, gamma, beta = node.args
        if integer(node, "axes_count") != 1:
            return None
        centred = _centred(edit, x, (len(edit.shape(x)) - 1,))
        scaled = edit.op("rms_norm", centred, gamma, eps=number(node, "eps"))
        return edit.op("add", scaled, beta)


@dataclass(frozen=True)
class RmsNormInSteps(Rewrite):
    """Root mean square norm by its definition (Zhang and Sennrich, 2019)."""

    name = "rms-norm-in-steps"
    rule = "rms_norm(x, w) = x / sqrt(mean(x ** 2) + eps) * w"
    ops = ("rms_norm",)
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Over the last axis."""
        x, weight = node.args
        axes = (len(edit.shape(x)) - 1,)
        power = edit.op("mean", edit.op("square", x), axes=axes, keepdims=True)
        root = edit.op("sqrt", edit.op("add", power, number(node, "eps")))
        return edit.op("mul", edit.op("div", x, root), weight)


@dataclass(frozen=True)
class GroupNormInSteps(Rewrite):
    """Group norm by its definition (Wu and He, 2018)."""

    name = "group-norm-in-steps"
    rule = "group_norm(x, g, b) = reshape(normalized(reshape(x, [n, groups, rest]))) * g + b"
    ops = ("group_norm",)
    weight = 2.0
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """A group's channels and points become one axis."""
        x, gamma, beta = node.args
        shape, groups = edit.shape(x), integer(node, "groups")
        rest = edit.type(x).size // (shape[0] * groups)
        folded = edit.op("reshape", x, shape=(shape[0], groups, rest))
        value = edit.op("reshape", normalized(edit, folded, (2,), number(node, "eps")), shape=shape)
        rank = len(shape)
        return affine(edit, value, per_channel(edit, gamma, rank), per_channel(edit, beta, rank))


@dataclass(frozen=True)
class InstanceNormInSteps(Rewrite):
    """Instance norm by its definition (Ulyanov et al., 2016)."""

    name = "instance-norm-in-steps"
    rule = "instance_norm(x, g, b) = normalized over space(x) * g + b"
    ops = ("instance_norm",)
    weight = 2.0
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Over all axes but batch and channels."""
        x, gamma, beta = node.args
        rank = len(edit.shape(x))
        value = normalized(edit, x, tuple(range(2, rank)), number(node, "eps"))
        return affine(edit, value, per_channel(edit, gamma, rank), per_channel(edit, beta, rank))


@dataclass(frozen=True)
class InstanceNormAsGroupNorm(Rewrite):
    """Instance norm is group norm with a group for each channel."""

    name = "instance-norm-as-group-norm"
    rule = "instance_norm(x, g, b) = group_norm(x, g, b, groups=channels)"
    ops = ("instance_norm",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The same scale and shift."""
        channels = edit.shape(node.args[0])[1]
        return edit.op("group_norm", *node.args, groups=channels, eps=number(node, "eps"))


@dataclass(frozen=True)
class BatchNormInSteps(Rewrite):
    """Batch norm at inference: scale and shift for each channel (Ioffe and Szegedy, 2015)."""

    name = "batch-norm-in-steps"
    rule = "batch_norm(x, g, b, m, v) = (x - m) * (g / sqrt(v + eps)) + b"
    ops = ("batch_norm",)
    weight = 2.0
    constants = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The scale is computed for the channels, not for every element."""
        x, gamma, beta, mean, variance = node.args
        rank = len(edit.shape(x))
        scale = edit.op(
            "div", gamma, edit.op("sqrt", edit.op("add", variance, number(node, "eps")))
        )
        centred = edit.op("sub", x, per_channel(edit, mean, rank))
        return affine(edit, centred, per_channel(edit, scale, rank), per_channel(edit, beta, rank))
