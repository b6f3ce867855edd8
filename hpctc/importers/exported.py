"""A torch module as a graph: torch.export, then one emitter an ATen operator, then the check.

``torch.export`` gives the module as a graph of ATen operators, and ``run_decompositions`` rewrites
those that have no emitter here into smaller ones, as far as torch knows how. What depends on no
input is computed at once. Parameters and float buffers become inputs; a buffer of whole numbers
(a mask, a table of positions) is a constant.
"""

import copy
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram, export
from torch.export.exported_program import default_decompositions
from torch.export.graph_signature import ConstantArgument, InputKind, OutputKind, TensorArgument

from hpctc.graph.errors import GraphError
from hpctc.graph.op import Array
from hpctc.importers.aten import EMITTERS, Site
from hpctc.importers.domains import around
from hpctc.importers.errors import ImportFailed, Missing, NoSaying, unsupported
from hpctc.importers.hints import hint
from hpctc.importers.imported import Imported, Original, finished
from hpctc.importers.module import Example, first_line
from hpctc.importers.scribe import Scribe, Value

DTYPES = {
    torch.float32: "float32", torch.float16: "float16", torch.int64: "int32", torch.int32: "int32",
    torch.int8: "int8", torch.bool: "bool",
}  # fmt: skip
"""Theirs -> ours. An int64 must fit 32 bits; the intervals of the graph say whether it does."""

STATE = (InputKind.PARAMETER, InputKind.BUFFER)
GETITEM = "<built-in function getitem>"


def import_module(example: Example, name: str, origin: str, seed: int = 0) -> Imported:
    """The graph of a module, checked against the module itself.

    Args:
        example: The module and the arguments that fix its shapes.
        name: What to call the graph.
        origin: Where the module comes from, in words.
        seed: Of the values on which both are run.

    Raises:
        ImportFailed: torch cannot export the module, an operator is missing, or the graph is not
            what the module computes.
    """
    program = _exported(example)
    writing = _Writing(program, Scribe(name), _state(example.module, program))
    writing.inputs(example.inputs)
    _refuse_missing(program, writing)
    outputs = writing.run()
    original = Original(
        f"{origin}, by torch {torch.__version__}",
        _Original(example, writing.sources),
        seed,
        writing.examples,
    )
    return finished(writing.pen, outputs, writing.guessed, original)


def _exported(example: Example) -> ExportedProgram:
    table = default_decompositions()
    for key in list(table):
        if str(key) in EMITTERS:
            del table[key]
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            program: ExportedProgram = export(example.module, example.inputs)
            smaller: ExportedProgram = program.run_decompositions(table)
            return smaller
    except Exception as problem:
        raise ImportFailed(
            f"torch.export cannot take {example.label}: {type(problem).__name__}: "
            f"{first_line(problem)}",
            "shapes must not depend on values, and control flow must not depend on tensors; "
            "torch.export of the module must work by itself",
        ) from problem


def _state(module: torch.nn.Module, program: ExportedProgram) -> dict[str, torch.Tensor]:
    """Every parameter, buffer and lifted constant by the name that torch gives it."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers()),
            **program.state_dict, **program.constants}  # fmt: skip


def _refuse_missing(program: ExportedProgram, writing: "_Writing") -> None:
    missing = [
        Missing(str(node.target), place(node), hint(str(node.target)))
        for node in program.graph.nodes
        if node.op == "call_function"
        and "val" in node.meta
        and str(node.target) not in EMITTERS
        and str(node.target) != GETITEM
        and not writing.foldable(node)
    ]
    if missing:
        raise unsupported({m.name: m for m in missing}.values())


def place(node: torch.fx.Node) -> str:
    """The model's line that made a node, with its code."""
    trace = str(node.meta.get("stack_trace") or "")
    found = re.findall(r'File "([^"]+)", line (\d+), in \w+\n\s*(.+)', trace)
    own = [f for f in found if "site-packages" not in f[0]] or found
    if not own:
        return ""
    file, line, code = own[-1]
    return f"{file.rsplit('/', 1)[-1]}:{line}: {code.strip()}"


