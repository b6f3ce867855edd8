"""Activation functions by arithmetic and by one another."""

from hpctc.rewrite.identity import Identity


class ReluAsMaximum(Identity):
    """The rectifier is a maximum."""

    name = "relu-as-maximum"
    rule = "relu(x) = maximum(x, 0)"
    dtypes = ("float32", "float16", "int32", "int8")
    exact = True


class MaximumAsRelu(Identity):
    """A maximum with zero is the rectifier."""

    name = "maximum-with-zero"
    rule = "maximum(x, 0) = relu(x)"
    dtypes = ("float32", "float16", "int32", "int8")
    exact = True


class ReluAsWhere(Identity):
    """The rectifier selects."""

    name = "relu-as-where"
    rule = "relu(x) = where(x > 0, x, 0)"
    dtypes = ("float32", "int32", "int8")
    exact = True


class ReluByAbs(Identity):
    """The rectifier by the magnitude."""

    name = "relu-by-abs"
    rule = "relu(x) = 0.5 * (x + abs(x))"


class Relu6AsClip(Identity):
    """The capped rectifier is a clip."""

    name = "relu6-as-clip"
    rule = "relu6(x) = clip(x, min=0.0, max=6.0)"
    exact = True


class LeakyReluAsWhere(Identity):
    """The leaky rectifier selects."""

    name = "leaky-relu-as-where"
    rule = "leaky_relu(x, alpha=s) = where(x >= 0, x, s * x)"
    dtypes = ("float32",)


class LeakyReluByRelu(Identity):
    """The leaky rectifier by two rectifiers."""

    name = "leaky-relu-by-relu"
    rule = "leaky_relu(x, alpha=s) = relu(x) - s * relu(neg(x))"


class EluAsWhere(Identity):
    """The exponential linear unit selects; the exponential sees no positive argument."""

    name = "elu-as-where"
    rule = "elu(x, alpha=s) = where(x > 0, x, s * (exp(minimum(x, 0)) - 1))"
    dtypes = ("float32",)


class EluByRelu(Identity):
    """The exponential linear unit as a sum of its two branches."""

    name = "elu-by-relu"
    rule = "elu(x, alpha=s) = relu(x) + s * (exp(minimum(x, 0)) - 1)"


class ClipAsMinMax(Identity):
    """A clip is a minimum of a maximum."""

    name = "clip-as-min-max"
    rule = "clip(x, min=l, max=h) = minimum(maximum(x, l), h)"
    exact = True


class SigmoidByExp(Identity):
    """The logistic function by the exponential."""

    name = "sigmoid-by-exp"
    rule = "sigmoid(x) = 1 / (1 + exp(neg(x)))"


class SigmoidByTanh(Identity):
    """The logistic function is a stretched hyperbolic tangent."""

    name = "sigmoid-by-tanh"
    rule = "sigmoid(x) = 0.5 * tanh(0.5 * x) + 0.5"


class SigmoidOfNegative(Identity):
    """The logistic function is symmetric about one half."""

    name = "sigmoid-of-negative"
    rule = "sigmoid(x) = 1 - sigmoid(neg(x))"


class TanhBySigmoid(Identity):
    """The hyperbolic tangent is a stretched logistic function."""

    name = "tanh-by-sigmoid"
    rule = "tanh(x) = 2 * sigmoid(2 * x) - 1"


class TanhByExp(Identity):
    """The hyperbolic tangent by the exponential, without overflow."""

    name = "tanh-by-exp"
    rule = "tanh(x) = 1 - 2 / (exp(2 * x) + 1)"


class TanhOdd(Identity):
    """The hyperbolic tangent is odd."""

    name = "tanh-odd"
    rule = "tanh(neg(x)) = neg(tanh(x))"
    exact = True


class SiluAsMul(Identity):
    """The sigmoid linear unit is a product."""

    name = "silu-as-mul"
    rule = "silu(x) = x * sigmoid(x)"


class SiluByExp(Identity):
    """The sigmoid linear unit is a quotient."""

    name = "silu-by-exp"
    rule = "silu(x) = x / (1 + exp(neg(x)))"


class MulAsSilu(Identity):
    """A value gated by its own logistic function is the sigmoid linear unit."""

    name = "mul-as-silu"
    rule = "x * sigmoid(x) = silu(x)"


class GeluByErf(Identity):
    """The Gaussian error linear unit by its definition (Hendrycks and Gimpel, 2016)."""

    name = "gelu-by-erf"
    rule = "gelu(x) = 0.5 * x * (1 + erf(x * 0.7071067811865476))"


class GeluTanhByTanh(Identity):
    """The approximated Gaussian error linear unit by its definition."""

    name = "gelu-tanh-by-tanh"
    rule = (
        "gelu_tanh(x) = 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * square(x))))"
    )


class GeluTanhBySigmoid(Identity):
    """The approximated Gaussian error linear unit, gated by the logistic function."""

    name = "gelu-tanh-by-sigmoid"
    rule = "gelu_tanh(x) = x * sigmoid(1.5957691216057308 * (x + 0.044715 * x * square(x)))"


class SoftplusByLog(Identity):
    """The smooth rectifier by its definition."""

    name = "softplus-by-log"
    rule = "softplus(x) = log(1 + exp(x))"


class SoftplusStable(Identity):
    """The smooth rectifier as the rectifier and what is left, without overflow."""

    name = "softplus-stable"
    rule = "softplus(x) = relu(x) + log(1 + exp(neg(abs(x))))"


class HardSigmoidAsClip(Identity):
    """The piecewise linear logistic function is a clip."""

    name = "hard-sigmoid-as-clip"
    rule = "hard_sigmoid(x) = clip(x + 3, min=0.0, max=6.0) / 6"


class HardSwishAsMul(Identity):
    """The piecewise gate is a product."""

    name = "hard-swish-as-mul"
    rule = "hard_swish(x) = x * hard_sigmoid(x)"


class MishAsMul(Identity):
    """Mish by its definition (Misra, 2019)."""

    name = "mish-as-mul"
    rule = "mish(x) = x * tanh(softplus(x))"


class SeluByElu(Identity):
    """The self-normalising unit is a scaled exponential linear unit."""

    name = "selu-by-elu"
    rule = "selu(x) = 1.0507009873554805 * elu(x, alpha=1.6732632423543772)"


class SoftsignAsDiv(Identity):
    """Softsign by its definition."""

    name = "softsign-as-div"
    rule = "softsign(x) = x / (1 + abs(x))"
