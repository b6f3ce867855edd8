"""What an import gives: a graph, and how far it was from the original when both were run."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hpctc.graph import ops
from hpctc.graph.check import check
from hpctc.graph.compare import disagreement
from hpctc.graph.errors import GraphDomainError, GraphError
from hpctc.graph.infer import operand_types
from hpctc.graph.ir import Graph, Interval, Node, TensorType
from hpctc.graph.meaning import draw
from hpctc.graph.op import FLOATS, Array
from hpctc.graph.reference import reference
from hpctc.graph.samples import sensible
from hpctc.graph.text import show
from hpctc.importers.domains import positive
from hpctc.importers.errors import ImportFailed
from hpctc.importers.scribe import Scribe

Run = Callable[[Mapping[str, Array]], Sequence[Array]]
"""Runs the original on inputs that are named as the graph's; gives its outputs in order."""


@dataclass(frozen=True, slots=True)
class Original:
    """What a graph was made of."""

    origin: str
    """In words, as :attr:`Imported.origin`."""
    run: Run
    seed: int
    """Of the values on which both are run."""
    fixed: Mapping[str, Array] = field(default_factory=dict)
    """Inputs that are not drawn, beside the constants."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A legal graph and its agreement with what it was made of."""

    graph: Graph
    origin: str
    """What it was made of, in words: ``my_model.py, class Model, by torch 2.13.0``."""
    difference: float
    """Largest ``|y' - y| / (|y| + 1)`` over the outputs of both, on inputs drawn at random."""
    tolerance: float
    """How large the difference may be: what rounding explains."""
    notes: tuple[str, ...] = ()
    """What a reader should know: constants that became inputs, domains that were narrowed."""

    def text(self) -> str:
        """The graph as a file holds it, with its origin as comments."""
        said = [
            f"Imported from {self.origin}.",
            f"Differs from the original by at most {self.difference:.2g}; rounding explains "
            f"{self.tolerance:.2g}.",
            *self.notes,
        ]
        return "".join(f"# {line}\n" for line in said) + show(self.graph)


def finished(
    pen: Scribe, outputs: Sequence[str], guessed: Collection[str], original: Original
) -> Imported:
    """The end of every import: a legal graph that does what its original does.

    Args:
        pen: What wrote the graph.
        outputs: Its outputs in order.
        guessed: The inputs whose domains are a guess that may be narrowed.
        original: What it was made of.

    Raises:
        ImportFailed: There is no such graph.
    """
    try:
        graph, notes = legal(pen.finish(outputs), frozenset(guessed))
    except GraphError as problem:
        raise ImportFailed(f"no legal graph: {problem.message}", problem.hint) from None
    used = {i.name for i in graph.inputs}
    constants = [name for name in pen.constants if name in used]
    if constants:
        notes += (f"Constants of the model that are inputs here: {', '.join(constants)}.",)
    fixed = {**pen.constants, **original.fixed}
    difference, tolerance = compared(graph, fixed, original.run, original.seed)
    return Imported(graph, original.origin, difference, tolerance, notes)


def legal(graph: Graph, given: frozenset[str]) -> tuple[Graph, tuple[str, ...]]:
    """The graph with domains in which all its operators are defined, and what was changed.

    Args:
        graph: Whose domains were guessed.
        given: The inputs whose domains are a guess that may be narrowed.

    Raises:
        GraphError: No domain of these inputs makes the graph legal.
    """
    narrowed = with_legal_inputs(graph, given)
    try:
        check(narrowed)
    except GraphDomainError as problem:
        apart = tuple(
            replace(i, domain=positive(i.domain)) if i.name in given else i for i in graph.inputs
        )
        narrowed = replace(graph, inputs=apart)
        try:
            check(narrowed)
        except GraphError:
            raise ImportFailed(
                f"the graph is not defined everywhere: {problem.message}",
                "clamp the operand in the model, or add a small number to it: "
                "x / (norm + 1e-6), log(x.clamp(min=1e-6))",
            ) from None
    cut = [
        f"{now.name} lies in {now.domain}: elsewhere an operator is not defined."
        for before, now in zip(graph.inputs, narrowed.inputs, strict=True)
        if now.name in given and now.domain != before.domain
    ]
    return narrowed, tuple(cut)


def with_legal_inputs(graph: Graph, given: frozenset[str]) -> Graph:
    """The graph with inputs that lie where the operators which read them are defined.

    An index ranges over its whole axis; a float of ``given`` whose domain is a guess is cut.
    """
    types, users = graph.types(), graph.users()
    found = []
    for each in graph.inputs:
        legals = [
            legal
            for node in users[each.name]
            for legal, arg in zip(_legal_operands(node, types), node.args, strict=True)
            if arg == each.name
        ]
        whole = Interval(max(i.low for i in legals), min(i.high for i in legals))
        index = each.type.dtype == "int32" and math.isfinite(whole.high - whole.low)
        if index and whole.low <= whole.high:
            found.append(replace(each, domain=whole))
        elif each.name in given and whole.low < whole.high and not each.domain.within(whole):
            found.append(replace(each, domain=sensible(whole, each.type)))
        else:
            found.append(each)
    return replace(graph, inputs=tuple(found))


def _legal_operands(node: Node, types: Mapping[str, TensorType]) -> tuple[Interval, ...]:
    return ops.get(node.op).domains(operand_types(node, types), dict(node.attrs))


def compared(
    graph: Graph, fixed: Mapping[str, Array], run: Run, seed: int = 0
) -> tuple[float, float]:
    """Difference and tolerance of a graph and its original on inputs drawn at random.

    Args:
        graph: The graph; its float64 meaning is the right answer.
        fixed: Values of inputs that are not drawn: constants and index tensors.
        run: The original.
        seed: Of the draw.

    Raises:
        ImportFailed: The difference is larger than rounding explains.
    """
    types = graph.types()
    inputs = {
        name: np.asarray(fixed.get(name, drawn)).astype(types[name].dtype)
        for name, drawn in draw(graph, seed).items()
    }
    right = reference(graph, inputs)
    theirs = run(inputs)
    if len(theirs) != len(graph.outputs):
        raise ImportFailed(
            f"the original gives {len(theirs)} outputs and the graph {len(graph.outputs)}",
            "return tensors only",
        )
    difference = max(
        disagreement(right.outputs[name], _ours(array, types[name].dtype), right.undecided[name])
        for name, array in zip(graph.outputs, theirs, strict=True)
    )
    if difference > right.tolerance:
        raise ImportFailed(
            f"the graph differs from the original by {difference:.2g}, but rounding explains only "
            f"{right.tolerance:.2g}",
            "one of the two is wrong, most likely the importer; please report the model",
        )
    return difference, right.tolerance


def _ours(array: Array, dtype: str) -> Array:
    return array if dtype in FLOATS else array.astype(dtype)