@dataclass
class _Writing:
    """One pass over an exported program."""

    program: ExportedProgram
    pen: Scribe
    state: Mapping[str, torch.Tensor]
    values: dict[torch.fx.Node, Any] = field(default_factory=dict)
    sources: dict[str, str | int] = field(default_factory=dict)
    """Graph input -> the parameter's name, or the position of the argument."""
    examples: dict[str, Array] = field(default_factory=dict)
    """Inputs that keep the example's values in the check: indices and masks."""
    guessed: list[str] = field(default_factory=list)
    """Float inputs whose domain is a guess."""
    fixed: set[torch.fx.Node] = field(default_factory=set)
    """Nodes that depend on no input."""

    def inputs(self, arguments: Sequence[Any]) -> None:
        """Declare the arguments, then the parameters, in the order of the module."""
        nodes = {n.name: n for n in self.program.graph.nodes if n.op == "placeholder"}
        specs = self.program.graph_signature.input_specs
        leaves = iter(enumerate(torch.utils._pytree.tree_leaves(arguments)))
        for spec in (s for s in specs if s.kind is InputKind.USER_INPUT):
            position, value = next(leaves)
            node = nodes[spec.arg.name]
            if isinstance(spec.arg, ConstantArgument):
                self.values[node] = spec.arg.value
            else:
                self.values[node] = self._argument(spec.arg.name, position, value)
        for spec in (s for s in specs if s.kind is not InputKind.USER_INPUT):
            # A token that orders effects has no target and no value.
            stored = self._stored(spec.kind, spec.target) if spec.target else None
            self.values[nodes[spec.arg.name]] = stored

    def run(self) -> list[str]:
        """Write every node; the names of the outputs."""
        for node in self.program.graph.nodes:
            if node.op == "call_function":
                self.values[node] = self._written(node)
        return self._outputs()

    def foldable(self, node: torch.fx.Node) -> bool:
        """Whether a node depends on no input and on no chance; known before it is written."""
        if not self.fixed:
            for each in self.program.graph.nodes:
                if each.op == "placeholder":
                    alone = isinstance(self.values.get(each), np.ndarray)
                else:
                    random = torch.Tag.nondeterministic_seeded in getattr(each.target, "tags", ())
                    alone = not random and self.fixed.issuperset(each.all_input_nodes)
                if alone:
                    self.fixed.add(each)
        return node in self.fixed

    def _argument(self, name: str, position: int, tensor: torch.Tensor) -> str:
        array = tensor.detach().numpy()
        dtype = ours(tensor.dtype, f"argument {position}")
        made = self.pen.input(name, array.shape, dtype, around(array))
        self.sources[made] = position
        if tensor.is_floating_point():
            self.guessed.append(made)
        else:
            self.examples[made] = array
        return made

    def _stored(self, kind: InputKind, target: str) -> Value:
        tensor = self.state[target].detach()
        array = tensor.numpy()
        if kind not in STATE or not tensor.is_floating_point() or _is_table(kind, array):
            return array
        made = self.pen.input(target, array.shape, ours(tensor.dtype, target), around(array))
        self.sources[made] = target
        return made

    def _written(self, node: torch.fx.Node) -> Any:
        arguments: Any = torch.fx.node.map_arg(node.args, lambda n: self.values[n])
        named: Any = torch.fx.node.map_arg(dict(node.kwargs), lambda n: self.values[n])
        if str(node.target) == GETITEM:
            return arguments[0][arguments[1]]
        if "val" not in node.meta:  # an assertion about a tensor
            return None
        if self.foldable(node):
            return _folded(node, arguments, named)
        result = node.meta["val"]
        first = result[0] if isinstance(result, tuple | list) else result
        site = Site(self.pen, tuple(first.shape), ours(first.dtype, str(node.target)))
        try:
            return EMITTERS[str(node.target)](site, *arguments, **_meant(named))
        except NoSaying as problem:
            where = place(node)
            raise ImportFailed(
                f"{problem.message}" + (f" (used at {where})" if where else ""), problem.hint
            ) from None
        except GraphError as problem:
            raise ImportFailed(
                f"{node.target} at {place(node)}: {problem.message}", problem.hint
            ) from None

    def _outputs(self) -> list[str]:
        nodes = {n.name: n for n in self.program.graph.nodes}
        found: list[str] = []
        for spec in self.program.graph_signature.output_specs:
            if spec.kind is not OutputKind.USER_OUTPUT or not isinstance(spec.arg, TensorArgument):
                continue
            value = self.values[nodes[spec.arg.name]]
            if not isinstance(value, str) or value in self.pen.constants:
                raise ImportFailed(
                    f"output {len(found)} depends on no input", "return what is computed"
                )
            if value in self.sources or value in found:
                # A graph returns what it computes, and each value once.
                value = self.pen.op("reshape", value, shape=self.pen.shape(value) or (1,))
            found.append(value)
        return found


