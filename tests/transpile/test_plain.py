"""Staged sums of what register tiles do not know become plain loops over what there is."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.core.records import Launch
from hpctc.syntax import tree
from hpctc.transpile.contract.forms import Form
from hpctc.transpile.contract.values import (
    ZERO_VALUE,
    Bound,
    Load,
    Op,
    Pick,
    Value,
    binary,
    expression,
)
from hpctc.transpile.contract.vanish import needed
from hpctc.transpile.fold import number

Array = np.ndarray[Any, Any]

M, N, K = 5, 7, 11

STAGED = """
__global__ void k(const {type} *x, const {type} *w, {made} *y) {{
  __shared__ {type} xs[8][9];
  __shared__ {type} ws[8][9];
  int tx = threadIdx.x, ty = threadIdx.y;
  {made} sum = {start};
  for (int t = 0; t < 2; ++t) {{
    xs[ty][tx] = ty < 5 && t * 8 + tx < 11 ? x[ty * 11 + t * 8 + tx] : {fill};
    ws[ty][tx] = ty < 7 && t * 8 + tx < 11 ? w[ty * 11 + t * 8 + tx] : {fill};
    __syncthreads();
    for (int i = 0; i < 8; ++i) {{
      {type} a = xs[ty][i], b = ws[tx][i];
      sum = {term};
    }}
    __syncthreads();
  }}
  if (ty < 5 && tx < 7) y[ty * 7 + tx] = {end};
}}
"""

BITS = "(((a ^ b) >> 3) & 1) + (((a | b) << 1) & 6)"


def staged(kind: str, term: str, fill: str = "0", start: str = "0", end: str = "sum") -> str:
    """A tile of 8 x 8 x 16 around 5 x 7 x 11; sums are signed."""
    made = kind.removeprefix("unsigned ")
    return STAGED.format(type=kind, made=made, term=term, fill=fill, start=start, end=end)


def bits(a: Array, b: Array) -> Array:
    """What BITS says."""
    return (((a ^ b) >> 3) & 1) + (((a | b) << 1) & 6)


SHORT: dict[str, tuple[str, Callable[[Array, Array], Array]]] = {
    "bits": (staged("int", f"sum + {BITS}", end="9 - sum * 2"),
             lambda x, w: 9 - 2 * bits(x, w).sum(-1)),
    "unlike": (staged("int", "sum + ((a ^ b) < 0 ? 1 : 0)"), lambda x, w: (x ^ w < 0).sum(-1)),
    "distance": (staged("float", "sum + fabsf(a - b)", start="2.0f"),
                 lambda x, w: 2 + abs(x - w).sum(-1)),
    "set": (staged("unsigned int", "sum + __popc((a ^ b) & 0xffff00f0u)"),
            lambda x, w: np.bitwise_count((x ^ w).view(np.uint32) & 0xFFFF00F0).sum(-1)),
    "several": (staged("float", "sum + a * b + fabsf(a - b)"),
                lambda x, w: (x * w + abs(x - w)).sum(-1)),
}  # fmt: skip
"""Terms that are 0 where nothing was loaded, and their sums in numpy."""

LONG: dict[str, tuple[str, Callable[[Array, Array], Array]]] = {
    "filled": (staged("int", "sum + (a ^ b)", fill="3").replace(": 3;", ": 1;", 1),
               lambda x, w: (x ^ w).sum(-1) + 5 * 2),
    "equal": (staged("int", "sum + (a == b ? 1 : 0)"), lambda x, w: (x == w).sum(-1) + 5),
    "shifted": (staged("int", "sum + ((a | 1) << 2)"),
                lambda x, w: 4 * (x | 1 | 0 * w).sum(-1) + 5 * 4),
    "unset": (staged("unsigned int", "sum + __popc(~(a ^ b))"),
              lambda x, w: np.bitwise_count(~(x ^ w).view(np.uint32)).sum(-1) + 5 * 32),
    "below": (staged("unsigned int", "sum + (a - 1 < b ? 1 : 0)"),
              lambda x, w: ((x - 1).view(np.uint32) < w.view(np.uint32)).sum(-1)),
    "cosine": (staged("float", "sum + cosf(a - b)"), lambda x, w: np.cos(x - w).sum(-1) + 5),
}  # fmt: skip
"""Terms that are something else there: five rounds more."""

LAUNCH = Launch(kernel="k", grid=(1, 1, 1), block=(8, 8, 1), shared_bytes=0, args=("x", "w", "y"))


def arrays(source: str) -> tuple[dict[str, Array], dict[str, Array]]:
    """Whole numbers of any sign, as the kernel takes them."""
    rng = np.random.default_rng(5)
    kind = np.float32 if "float *x" in source else np.int32
    x, w = (rng.integers(-50, 50, (rows, K)).astype(kind) for rows in (M, N))
    taken = np.uint32 if "unsigned" in source else kind
    return {"x": x.astype(taken), "w": w.astype(taken)}, {"y": np.zeros((M, N), kind)}


@pytest.mark.parametrize("name", SHORT)
def test_staging_and_padding_are_gone(
    name: str, bench: Any, golden: Callable[[str, str], None]
) -> None:
    source, meaning = SHORT[name]
    inputs, out = arrays(source)
    text = bench.code(source, [LAUNCH], inputs, out)
    golden(f"{name}.c", text)
    assert "xs" not in text
    assert "< 11" in text
    got = bench.run(source, [LAUNCH], inputs, out)["y"]
    want = meaning(*(a.astype(got.dtype) for a in (inputs["x"][:, None], inputs["w"][None])))
    np.testing.assert_allclose(got, want, 1e-5)


@pytest.mark.parametrize("name", LONG)
def test_what_padding_adds_stays(name: str, bench: Any) -> None:
    source, meaning = LONG[name]
    inputs, out = arrays(source)
    got = bench.run(source, [LAUNCH], inputs, out)["y"]
    want = meaning(*(a.astype(got.dtype) for a in (inputs["x"][:, None], inputs["w"][None])))
    np.testing.assert_allclose(got, want, 1e-4, 1e-4)


# --- where a term vanishes ---

OPERATORS = ("+", "-", "*", "&", "|", "^", "<<", ">>", "<", "==", "!=")


def leaf(high: int, array: str) -> Value:
    """``k <= high ? array[k] : 0``."""
    place = Form((("k", 1),))
    return Pick((Bound(place, None, high),), Load(array, place), ZERO_VALUE)


LEAVES = st.one_of(
    st.builds(leaf, st.integers(1, 4), st.sampled_from("ab")),
    st.integers(0, 3).map(lambda n: Op(number(n))),
)


def grown(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    """Operations on values."""
    zero, one, two = (tree.Name(str(i)) for i in range(3))
    return st.one_of(
        st.builds(binary, st.sampled_from(OPERATORS), inner, inner),
        st.builds(lambda a: Op(tree.Unary("-", zero), (a,)), inner),
        st.builds(lambda c, a, b: Op(tree.Select(zero, one, two), (c, a, b)), inner, inner, inner),
    )


def valued(value: Value, k: int) -> int | None:
    """A value of the term in Python; None where C does not define it."""
    match value:
        case Load(array, _):
            return {"a": 13, "b": -7}[array] * (k + 1)
        case Pick((Bound(_, _, int(high)),), yes, no):
            return valued(yes if k <= high else no, k)
        case Op(tree.Number(text), ()):
            return int(text.removesuffix(".0f"))
        case Op(template, args):
            return computed(template, [valued(a, k) for a in args])
        case _:
            raise AssertionError(value)


def computed(template: tree.Expr, args: Sequence[int | None]) -> int | None:
    """An operation in Python, strict as the tests are: what is not defined stays so."""
    match template, args:
        case tree.Select(), [int(chosen), int(yes), int(no)]:
            return yes if chosen else no
        case tree.Unary(), [int(one)]:
            return -one
        case tree.Binary("<<" | ">>"), [_, int(by)] if not 0 <= by < 32:
            return None
        case tree.Binary(op), [int(left), int(right)]:
            return int(eval(f"({left}) {op} ({right})"))
        case _:
            return None


@settings(max_examples=300, deadline=None)
@given(term=st.recursive(LEAVES, grown, max_leaves=8))
def test_a_term_is_zero_outside_of_what_it_needs(term: Value) -> None:
    for bound in needed(term):
        assert bound.high is not None
        for k in range(bound.high + 1, 7):
            assert valued(term, k) in (0, None), expression(term, lambda v: tree.Name(repr(v)))


def test_both_sides_have_to_end() -> None:
    x, w, long = leaf(2, "a"), leaf(2, "b"), leaf(4, "b")
    assert {b.high for b in needed(binary("*", x, w))} == {2}
    assert {b.high for b in needed(binary("*", x, long))} == {2, 4}
    assert {b.high for b in needed(binary("^", x, w))} == {2}
    assert {b.high for b in needed(binary("^", x, long))} == {4}
    assert needed(binary("^", x, Load("b", Form((("k", 1),))))) == []
    assert needed(binary("==", x, w)) == []
