"""Shape inference says what numpy does, and refuses what numpy refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.graph import ops
from hpctc.graph.errors import GraphTypeError
from hpctc.graph.infer import complete, results
from hpctc.graph.ir import Attr, TensorType

EXTENTS = st.integers(1, 4)
SHAPES = st.lists(EXTENTS, max_size=4).map(tuple)


def inferred(op: str, *shapes: tuple[int, ...], **attrs: Attr) -> tuple[int, ...] | None:
    """The shape of the first result; None: refused."""
    try:
        _, _, made = results(ops.get(op), [TensorType(s, "float32") for s in shapes], attrs)
    except GraphTypeError:
        return None
    return made[0].shape


def shape_of(f: object, *args: object, **more: object) -> tuple[int, ...] | None:
    try:
        return np.shape(f(*args, **more))  # type: ignore[operator]
    except (ValueError, IndexError):
        return None


@given(a=SHAPES, b=SHAPES)
def test_broadcasting(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    assert inferred("add", a, b) == shape_of(np.add, np.zeros(a), np.zeros(b))


@given(a=SHAPES, b=SHAPES)
def test_matmul(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    if min(len(a), len(b)) >= 2:
        assert inferred("matmul", a, b) == shape_of(np.matmul, np.zeros(a), np.zeros(b))
    else:
        assert inferred("matmul", a, b) is None


@given(x=SHAPES, axes=st.lists(st.integers(-5, 5), min_size=1, max_size=3), keep=st.booleans())
def test_reductions(x: tuple[int, ...], axes: list[int], keep: bool) -> None:
    expected = shape_of(np.sum, np.zeros(x), axis=tuple(axes), keepdims=keep)
    assert inferred("sum", x, axes=tuple(axes), keepdims=keep) == expected


@given(x=SHAPES, keep=st.booleans())
def test_no_axes_means_all(x: tuple[int, ...], keep: bool) -> None:
    assert inferred("max", x, keepdims=keep) == np.zeros(x).max(keepdims=keep).shape


@given(x=SHAPES, perm=st.permutations(range(4)))
def test_transpose(x: tuple[int, ...], perm: list[int]) -> None:
    expected = shape_of(np.transpose, np.zeros(x), perm)
    assert inferred("transpose", x, perm=tuple(perm)) == expected


@given(x=SHAPES, target=SHAPES)
def test_reshape_and_broadcast_to(x: tuple[int, ...], target: tuple[int, ...]) -> None:
    assert inferred("reshape", x, shape=target) == shape_of(np.reshape, np.zeros(x), target)
    expected = shape_of(np.broadcast_to, np.zeros(x), target)
    assert inferred("broadcast_to", x, shape=target) == expected


@given(a=SHAPES, b=SHAPES, axis=st.integers(-5, 5))
def test_concat_and_stack(a: tuple[int, ...], b: tuple[int, ...], axis: int) -> None:
    pair = [np.zeros(a), np.zeros(b)]
    assert inferred("concat", a, b, axis=axis) == shape_of(np.concatenate, pair, axis=axis)
    assert inferred("stack", a, b, axis=axis) == shape_of(np.stack, pair, axis=axis)


@given(x=SHAPES, data=st.data())
def test_slice(x: tuple[int, ...], data: st.DataObject) -> None:
    begin = tuple(data.draw(st.integers(0, n - 1)) for n in x)
    end = tuple(data.draw(st.integers(b + 1, n)) for b, n in zip(begin, x, strict=True))
    step = tuple(data.draw(st.integers(1, 3)) for _ in x)
    picks = tuple(slice(*each) for each in zip(begin, end, step, strict=True))
    assert inferred("slice", x, begin=begin, end=end, step=step) == np.zeros(x)[picks].shape


@given(x=SHAPES, axes=st.lists(st.integers(-5, 5), min_size=1, max_size=2))
def test_squeeze_and_expand_dims(x: tuple[int, ...], axes: list[int]) -> None:
    given_axes = tuple(axes)
    expected = shape_of(np.expand_dims, np.zeros(x), given_axes)
    assert inferred("expand_dims", x, axes=given_axes) == expected
    assert inferred("squeeze", x, axes=given_axes) == shape_of(
        np.squeeze, np.zeros(x), axis=given_axes
    )


@given(x=SHAPES, i=SHAPES, axis=st.integers(-4, 4))
def test_take(x: tuple[int, ...], i: tuple[int, ...], axis: int) -> None:
    kinds = [TensorType(x, "float32"), TensorType(i, "int32")]
    expected = shape_of(np.take, np.zeros(x), np.zeros(i, int), axis=axis)
    if not -len(x) <= axis < len(x):
        with pytest.raises(GraphTypeError):
            results(ops.get("take"), kinds, {"axis": axis})
    else:
        assert results(ops.get("take"), kinds, {"axis": axis})[2][0].shape == expected


@settings(deadline=None)
@given(
    n=st.integers(1, 12), k=st.integers(1, 4), s=st.integers(1, 3), p=st.integers(0, 3),
    d=st.integers(1, 3),
)  # fmt: skip
def test_convolutions_count_their_windows(n: int, k: int, s: int, p: int, d: int) -> None:
    reach = d * (k - 1) + 1
    windows = len(range(0, n + 2 * p - reach + 1, s))
    found = inferred("conv1d", (1, 1, n), (1, 1, k), stride=s, padding=p, dilation=d)
    assert found == ((1, 1, windows) if windows else None)


def test_one_number_stands_for_every_spatial_axis() -> None:
    full = complete(ops.get("conv3d"), {"stride": 2, "padding": (1, 0, 1)})
    assert full == {"stride": (2, 2, 2), "padding": (1, 0, 1), "dilation": (1, 1, 1), "groups": 1}


@pytest.mark.parametrize(
    ("op", "dtype", "says"),
    [
        ("exp", "int32", "exp is not defined for i32; it takes f32, f16"),
        ("logical_not", "float32", "logical_not is not defined for f32; it takes bool"),
        ("sum", "int8", "sum is not defined for i8; it takes f32, f16, i32"),
    ],
)
def test_element_types_without_meaning_are_refused(op: str, dtype: str, says: str) -> None:
    with pytest.raises(GraphTypeError, match=says):
        results(ops.get(op), [TensorType((2,), dtype)], {})


@pytest.mark.parametrize(
    ("dtype", "given_", "kept"),
    [("float32", 2, 2.0), ("float16", 0.5, 0.5), ("int32", 3.0, 3), ("int8", -128, -128)],
)
def test_literals_take_the_type_of_their_fellow(dtype: str, given_: float, kept: float) -> None:
    literals, _, made = results(ops.get("add"), [TensorType((2,), dtype), given_], {})
    assert (literals[1], type(literals[1])) == (kept, type(kept))
    assert made == (TensorType((2,), dtype),)


@pytest.mark.parametrize(
    ("dtype", "literal", "says"),
    [
        ("int8", 128, "128 does not fit int8"),
        ("float16", 1e5, "does not fit float16"),
        ("float32", float("nan"), "does not fit float32"),
        ("bool", 1, "takes no literal"),
    ],
)
def test_literals_that_do_not_fit_are_refused(dtype: str, literal: float, says: str) -> None:
    with pytest.raises(GraphTypeError, match=says):
        results(ops.get("equal"), [TensorType((2,), dtype), literal], {})
