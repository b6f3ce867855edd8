"""An ONNX file as a graph: node by node, then the check against ONNX's reference evaluator.

What depends on no argument is computed at once, so shapes that a model computes are constants.
Initializers of floats become inputs of the graph under their own names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hpctc.core.errors import MissingTool
from hpctc.graph.errors import GraphError
from hpctc.graph.ir import Interval
from hpctc.graph.op import Array
from hpctc.importers.domains import around
from hpctc.importers.errors import ImportFailed, Missing, NoSaying, unsupported
from hpctc.importers.hints import GENERAL
from hpctc.importers.imported import Imported, Original, finished
from hpctc.importers.onnx import EMITTERS, Site
from hpctc.importers.scribe import Scribe, Value

OURS = {
    "float32": "float32", "float16": "float16", "int64": "int32", "int32": "int32", "int8": "int8",
    "bool": "bool",
}  # fmt: skip

COMPUTED = ("Constant", "ConstantOfShape", "Range")
"""Operators whose results never depend on elements of an argument."""


def import_model(path: Path, seed: int = 0) -> Imported:
    """The graph of an ONNX file, checked against ONNX's own reference evaluator.

    Raises:
        MissingTool: The package onnx is not there.
        ImportFailed: The file cannot be read, an operator is missing, or the graph is not what
            the model computes.
    """
    onnx = _onnx()
    model = _read(onnx, path)
    writing = _Writing(onnx, model, Scribe(path.stem))
    writing.declare()
    missing = {n.op_type: n for n in model.graph.node if writing.missing(n)}
    if missing:
        raise unsupported(Missing(n.op_type, n.name, GENERAL) for n in missing.values())
    outputs = writing.run()
    original = Original(f"{path.name} by onnx {onnx.__version__}", writing.original, seed)
    return finished(writing.pen, outputs, writing.guessed, original)


def _onnx() -> Any:
    try:
        import onnx
        import onnx.reference
        import onnx.shape_inference
    except ImportError:
        raise MissingTool("the package onnx is not there", "pip install 'hpctc[onnx]'") from None
    return onnx


def _read(onnx: Any, path: Path) -> Any:
    if not path.is_file():
        raise ImportFailed(f"there is no file {path}", "name an ONNX file")
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except Exception as problem:  # protobuf and the checker raise what they like
        lines = str(problem).strip().splitlines() or ["it cannot be read"]
        raise ImportFailed(
            f"{path} is no legal ONNX model: {lines[0][:200]}", "export the model again"
        ) from problem
    return model


@dataclass
class _Writing:
    """One pass over a model."""

    onnx: Any
    model: Any
    pen: Scribe
    values: dict[str, Value | None] = field(default_factory=dict)
    """ONNX's name -> ours, or a constant."""
    known: dict[str, Array] = field(default_factory=dict)
    """ONNX's name -> its values, where they depend on no argument."""
    sources: dict[str, str] = field(default_factory=dict)
    """Input of the graph -> ONNX's name of the argument or initializer."""
    guessed: list[str] = field(default_factory=list)

    def declare(self) -> None:
        """The arguments of the model, then its initializers, as inputs."""
        stored = {i.name: self.onnx.numpy_helper.to_array(i) for i in self.model.graph.initializer}
        for given in self.model.graph.input:
            if given.name not in stored:
                self._argument(given)
        for name, array in stored.items():
            self.known[name] = self.values[name] = array
            if array.dtype.kind == "f" and array.size > 1:
                made = self.pen.input(name, array.shape, self._dtype(array.dtype, name),
                                      around(array))  # fmt: skip
                self.values[name] = made
                self.sources[made] = name
        self.values[""] = None

    def missing(self, node: Any) -> bool:
        """Whether an operator cannot be said, and is not computed beforehand."""
        return (
            node.op_type not in EMITTERS and node.op_type not in COMPUTED
        ) or node.domain not in ("", "ai.onnx")

    def run(self) -> list[str]:
        """Write every node; the names of the outputs."""
        for node in self.model.graph.node:
            made = self._written(node)
            for name, value in zip(node.output, made, strict=False):
                self.values[name] = value
                if isinstance(value, np.ndarray):
                    self.known[name] = value
        return self._outputs()

    def original(self, inputs: Mapping[str, Array]) -> list[Array]:
        """The model itself on values that are named as the graph's inputs."""
        copied = type(self.model)()
        copied.CopyFrom(self.model)
        given = {theirs: inputs[ours] for ours, theirs in self.sources.items() if ours in inputs}
        for tensor in copied.graph.initializer:
            if tensor.name in given:
                array = given.pop(tensor.name)
                tensor.CopyFrom(self.onnx.numpy_helper.from_array(array, tensor.name))
        feeds = {g.name: self._fed(g, given) for g in copied.graph.input if g.name in given}
        session = self.onnx.reference.ReferenceEvaluator(copied)
        names = [o.name for o in copied.graph.output]
        unused = {
            g.name: np.zeros(_shape(g), self._theirs(g))
            for g in copied.graph.input
            if g.name not in feeds and g.name not in {i.name for i in copied.graph.initializer}
        }
        return [np.asarray(a) for a in session.run(names, {**feeds, **unused})]

    def _fed(self, given: Any, values: Mapping[str, Array]) -> Array:
        return values[given.name].astype(self._theirs(given))

    def _theirs(self, given: Any) -> np.dtype[Any]:
        kind: Any = self.onnx.helper.tensor_dtype_to_np_dtype(given.type.tensor_type.elem_type)
        found: np.dtype[Any] = np.dtype(kind)
        return found

    def _argument(self, given: Any) -> None:
        dtype = self._dtype(self._theirs(given), given.name)
        floats = dtype.startswith("float")
        domain = Interval(-1.0, 1.0) if floats else Interval(0.0, 1.0)
        made = self.pen.input(given.name, _shape(given), dtype, domain)
        self.values[given.name] = made
        self.sources[made] = given.name
        if floats:
            self.guessed.append(made)

    def _dtype(self, dtype: np.dtype[Any], name: str) -> str:
        if dtype.name not in OURS:
            raise ImportFailed(
                f"{name} is {dtype.name}", f"graphs have {', '.join(dict.fromkeys(OURS.values()))}"
            )
        return OURS[dtype.name]

    def _written(self, node: Any) -> tuple[Value, ...]:
        names = list(node.input)
        constant = all(not n or n in self.known for n in names)
        parameters = any(isinstance(self.values[n], str) for n in names if n)
        if constant and (not parameters or node.op_type in COMPUTED):
            session = self.onnx.reference.ReferenceEvaluator(node)
            feeds = {n: self.known[n] for n in names if n}
            return tuple(np.asarray(a) for a in session.run(None, feeds))
        attrs = {a.name: self.onnx.helper.get_attribute_value(a) for a in node.attribute}
        site = Site(
            self.pen,
            [self.values[n] for n in names],
            [self.known.get(n) for n in names],
            attrs,
            len([o for o in node.output if o]),
        )
        try:
            made = EMITTERS[node.op_type](site)
        except NoSaying as problem:
            raise ImportFailed(f"{_label(node)}: {problem.message}", problem.hint) from None
        except GraphError as problem:
            raise ImportFailed(f"{_label(node)}: {problem.message}", problem.hint) from None
        return made if isinstance(made, tuple) else (made,)

    def _outputs(self) -> list[str]:
        found: list[str] = []
        for output in self.model.graph.output:
            value = self.values[output.name]
            if not isinstance(value, str):
                raise ImportFailed(
                    f"output {output.name} depends on no argument", "return what is computed"
                )
            if value in found or value in self.sources:
                value = self.pen.op("reshape", value, shape=self.pen.shape(value) or (1,))
            found.append(value)
        return found


def _label(node: Any) -> str:
    return f"{node.op_type} {node.name}".strip()


def _shape(given: Any) -> tuple[int, ...]:
    dims = given.type.tensor_type.shape.dim
    if any(not d.dim_value for d in dims):
        said = ", ".join(str(d.dim_value or d.dim_param or "?") for d in dims)
        raise ImportFailed(
            f"argument {given.name} has shape [{said}], which is not fixed",
            "fix it: onnx.tools.update_model_dims.update_inputs_outputs_dims",
        )
    return tuple(int(d.dim_value) for d in dims)
