"""The published HPCTransEval records as graphs of ours, at their shapes; nothing of them is kept.

Operators are mapped by name. The grown graphs have no published definition but their code: where
every statement of it is an element-by-element expression, that is read back into a graph; those in
:mod:`_grown` were read by hand. All else is skipped with its reason.
"""

import ast
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from _grown import GROWN
from hpctc.core.errors import HpctcError
from hpctc.graph.build import Builder
from hpctc.graph.check import check
from hpctc.graph.ir import Graph, Interval

FILES = ("IndependentOperator.json", "ComputationGraph.json")

ENTRY = "default_function_kernel"

PRELUDE = """#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#define max(a, b) ((a) > (b) ? (a) : (b))
#define min(a, b) ((a) < (b) ? (a) : (b))
"""
"""What the published functions take for granted."""

DOMAINS = (
    Interval(0.1, 0.9),
    Interval(1.1, 1.9),
    Interval(-0.9, 0.9),
    Interval(0.01, 0.3),
    Interval(1.6, 3.0),
)
"""Tried in this order until every operator of a graph accepts its operands."""

DOMAINS_OF = {"prod": (Interval(0.99, 1.01),)}
"""Where thousands of factors neither overflow nor vanish."""


BITS = Interval(0.0, 1.0)
"""Indices into an axis of two."""


class Skip(Exception):
    """This record is not compared; the message says why."""


@dataclass(frozen=True)
class Case:
    """A published function and a graph of ours that means the same."""

    name: str
    graph: Graph
    code: str
    args: tuple[str, ...]
    """Its parameters in order, by the names of the graph's inputs and outputs."""


Shapes = Sequence[tuple[int, ...]]
Make = Callable[[Builder, Sequence[str], Shapes, Shapes], str | tuple[str, ...]]


def cases(folder: Path) -> list[tuple[str, Case | str]]:
    """Every record of the folder: its name and the case, or why there is none."""
    found: list[tuple[str, Case | str]] = []
    for file in FILES:
        for number, record in enumerate(json.loads((folder / file).read_text(encoding="utf-8"))):
            name = f"{file[0]}{number:02d} {record['op_name']}"
            try:
                found.append((name, _case(name, record)))
            except Skip as why:
                found.append((name, str(why)))
            except HpctcError as problem:
                found.append((name, f"not a legal graph: {problem.message}"))
    return found


def _case(name: str, record: dict[str, Any]) -> Case:
    params, written = _signature(record["c_code"])
    inputs = [p for p in params if p not in written]
    operator = record["op_name"]
    if operator == "topology_expansion":
        graph = _read_back(record["c_code"], inputs, written)
    elif operator in SKIPPED:
        raise Skip(SKIPPED[operator])
    elif operator not in MAKERS:
        raise Skip("published without a definition")
    else:
        shapes = [tuple(s) for s in record["input_shape"]]
        results = [tuple(s) for s in record["output_shape"]]
        order = ORDERS.get(operator, tuple(sorted(inputs)))
        domains = DOMAINS_OF.get(operator, DOMAINS)
        whole = re.findall(r"int32_t\* (\w+)", record["c_code"])
        graph = _first_legal(MAKERS[operator], order, (shapes, results), domains, whole)
        written = [p for p in params if p in written]
    names = dict(zip(written, graph.outputs, strict=True))
    args = tuple(names.get(p, p) for p in params)
    return Case(name, graph, PRELUDE + record["c_code"], args)


def _signature(code: str) -> tuple[list[str], list[str]]:
    """Parameter names in order, and those that are written."""
    found = re.search(rf"void {ENTRY}\((.*?)\)", code)
    if found is None:
        raise Skip("no C function")
    params = [p.split()[-1].lstrip("*") for p in found[1].split(",")]
    return params, [p for p in params if re.search(rf"^\s*{p}\[.*?\] = ", code, re.MULTILINE)]


def _first_legal(
    make: Make,
    order: Sequence[str],
    known: tuple[Shapes, Shapes],
    domains: Sequence[Interval] = DOMAINS,
    whole: Sequence[str] = (),
) -> Graph:
    """The graph over the first domain that all its operators accept; ``whole`` are indices."""
    shapes, results = known
    problem: HpctcError | None = None
    for domain in domains:
        builder = Builder("kernel")
        used = list(zip(order, shapes, strict=False))
        for name, shape in used:
            if name in whole:
                builder.input(name, shape, "int32", domain=BITS)
            else:
                builder.input(name, shape, domain=domain)
        try:
            made = make(builder, [n for n, _ in used], shapes, results)
            graph = builder.finish(*((made,) if isinstance(made, str) else made))
            check(graph)
        except HpctcError as refused:
            problem = refused
            continue
        return graph
    raise Skip(f"no common domain: {problem.message if problem else ''}")


