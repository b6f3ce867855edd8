"""Roots, powers, exponentials, logarithms and circular functions by one another."""

from hpctc.rewrite.identity import Identity


class SqrtAsPow(Identity):
    """A root is a power."""

    name = "sqrt-as-pow"
    rule = "sqrt(x) = x ** 0.5"


class RsqrtAsReciprocal(Identity):
    """The reciprocal root in two steps."""

    name = "rsqrt-as-reciprocal"
    rule = "rsqrt(x) = 1 / sqrt(x)"


class ReciprocalRoot(Identity):
    """The reciprocal root in one step."""

    name = "reciprocal-root"
    rule = "a / sqrt(b) = a * rsqrt(b)"


class RootAsQuotient(Identity):
    """A root by the reciprocal root."""

    name = "sqrt-as-rsqrt"
    rule = "sqrt(x) = x * rsqrt(x)"


class SqrtOfProduct(Identity):
    """The root of a product, factor by factor."""

    name = "sqrt-of-product"
    rule = "sqrt(a * b) = sqrt(a) * sqrt(b)"


class ExpOfSum(Identity):
    """The exponential turns a sum into a product."""

    name = "exp-of-sum"
    rule = "exp(a + b) = exp(a) * exp(b)"


class ExpOfDifference(Identity):
    """The exponential turns a difference into a quotient."""

    name = "exp-of-difference"
    rule = "exp(a - b) = exp(a) / exp(b)"


class ProductOfExps(Identity):
    """A product of exponentials is the exponential of the sum."""

    name = "product-of-exps"
    rule = "exp(a) * exp(b) = exp(a + b)"


class ExpOfNegative(Identity):
    """The exponential of a negative is a reciprocal."""

    name = "exp-of-negative"
    rule = "exp(neg(x)) = 1 / exp(x)"


class LogOfProduct(Identity):
    """The logarithm turns a product into a sum."""

    name = "log-of-product"
    rule = "log(a * b) = log(a) + log(b)"


class LogOfQuotient(Identity):
    """The logarithm turns a quotient into a difference."""

    name = "log-of-quotient"
    rule = "log(a / b) = log(a) - log(b)"


class SumOfLogs(Identity):
    """A sum of logarithms is the logarithm of the product."""

    name = "sum-of-logs"
    rule = "log(a) + log(b) = log(a * b)"


class LogTwo(Identity):
    """The binary logarithm by the natural one."""

    name = "log2-as-log"
    rule = "log2(x) = log(x) * 1.4426950408889634"


class PowAsExp(Identity):
    """A power by exponential and logarithm."""

    name = "pow-as-exp"
    rule = "a ** b = exp(b * log(a))"


class TanAsQuotient(Identity):
    """The tangent is sine over cosine."""

    name = "tan-as-quotient"
    rule = "tan(x) = sin(x) / cos(x)"


class SinhByExp(Identity):
    """The hyperbolic sine by exponentials."""

    name = "sinh-by-exp"
    rule = "sinh(x) = 0.5 * (exp(x) - exp(neg(x)))"


class CoshByExp(Identity):
    """The hyperbolic cosine by exponentials."""

    name = "cosh-by-exp"
    rule = "cosh(x) = 0.5 * (exp(x) + exp(neg(x)))"


class AsinhByLog(Identity):
    """The inverse hyperbolic cosine by the logarithm."""

    name = "acosh-by-log"
    rule = "acosh(x) = log(x + sqrt(square(x) - 1))"


class AtanhByLog(Identity):
    """The inverse hyperbolic tangent by logarithms."""

    name = "atanh-by-log"
    rule = "atanh(x) = 0.5 * (log(1 + x) - log(1 - x))"
