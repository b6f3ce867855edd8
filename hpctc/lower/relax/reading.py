"""A lowered relax module read as a :class:`Plan`: variables become buffers, calls become steps."""

import re
from collections import Counter
from functools import cache
from typing import Any

import tvm
from tvm import relax, te

from hpctc.core.records import Tensor
from hpctc.graph import ops
from hpctc.graph.ir import Graph, Interval, TensorType
from hpctc.lower.plan import Plan, Step
from hpctc.lower.relax.naming import buffer, free, renamed

Place = Any
"""A relax variable, or a pair of a tuple variable and a position in it."""


def read(graph: Graph, module: tvm.IRModule) -> Plan:
    """The plan of ``module["main"]``, a straight line of ``call_tir`` made from ``graph``."""
    return _Reader(graph, module).plan()


class _Reader:
    """One walk over the bindings of ``main``."""

    def __init__(self, graph: Graph, module: tvm.IRModule) -> None:
        self.graph = graph
        self.functions = {v.name_hint: f for v, f in module.functions.items()}
        self.main = module["main"]
        self.bindings = [b for block in self.main.body.blocks for b in block.bindings]
        self.places: dict[Place, Place] = {}
        """Variable -> the place it is another name of."""
        self.buffers: dict[Place, str] = {}
        self.taken = {i.name for i in graph.inputs}
        self.intermediates: list[Tensor] = []

    def plan(self) -> Plan:
        """Name the buffers, then turn every call into a step."""
        entry = free(self.graph.name, set())
        taken: set[str] = set()
        inputs = tuple(_input(buffer(i.name, taken), i.type, i.domain) for i in self.graph.inputs)
        self.taken = taken
        for tensor, var in zip(inputs, self.main.params, strict=True):
            self.buffers[var] = tensor.name
        self.follow()
        outputs, copies = self.outputs()
        steps: list[Step] = []
        names: set[str] = set()
        for binding in self.bindings:
            if _is_call(binding.value):
                steps.append(self.step(binding.var, binding.value, names))
        for source, target in copies:
            steps.append(_copy(source, target, free("copy_kernel", names)))
        return Plan(entry, inputs, outputs, tuple(self.intermediates), _shared_names(steps))

    def follow(self) -> None:
        """Note which variables are other names of a call's result or of a part of it."""
        for binding in self.bindings:
            value = binding.value
            if isinstance(value, relax.TupleGetItem):
                self.places[binding.var] = (value.tuple_value, value.index)
            elif isinstance(value, relax.Var):
                self.places[binding.var] = value
            elif not _is_call(value) and not isinstance(value, relax.Tuple):
                raise TypeError(f"a lowered graph holds {value}")

    def place(self, var: Place) -> Place:
        """Where the value of a variable is made."""
        while var in self.places:
            var = self.places[var]
        return var

    def outputs(self) -> tuple[tuple[Tensor, ...], list[tuple[Tensor, Tensor]]]:
        """The graph's outputs in order, and the copies for those that another buffer holds."""
        types = self.graph.types()
        last = self.bindings[-1].value if self.bindings else self.main.body.body
        fields = dict(zip(dict.fromkeys(self.graph.outputs), last.fields, strict=True))
        made: list[Tensor] = []
        copies: list[tuple[Tensor, Tensor]] = []
        for name in self.graph.outputs:
            tensor = _tensor(buffer(name, self.taken), types[name])
            made.append(tensor)
            place = self.place(fields[name])
            if place in self.buffers:
                copies.append((_tensor(self.buffers[place], types[name]), tensor))
            else:
                self.buffers[place] = tensor.name
        return tuple(made), copies

    def step(self, var: relax.Var, call: relax.Call, names: set[str]) -> Step:
        """One ``call_tir`` as a step."""
        function = call.args[0].name_hint
        types = call.ty_args[0]
        tuples = isinstance(types, relax.TupleType)
        places = [(var, n) for n in range(len(types.fields))] if tuples else [var]
        kinds = list(types.fields) if tuples else [types]
        reads = [self.buffers[self.place(a)] for a in call.args[1].fields]
        writes = [self.result(p, t) for p, t in zip(places, kinds, strict=True)]
        args = (*reads, *writes)
        func = self.functions[function]
        return Step(free(f"{unnumbered(function)}_kernel", names), func, args, len(writes))

    def result(self, place: Place, kind: relax.TensorType) -> str:
        """The buffer of a call's result: an output's, or a new intermediate."""
        if place not in self.buffers:
            n = len(self.intermediates)
            type_ = TensorType(tuple(int(e) for e in kind.shape.values), str(kind.dtype))
            self.intermediates.append(_tensor(buffer(f"t{n}", self.taken), type_))
            self.buffers[place] = self.intermediates[-1].name
        return self.buffers[place]


@cache
def _numbered() -> re.Pattern[str]:
    # the longest first: log21 is the second log2, not the 21st log
    known = sorted(ops.OPS, key=len, reverse=True)
    return re.compile(rf"(?<![a-z])({'|'.join(known)})\d+(?=_|$)")


def unnumbered(function: str) -> str:
    """A function's name without the numbers that relax gave equal operators."""
    return _numbered().sub(r"\1", function)


def _shared_names(steps: list[Step]) -> tuple[Step, ...]:
    """Parameters named after their buffers; in a function of several steps, by position."""
    users = Counter(id(s.func) for s in steps)
    functions: dict[int, Any] = {}
    made = []
    for s in steps:
        key = id(s.func)
        if key not in functions:
            reads = len(s.args) - s.outputs
            neutral = [f"in{n}" for n in range(reads)] + [f"out{n}" for n in range(s.outputs)]
            distinct = len(set(s.args)) == len(s.args)
            own = users[key] == 1 and distinct
            functions[key] = renamed(s.func, s.args if own else neutral)
        made.append(Step(s.name, functions[key], s.args, s.outputs))
    return tuple(made)


def _copy(source: Tensor, target: Tensor, name: str) -> Step:
    """A step for an output that is an input, or another output, once more."""
    x = te.placeholder(source.shape, source.dtype, "x")
    y = te.compute(source.shape, lambda *i: x(*i), "copy")
    return Step(name, te.create_prim_func([x, y]), (source.name, target.name))


def _is_call(value: Any) -> bool:
    return isinstance(value, relax.Call) and value.op.same_as(tvm.ir.Op.get("relax.call_tir"))


def _tensor(name: str, type_: TensorType) -> Tensor:
    return Tensor(name=name, shape=type_.shape, dtype=type_.dtype)


def _input(name: str, type_: TensorType, domain: Interval) -> Tensor:
    return Tensor(
        name=name,
        shape=type_.shape,
        dtype=type_.dtype,
        domain=(float(domain.low), float(domain.high)),
    )