def _read_back(code: str, inputs: Sequence[str], outputs: Sequence[str]) -> Graph:
    """The graph of a function whose every statement is one element-by-element expression."""
    statements = re.findall(r"^\s*(\w+)\[(.+?)\] = (.+);$", code, re.MULTILINE)
    counts = {prod(map(int, re.findall(r"< (\d+); ", nest))) for nest in _nests(code)}
    if len(counts) != 1 or len(statements) != len(_nests(code)):
        raise Skip("its code is not element by element")
    size = counts.pop()

    def make(builder: Builder, _: Sequence[str], __: Shapes, ___: Shapes) -> tuple[str, ...]:
        known = {name: name for name in inputs}
        for target, index, text in statements:
            tree = ast.parse(text, mode="eval").body
            known[target] = _expression(builder, tree, known, ast.dump(ast.parse(index).body[0]))
        made = [known[o] for o in outputs]
        if len(set(made)) < len(made):
            raise Skip("two of its outputs are the same value")
        return tuple(made)

    return _first_legal(make, inputs, ([(size,)] * len(inputs), []))


def _nests(code: str) -> list[str]:
    """The outermost loops of a function, as text."""
    return re.findall(r"^  for .*?^  }$", code, re.MULTILINE | re.DOTALL)


def _expression(b: Builder, tree: ast.AST, known: dict[str, str], index: str) -> str:
    """C and Python write these expressions alike, so Python's parser reads them."""
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name):
        if ast.dump(ast.Expr(tree.slice)) != index or tree.value.id not in known:
            raise Skip("its code is not element by element")
        return known[tree.value.id]
    if isinstance(tree, ast.BinOp) and type(tree.op) in INFIX:
        sides = [_expression(b, side, known, index) for side in (tree.left, tree.right)]
        return b.op(INFIX[type(tree.op)], *sides)
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        name = C_NAMES.get(tree.func.id, tree.func.id.removesuffix("f"))
        return b.op(name, *(_expression(b, a, known, index) for a in tree.args))
    raise Skip(f"its code has a {type(tree).__name__}")


INFIX: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
}

C_NAMES = {"fabsf": "abs", "fmodf": "mod", "powf": "pow", "roundf": "round"}

ORDERS = {
    "prelu": ("data", "Scale"),
    "scale_shift_nchwc": ("data", "Scale", "Shift"),
    "fifo_buffer": ("data",),
    "dft": ("Re", "Im"),
    "scatter_nd": ("data", "indices", "updates"),
}
"""Parameter names in the order of the published shapes, where that is not alphabetical."""

SKIPPED = {
    "reorg": "the published code reads outside of its input",
    "shape": "its result does not depend on its input",
}


def _unary(name: str) -> Make:
    return lambda b, x, _, __: b.op(name, x[0])


