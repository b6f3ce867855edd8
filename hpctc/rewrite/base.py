"""What a rewrite is: a rule, the places where it applies, and the graph after it.

A rewrite at one place is itself a text option, ``split-k{at=y,parts=2}``: its class is the rule,
``at`` names the value that is computed anew, further fields are its choices. So a chain of rewrites
is a list of texts, and a record that holds it can be made again.

To write one, derive from :class:`Rewrite`, give ``name``, ``rule`` and ``ops``, and write
:meth:`Rewrite.build`: guard first (return None), then emit nodes with the :class:`Edit` and return
the value that takes the old one's place. Where the rule is an identity of elementwise operators,
derive from :class:`hpctc.rewrite.identity.Identity`: there the rule is the whole rewrite.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from hpctc.core.errors import HpctcError
from hpctc.core.spec import Spec
from hpctc.graph import ops
from hpctc.graph.check import check
from hpctc.graph.ir import Graph, Node
from hpctc.graph.op import FLOATS
from hpctc.rewrite.edit import Edit, Refused, View

Built = str | tuple[str, ...] | Mapping[str, str] | None
"""What :meth:`Rewrite.build` returns: the value(s) in place of the node's result(s), or old -> new
where several nodes are replaced, or None: the rule does not apply."""


class RewriteError(HpctcError):
    """A rewrite was asked for at a place where it does not apply."""


@dataclass(frozen=True)
class Rewrite(Spec):
    """One rule at one place; ``str(rewrite)`` is the text that makes it again."""

    rule: ClassVar[str]
    """The rule in mathematics, as the registry lists it."""
    ops: ClassVar[tuple[str, ...]] = ()
    """The operators at whose applications it looks; empty: all."""
    exact: ClassVar[bool] = False
    """Whether not even a last bit changes. What is not exact keeps away from values on which a
    jump (a comparison, ``floor``, ``argmax``) depends."""
    constants: ClassVar[bool] = False
    """Whether it writes numbers that float32 has to round: then results agree to about 1e-7."""
    weight: ClassVar[float] = 1.0
    """How often a random walk takes it, against the others that apply."""

    at: str
    """The value that is computed anew: the first result of a node."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator[Self]:
        """The ways in which the rule may apply at a node, not yet tried."""
        yield cls(at=node.results[0].name)

    @abstractmethod
    def build(self, edit: Edit, node: Node) -> Built:
        """Emit what computes the results of ``node`` anew."""

    @classmethod
    def sites(cls, graph: Graph | View) -> list[Self]:
        """Every place of the graph at which the rule applies, in the order of the nodes."""
        view = graph if isinstance(graph, View) else View(graph)
        return [c for c in cls.candidates(view) if c.attempt(view) is not None]

    @classmethod
    def candidates(cls, view: View) -> Iterator[Self]:
        """The places at which the rule may apply, not yet tried."""
        for node in view.graph.nodes:
            if not cls.ops or node.op in cls.ops:
                yield from cls.choices(view, node)

    def apply(self, graph: Graph | View) -> Graph:
        """The graph after the rewrite: checked, without dead nodes, same inputs and outputs."""
        view = graph if isinstance(graph, View) else View(graph)
        after = self.attempt(view)
        if after is None:
            raise RewriteError(
                f"{self} does not apply to graph {view.graph.name}: {self._refusal(view)}",
                f"hpctc graph rewrite FILE --rule {self.name} picks a place where it does",
            )
        return after

    def attempt(self, view: View) -> Graph | None:
        """The graph after the rewrite, or None where the rule does not apply."""
        try:
            return self._rewritten(view)
        except Refused:
            return None

    def _rewritten(self, view: View) -> Graph:
        node = view.producers.get(self.at)
        if node is None:
            raise Refused(f"no node computes {self.at}")
        if self.ops and node.op not in self.ops:
            raise Refused(f"{self.at} is the result of {node.op}")
        edit = Edit(view, self.at, self.constants)
        built = self.build(edit, node)
        if built is None:
            raise Refused("the operands do not have the form of the rule")
        if view.fragile.intersection(v.name for v in node.results):
            self._check_bits(edit, node)
        after = edit.finish(_replaced(node, built))
        try:
            check(after)
        except HpctcError as problem:
            raise Refused(problem.message) from None
        return after

    def _check_bits(self, edit: Edit, node: Node) -> None:
        """Refuse what may change a last bit, or looks as if it might to a judge of kernels."""
        touched = ops.get(node.op).rounding != "exact"
        if not self.exact or (not touched and any(map(rounds, edit.nodes))):
            raise Refused(f"a jump depends on the last bits of {self.at}")

    def _refusal(self, view: View) -> str:
        try:
            self._rewritten(view)
        except Refused as reason:
            return str(reason)
        return ""


def rounds(node: Node) -> bool:
    """Whether an operator may round its results; one of whole numbers never does."""
    return node.results[0].type.dtype in FLOATS and ops.get(node.op).rounding != "exact"


def _replaced(node: Node, built: str | tuple[str, ...] | Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(built, Mapping):
        return built
    news = (built,) if isinstance(built, str) else built
    if len(news) != len(node.results):
        raise Refused(f"{node.op} has {len(node.results)} results")
    return {v.name: new for v, new in zip(node.results, news, strict=True)}
