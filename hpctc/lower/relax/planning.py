"""One graph as a :class:`Plan`: build the relax function, fuse it, read the steps off."""

from collections.abc import Sequence
from typing import Any

import tvm
from tvm import relax, te, tirx
from tvm.relax import transform

from hpctc.core.errors import HpctcError
from hpctc.graph.ir import Graph, Node, TensorType
from hpctc.graph.op import OPS
from hpctc.lower.plan import Plan
from hpctc.lower.relax import compute, elementwise, reductions
from hpctc.lower.relax.reading import read
from hpctc.lower.relax.site import EMITTERS, Site

FAMILIES = (compute, elementwise, reductions)
"""The modules that fill the table of emitters."""


class LoweringError(HpctcError):
    """An operator or graph that cannot be lowered, with the reason."""


def plan(graph: Graph, fuse: bool = True) -> Plan:
    """Lower a checked graph to steps; ``fuse`` joins operators into one function where it pays."""
    passes = [transform.LegalizeOps(), transform.AnnotateTIROpPattern()]
    if fuse:
        passes += [transform.FuseOps(), transform.FuseTIR()]
    passes += [transform.DeadCodeElimination(), tirx.transform.ForceNarrowIndexToInt32()]
    return read(graph, tvm.transform.Sequential(passes)(build(graph)))


def build(graph: Graph) -> tvm.IRModule:
    """The graph as a relax function ``main`` that calls one PrimFunc an operator."""
    builder = relax.BlockBuilder()
    inputs = [relax.Var(i.name, _type(i.type)) for i in graph.inputs]
    values: dict[str, Any] = {i.name: v for i, v in zip(graph.inputs, inputs, strict=True)}
    types = graph.types()
    with builder.function("main", inputs):
        with builder.dataflow():
            for node in graph.nodes:
                made = _emit(builder, node, values, types)
                values.update({r.name: m for r, m in zip(node.results, made, strict=True)})
            names = dict.fromkeys(graph.outputs)
            out = builder.emit_output(relax.Tuple([values[name] for name in names]))
        builder.emit_func_output(out)
    return builder.get()


def _type(type_: TensorType) -> relax.TensorType:
    return relax.TensorType(type_.shape, type_.dtype)


def _emit(
    builder: relax.BlockBuilder,
    node: Node,
    values: dict[str, Any],
    types: dict[str, TensorType],
) -> list[Any]:
    """Emit one node and return its results as relax variables."""
    emitter = (
        EMITTERS.get(OPS[node.op].lowering or node.op) if node.op in OPS else EMITTERS.get(node.op)
    )
    if emitter is None:
        raise LoweringError(f"operator {node.op!r} has no lowering; there are {len(EMITTERS)}")
    tensors = [a for a in node.args if isinstance(a, str)]
    literal = TensorType((), types[tensors[0]].dtype) if tensors else TensorType((), "float32")
    operands = tuple(types[a] if isinstance(a, str) else literal for a in node.args)

    def body(*given: te.Tensor) -> Any:
        left = iter(given)
        args = tuple(
            next(left) if isinstance(a, str) else tirx.const(a, literal.dtype) for a in node.args
        )
        made = emitter(
            Site(node.op, args, operands, dict(node.attrs), tuple(r.type for r in node.results))
        )
        return list(made) if isinstance(made, Sequence) else made

    made = builder.emit_te(body, *(values[a] for a in tensors), primfunc_name_hint=node.op)
    if len(node.results) == 1:
        return [made]
    return [builder.emit(relax.TupleGetItem(made, n)) for n in range(len(node.results))]