def _prelu(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
    return b.op("where", b.op("greater", x[0], 0.0), x[0], b.op("mul", x[0], x[1]))


def _scale_shift(b: Builder, x: Sequence[str], shapes: Shapes, __: Shapes) -> str:
    _, c, _, _, block = shapes[0]
    scale, shift = (b.op("reshape", name, shape=(1, c, 1, 1, block)) for name in x[1:])
    return b.op("add", b.op("mul", x[0], scale), shift)


def _rms_norm(b: Builder, x: Sequence[str], shapes: Shapes, _: Shapes) -> str:
    # The published code normalises axis 1 and reads as many weights as that has elements.
    count = shapes[0][1]
    weight = b.op("slice", x[1], begin=(0,), end=(count,), step=(1,))
    mean = b.op("mean", b.op("square", x[0]), axes=(1,), keepdims=True)
    scaled = b.op("mul", x[0], b.op("reshape", weight, shape=(count, 1, 1)))
    return b.op("mul", scaled, b.op("rsqrt", b.op("add", mean, 1e-5)))


def _depth_to_space(b: Builder, x: Sequence[str], shapes: Shapes, results: Shapes) -> str:
    # One channel is left over and not read.
    n, _, h, w = shapes[0]
    used = b.op("slice", x[0], begin=(0,) * 4, end=(n, 4 * results[0][1], h, w), step=(1,) * 4)
    return b.op("depth_to_space", used, block=2)


def _pool(rank: int) -> Make:
    return lambda b, x, _, __: b.op(
        f"max_pool{rank}d", x[0], kernel=(3,) * rank, stride=(2,) * rank, padding=(1,) * rank
    )


def _slice(b: Builder, x: Sequence[str], shapes: Shapes, results: Shapes) -> str:
    begin = (1, 2, 3)
    end = tuple(s + e for s, e in zip(begin, results[0], strict=True))
    return b.op("slice", x[0], begin=begin, end=end, step=(1, 1, 1))


def _scatter(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> str:
    return b.op("scatter_nd", *x, mode="add")


def _dft(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> tuple[str, ...]:
    real, imaginary = b.ops("dft", *x)
    return real, imaginary


def _resize3d(b: Builder, x: Sequence[str], _: Shapes, results: Shapes) -> str:
    return b.op("resize3d", x[0], size=results[0][2:], method="linear")


def _from_batch(b: Builder, x: Sequence[str], shapes: Shapes, results: Shapes) -> str:
    # The batch does not divide by four: what is left over is not read.
    used = (4 * results[0][0], *shapes[0][1:])
    read = b.op("slice", x[0], begin=(0,) * 4, end=used, step=(1,) * 4)
    return b.op("batch_to_space_nd", read, block=(2, 2), before=(0, 0), after=(0, 0))


def _multi(b: Builder, x: Sequence[str], _: Shapes, __: Shapes) -> tuple[str, ...]:
    total = b.op("add", x[0], x[1])
    return b.op("sqrt", total), b.op("cos", total)


MAKERS: dict[str, Make] = {
    **{n: _unary(n) for n in ("rsqrt", "cosh", "sin", "abs", "cos", "acos", "atanh", "ceil")},
    **{n: _unary(n) for n in ("exp", "floor", "log", "log10", "sigmoid", "relu", "sqrt", "tan")},
    **{n: _unary(n) for n in ("max", "min", "prod")},
    "negative": _unary("neg"),
    "fast_exp": _unary("exp"),
    "fast_softmax": _unary("softmax"),
    "log_softmax": _unary("log_softmax"),
    "global_pool_avg": _unary("global_avg_pool"),
    "global_pool_max": lambda b, x, _, __: b.op("max", x[0], axes=(2, 3), keepdims=True),
    "add": lambda b, x, _, __: b.op("add", x[0], x[1]),
    "reshape": lambda b, x, _, r: b.op("reshape", x[0], shape=r[0]),
    "flatten": lambda b, x, _, r: b.op("reshape", x[0], shape=r[0]),
    "fifo_buffer": lambda b, x, _, r: b.op("reshape", x[0], shape=r[0]),
    "transpose": lambda b, x, _, __: b.op("transpose", x[0], perm=(0, 2, 3, 1)),
    "conv2d_opt": lambda b, x, _, __: b.op("conv2d", x[0], x[1]),
    "batch_matmul_opt": lambda b, x, _, __: b.op(
        "matmul", x[0], b.op("transpose", x[1], perm=(0, 2, 1))
    ),
    "matmul": lambda b, x, _, __: b.op("matmul", x[0], x[1]),
    "adaptive_pool_avg": lambda b, x, _, __: b.op("adaptive_avg_pool2d", x[0], size=(8, 8)),
    "depth_to_space": _depth_to_space,
    "rms_norm": _rms_norm,
    "space_to_depth": lambda b, x, _, __: b.op("space_to_depth", x[0], block=2),
    "flip": lambda b, x, _, __: b.op("flip", x[0], axes=(0,)),
    "pool1d": _pool(1),
    "pool3d": _pool(3),
    "prelu": _prelu,
    "scale_shift_nchwc": _scale_shift,
    "combination_op": lambda b, x, _, __: b.op("add", b.op("sqrt", x[0]), b.op("cos", x[1])),
    "multi_out_op": _multi,
    "strided_slice": _slice,
    "scatter_nd": _scatter,
    "dft": _dft,
    "resize3d": _resize3d,
    "grid_sample": lambda b, x, _, __: b.op("grid_sample", *x),
    "batch_to_space_nd": _from_batch,
    "mirror_pad": lambda b, x, _, __: b.op("mirror_pad", x[0], before=(1, 2), after=(2, 1)),
    **GROWN,
    "upsampling": lambda b, x, _, __: b.op("upsample2d", x[0], scale=(2, 2)),
}
"""Published operator name -> our graph of it."""
