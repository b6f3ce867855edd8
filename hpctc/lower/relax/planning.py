"""One graph as a :class:`Plan`: build the relax function, fuse it, read the steps off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import tvm
from tvm import relax, te, tirx
from tvm.relax import transform

from hpctc.core.errors import HpctcError
from hpctc.graph import ops
from hpctc.graph.ir import Graph, Node, TensorType
from hpctc.graph.op import Op
from hpctc.lower.plan import Plan
from hpctc.lower.relax import (  # noqa: F401  imported for the emitters that they hold
    bits,
    blocks,
    channel,
    compute,
    elementwise,
    fast,
    gather,
    image,
    layout,
    loss,
    norms,
    pools,
    reductions,
    scan,
    scatter,
    sort,
    spectral,
    transposed,
)
from hpctc.lower.relax.reading import read
from hpctc.lower.relax.site import EMITTERS, FUNCTIONS, Emitter, Site


class LoweringError(HpctcError):
    """An operator or graph that cannot be lowered, with the reason."""


def plan(graph: Graph, group: int | None = None) -> Plan:
    """Lower a checked graph to steps; operators are joined into one function where it pays.

    ``group`` is how many operators a function joins at most; 1: each has one of its own.
    """
    passes = [transform.LegalizeOps(), transform.AnnotateTIROpPattern()]
    if group != 1:
        passes += [transform.FuseOps(), transform.FuseTIR()]
    passes += [transform.DeadCodeElimination(), tirx.transform.ForceNarrowIndexToInt32()]
    config = {} if group is None else {"relax.FuseOps.max_depth": group}
    with tvm.transform.PassContext(config=config):
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
    values: Mapping[str, Any],
    types: Mapping[str, TensorType],
) -> list[Any]:
    """Emit one node and return its results as relax variables."""
    op = ops.get(node.op)
    name = op.lowering or op.name
    site = _site(op, node, types)
    given = [values[a] for a in node.operands]
    if name in FUNCTIONS:
        function = builder.add_func(FUNCTIONS[name](site), node.op)
        kinds = [_type(t) for t in site.results]
        made = builder.emit(relax.call_tir(function, given, kinds if len(kinds) > 1 else kinds[0]))
    elif name in EMITTERS:
        made = builder.emit_te(_body(site, EMITTERS[name]), *given, primfunc_name_hint=node.op)
    else:
        raise LoweringError(
            f"operator {node.op!r} has no lowering {name!r}",
            "declare one in hpctc/lower/relax, or name an existing one in Op.lowering",
        )
    if len(node.results) == 1:
        return [made]
    return [builder.emit(relax.TupleGetItem(made, n)) for n in range(len(node.results))]


def _site(op: Op, node: Node, types: Mapping[str, TensorType]) -> Site:
    """The node with its literals as constants; operands that are tensors are None for now."""
    fellows = [
        types[a].dtype for n, a in enumerate(node.args) if isinstance(a, str) and n in op.literals
    ]
    literal = TensorType((), fellows[0] if fellows else node.results[0].type.dtype)
    return Site(
        op=node.op,
        args=tuple(None if isinstance(a, str) else tirx.const(a, literal.dtype) for a in node.args),
        operands=tuple(types[a] if isinstance(a, str) else literal for a in node.args),
        attrs=dict(node.attrs),
        results=tuple(r.type for r in node.results),
    )


def _body(site: Site, emitter: Emitter) -> Callable[..., Any]:
    """The TE function of a site: tensors in, results out."""

    def body(*tensors: te.Tensor) -> Any:
        given = iter(tensors)
        args = tuple(next(given) if a is None else a for a in site.args)
        made = emitter(replace(site, args=args))
        return list(made) if isinstance(made, Sequence) else made

    return body
