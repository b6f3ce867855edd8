"""Apply an operator to typed operands: complete its attributes, infer its results, or say why not.

The one place that both the builder and the parser go through, so that a graph cannot be made that
has not been type-checked.
"""

import difflib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from hpctc.graph import ops
from hpctc.graph.errors import GraphTypeError
from hpctc.graph.ir import DTYPES, SHORT, Arg, Attr, Node, TensorType
from hpctc.graph.op import ANY, FLOATS, AttrDef, Op

Typed = TensorType | int | float
"""An operand as it comes: the type of a value, or a literal."""

LARGEST = 2**31 - 1
"""Elements a tensor may have: C and CUDA index with 32 bits."""


def results(
    op: Op, operands: Sequence[Typed], attrs: Mapping[str, Attr]
) -> tuple[tuple[Arg, ...], dict[str, Attr], tuple[TensorType, ...]]:
    """Check one application; return its literals (in the form they are kept), attributes, types.

    The first part holds a number for every literal and an empty text for every value.
    """
    _check_arity(op, operands)
    full = complete(op, attrs)
    dtype = literal_dtype(op, operands)
    kept = tuple("" if isinstance(o, TensorType) else literal(op, o, dtype) for o in operands)
    types = [o if isinstance(o, TensorType) else TensorType((), dtype) for o in operands]
    _check_dtype(op, types)
    made = op.infer(types, full)
    for result in made:
        if result.size > LARGEST:
            raise GraphTypeError(
                f"{op.name} would make {result}, which has {result.size:,} elements",
                f"a tensor may have at most {LARGEST:,} elements; use smaller shapes",
            )
    return kept, full, made


def operand_types(node: Node, types: Mapping[str, TensorType]) -> list[TensorType]:
    """The type of every operand of a node; a literal is a scalar of its fellow operands' type."""
    typed = [types[a] if isinstance(a, str) else a for a in node.args]
    dtype = literal_dtype(ops.get(node.op), typed)
    return [t if isinstance(t, TensorType) else TensorType((), dtype) for t in typed]


def complete(op: Op, attrs: Mapping[str, Attr]) -> dict[str, Attr]:
    """All attributes of an application in the order of declaration, checked, defaults filled in."""
    known = {d.name: d for d in op.attrs}
    for name in attrs:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise GraphTypeError(
                f"{op.name} has no attribute {name!r}; {has}",
                f"did you mean {near[0]!r}?" if near else f"leave {name}=... out",
                about=name,
            )
    full = {}
    for definition in op.attrs:
        value = attrs.get(definition.name, definition.default)
        if value is None:
            raise GraphTypeError(
                f"{op.name} needs attribute {definition.name!r}",
                f"write {op.name}(..., {definition.name}={_example(definition)})",
            )
        full[definition.name] = _attribute(op, definition, value)
    return full


def literal_dtype(op: Op, operands: Sequence[Typed]) -> str:
    """The element type that a literal operand takes: that of its fellow operands."""
    for position in op.literals:
        if position < len(operands):
            operand = operands[position]
            if isinstance(operand, TensorType):
                return operand.dtype
    fractional = any(isinstance(operands[p], float) for p in op.literals if p < len(operands))
    return "float32" if fractional else "int32"


def literal(op: Op, value: int | float, dtype: str) -> int | float:
    """A literal in the form it is kept: a float for float types, an int in range for the others."""
    if dtype in FLOATS:
        number = float(value)
        if not math.isfinite(number) or abs(number) > float(np.finfo(dtype).max):
            raise GraphTypeError(
                f"the literal {value!r} does not fit {dtype}",
                f"use a number of at most {float(np.finfo(dtype).max):.4g} in magnitude",
            )
        return number
    if dtype == "bool":
        raise GraphTypeError(
            f"{op.name} of bool values takes no literal, but here is {value!r}",
            "use logical_not(x), or leave the operation out",
        )
    if isinstance(value, float) and not value.is_integer():
        raise GraphTypeError(
            f"the literal {value!r} is no {dtype}, the element type of the other operand",
            f"write {round(value)}, or cast the other operand to f32",
        )
    bounds = np.iinfo(dtype)
    if not bounds.min <= value <= bounds.max:
        raise GraphTypeError(
            f"the literal {value!r} does not fit {dtype}",
            f"{dtype} goes from {bounds.min} to {bounds.max}",
        )
    return int(value)


def _check_arity(op: Op, operands: Sequence[Typed]) -> None:
    low, high = op.arity
    if not low <= len(operands) <= high:
        wants = str(low) if low == high else f"{low} to {high}"
        names = ", ".join(op.params) if low == high else f"{op.params[0]}0, {op.params[0]}1, ..."
        raise GraphTypeError(
            f"{op.name} takes {wants} operand{'s' if high != 1 else ''} ({names}), "
            f"not {len(operands)}",
            f"{op.name}: {op.doc}",
        )
    for i, operand in enumerate(operands):
        if not isinstance(operand, TensorType) and i not in op.literals:
            raise GraphTypeError(
                f"{op.name} takes no literal, but {op.param(i)} is {operand!r}",
                f"{op.param(i)} must be the name of a value",
            )
    if op.literals and not any(isinstance(o, TensorType) for o in operands):
        raise GraphTypeError(
            f"{op.name} of literals only is a constant", "at least one operand must be a value"
        )


def _check_dtype(op: Op, types: Sequence[TensorType]) -> None:
    if types[0].dtype not in op.dtypes:
        can = ", ".join(SHORT[d] for d in op.dtypes)
        target = SHORT[op.dtypes[0]]
        raise GraphTypeError(
            f"{op.name} is not defined for {SHORT[types[0].dtype]}; it takes {can}",
            f"cast it first: cast(..., dtype={target})"
            if "bool" not in op.dtypes or op.dtypes == ANY
            else "compare first: x != 0.0",
        )


def _attribute(op: Op, definition: AttrDef, value: Attr) -> Attr:
    if definition.kind == "ints" and definition.length is not None and type(value) is int:
        value = (value,) * definition.length
    if definition.kind == "ints" and isinstance(value, list):
        value = tuple(value)
    if definition.kind == "float" and type(value) is int:
        value = float(value)
    if not _is_kind(definition, value) or not definition.check(value):
        legal = definition.legal or _kind_words(definition)
        raise GraphTypeError(
            f"{op.name}: {definition.name} is {_words(value)}; it must be {legal}",
            f"write {definition.name}={_example(definition)}",
            about=definition.name,
        )
    return value


def _is_kind(definition: AttrDef, value: Attr) -> bool:
    if definition.kind == "ints":
        return (
            isinstance(value, tuple)
            and all(type(v) is int for v in value)
            and definition.length in (None, len(value))
        )
    if definition.kind == "dtype":
        return value in DTYPES
    if definition.kind == "float":
        return type(value) is float and math.isfinite(value)
    return type(value) is {"int": int, "bool": bool, "str": str}[definition.kind]


def _kind_words(definition: AttrDef) -> str:
    if definition.kind == "ints":
        count = "" if definition.length is None else f" of {definition.length}"
        return f"a list{count} of whole numbers"
    return {
        "int": "a whole number",
        "float": "a finite number",
        "bool": "true or false",
        "str": "a word",
        "dtype": f"one of {', '.join(SHORT.values())}",
    }[definition.kind]


def _words(value: Attr) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _example(definition: AttrDef) -> str:
    if definition.default is not None:
        return _words(definition.default)
    if definition.kind == "ints":
        return _words((1,) * (definition.length or 2))
    return {"int": "1", "float": "0.5", "bool": "true", "str": "...", "dtype": "f32"}[
        definition.kind
    ]