@dataclass(frozen=True)
class _Original:
    """The module itself, on values that are named as the graph's inputs.

    It runs in double precision, as the meaning of a graph does: what differs then is the
    importer's fault and not torch's rounding. A module that insists on float32 runs in that.
    """

    example: Example
    sources: Mapping[str, str | int]

    def __call__(self, inputs: Mapping[str, Array]) -> list[Array]:
        try:
            return self._run(copy.deepcopy(self.example.module).double(), inputs, torch.float64)
        except (RuntimeError, TypeError, ValueError):
            return self._run(self.example.module, inputs, None)

    def _run(
        self, module: torch.nn.Module, inputs: Mapping[str, Array], floats: torch.dtype | None
    ) -> list[Array]:
        leaves, form = torch.utils._pytree.tree_flatten(self.example.inputs)
        state: dict[str, torch.Tensor] = {}
        for name, source in self.sources.items():
            if name not in inputs:
                continue
            tensor = torch.from_numpy(inputs[name])
            if isinstance(source, int):
                leaves[source] = tensor.to(leaves[source].dtype)
            else:
                state[source] = tensor
        if floats is not None:
            leaves = [_widened(leaf, floats) for leaf in leaves]
            state = {name: _widened(tensor, floats) for name, tensor in state.items()}
        arguments = torch.utils._pytree.tree_unflatten(leaves, form)
        with torch.no_grad():
            made = torch.func.functional_call(module, state, arguments)
        tensors = torch.utils._pytree.tree_leaves(made)
        return [t.numpy() for t in tensors if isinstance(t, torch.Tensor)]


def _widened(value: Any, dtype: torch.dtype) -> Any:
    floating = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.to(dtype) if floating else value


def ours(dtype: torch.dtype, what: str) -> str:
    """Our name of an element type; one that graphs do not have is an error."""
    if dtype not in DTYPES:
        raise ImportFailed(
            f"{what} is {str(dtype).removeprefix('torch.')}",
            "graphs have float32, float16, int32, int8 and bool; convert the module, e.g. .float()",
        )
    return DTYPES[dtype]


def _is_table(kind: InputKind, array: Array) -> bool:
    """Whether a float buffer is a constant: several values, all of them whole or infinite."""
    if kind is not InputKind.BUFFER or not array.size or bool(np.all(array == array.flat[0])):
        return False
    return bool(np.all(np.isinf(array) | (np.floor(array) == array)))


def _meant(named: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments without those that say where and how torch stores a result."""
    skip = ("dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking", "implicit")
    return {_KEYWORDS.get(k, k): v for k, v in named.items() if k not in skip}


_KEYWORDS = {"min": "low", "max": "high", "ord": "order"}
"""ATen's name of an argument -> our emitters'."""


def _folded(node: torch.fx.Node, arguments: Any, named: Any) -> Any:
    def tensor(value: Any) -> Any:
        return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value

    target: Any = node.target
    made = target(
        *torch.utils._pytree.tree_map(tensor, arguments),
        **torch.utils._pytree.tree_map(tensor, named),
    )
    return torch.utils._pytree.tree_map(
        lambda v: v.numpy() if isinstance(v, torch.Tensor) else v, made
    )
