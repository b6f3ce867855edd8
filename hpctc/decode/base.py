"""The seam of decoding: drafts are trees, targets score them, strategies propose them.

A *target* is a language model that scores several requests in one pass. A *draft* hangs off the
last settled token of a request; the pass gives one row of logits for that token and one for each
node. Which nodes are accepted is decided in :mod:`hpctc.decode.verify` and nowhere else, so
whatever a strategy proposes, the output is the target's own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import ClassVar, Protocol, runtime_checkable

from torch import Tensor

from hpctc.core.spec import Spec
from hpctc.decode.cost import Cost

ROOT = -1
"""The parent of a draft's first nodes: the last settled token."""

TARGET = ""
"""The source of a token that nobody proposed: the target's own."""

UNNAMED = "unnamed"
"""The source of a draft that does not say who made it."""

Key = Hashable
"""Names a request while it is being decoded."""


@dataclass(frozen=True)
class Draft:
    """Tokens for one target pass, as a tree that hangs off the last settled token."""

    tokens: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()
    """``parents[i] < i``, or :data:`ROOT`."""
    probes: frozenset[int] = frozenset()
    """Nodes that are scored and never accepted: lookahead's window."""
    chances: tuple[float, ...] = ()
    """How likely each node is to be accepted once its parent is; empty: nobody said."""
    sources: tuple[str, ...] = ()
    """Who proposed each node; empty: nobody said."""

    def __post_init__(self) -> None:
        if len(self.parents) != len(self.tokens):
            raise ValueError(f"{len(self.tokens)} tokens have {len(self.parents)} parents")
        if any(not ROOT <= p < i for i, p in enumerate(self.parents)):
            raise ValueError(f"a parent stands before its node or is ROOT: {self.parents}")

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def chain(
        cls, tokens: Sequence[int], source: str = "", chances: Sequence[float] = ()
    ) -> "Draft":
        """One token after the other."""
        count = len(tokens)
        sources = (source,) * count if source else ()
        parents = tuple(range(-1, count - 1))
        return cls(tuple(tokens), parents, chances=tuple(chances[:count]), sources=sources)

    def kept(self, nodes: Sequence[int]) -> "Draft":
        """Of the nodes only these, in this order; the parent of each is among them before it."""
        place = {node: i for i, node in enumerate(nodes)} | {ROOT: ROOT}
        return Draft(
            tuple(self.tokens[n] for n in nodes),
            tuple(place[self.parents[n]] for n in nodes),
            frozenset(place[n] for n in self.probes if n in place),
            tuple(self.chances[n] for n in nodes) if self.chances else (),
            tuple(self.sources[n] for n in nodes) if self.sources else (),
        )

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """Node (or :data:`ROOT`) -> its children that may be accepted, in order."""
        found: dict[int, list[int]] = {}
        for node, parent in enumerate(self.parents):
            if node not in self.probes:
                found.setdefault(parent, []).append(node)
        return found

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """Steps from the root: 1 for its children."""
        found: list[int] = []
        for parent in self.parents:
            found.append(1 if parent == ROOT else found[parent] + 1)
        return tuple(found)

    def ancestors(self, node: int) -> list[int]:
        """The path from the root to a node, the node included."""
        path = []
        while node != ROOT:
            path.append(node)
            node = self.parents[node]
        return path[::-1]

    def chance(self, node: int) -> float:
        """How likely a node is to be accepted once its parent is; even where nobody said."""
        return self.chances[node] if self.chances else 0.5

    def source(self, node: int) -> str:
        """Who proposed a node."""
        return self.sources[node] if self.sources else UNNAMED


@dataclass(frozen=True)
class Ask:
    """One request's part of a pass."""

    key: Key
    settled: Sequence[int]
    """Prompt and accepted tokens, at least one."""
    draft: Draft


class Target(Protocol):
    """A language model behind decoding."""

    vocab: int

    @property
    def cost(self) -> Cost:
        """What its passes take."""
        ...

    def score(self, asks: Sequence[Ask]) -> list[Tensor]:
        """Score every draft in one pass.

        Returns for each ask a float32 tensor ``[1 + len(draft), vocab]`` of logits: row 0 follows
        the last settled token, row i + 1 follows node i. What was computed for a key is kept and
        used again as far as the settled tokens agree with it; :meth:`close` forgets it.
        """
        ...

    def close(self, key: Key) -> None:
        """Forget what is kept for a request."""
        ...


@dataclass(frozen=True)
class Step:
    """What one target pass settled for a request."""

    draft: Draft
    path: tuple[int, ...]
    """Accepted nodes, root first."""
    bonus: int
    """What the target itself said after the path."""
    logits: Tensor
    """As :meth:`Target.score` gave it."""

    @property
    def tokens(self) -> tuple[int, ...]:
        """All that was settled: the path and the bonus."""
        return (*(self.draft.tokens[n] for n in self.path), self.bonus)


class Kind(IntEnum):
    """What a token is in a program, as far as drafts ask."""

    ITSELF = 0
    """A keyword, an operator, a space: in a like place the same stands."""
    NAME = 1
    """An identifier: in a like place another may stand."""
    REST = 2
    """An identifier behind something that is no space, or what goes on one."""
    DIGIT = 3


KindOf = Callable[[int], Kind]


def itself(_token: int) -> Kind:
    """Nothing is known of any token."""
    return Kind.ITSELF


@dataclass(frozen=True)
class Request:
    """One prompt to be continued."""

    key: Key
    prompt: tuple[int, ...]
    most: int
    """New tokens, at most."""
    ends: frozenset[int] = frozenset()
    """Tokens that end the text; they are not part of it."""
    hints: tuple[tuple[int, ...], ...] = ()
    """Texts of which parts are likely to appear: what the compiler or a neighbour wrote."""
    kind: KindOf = itself
    """What each token is."""


@dataclass
class State:
    """A request while it is decoded."""

    request: Request
    settled: list[int] = field(default_factory=list)

    @property
    def room(self) -> int:
        """New tokens that may still come."""
        return self.request.most - (len(self.settled) - len(self.request.prompt))


class Drafter(Protocol):
    """A strategy at work on many requests."""

    def propose(self, states: Sequence[State]) -> list[Draft]:
        """A draft for each; never deeper than the state's room less one."""
        ...

    def observe(self, state: State, step: Step) -> None:
        """Learn what became of a draft; ``state`` holds the new tokens already."""
        ...

    def close(self, key: Key) -> None:
        """A request is over."""
        ...


@runtime_checkable
class Foreseer(Drafter, Protocol):
    """A drafter that can also look behind tokens that are not settled."""

    def foresee(self, state: State, ahead: Sequence[int]) -> Draft:
        """What would come if ``ahead`` came first, not cut to size; nothing is learned by it.

        Never so deep that with ``ahead`` it would leave no room for the target's own token.
        """
        ...


@dataclass(frozen=True)
class Strategy(Spec, ABC):
    """A named way to draft; its fields are its options."""

    about: ClassVar[str]
    """One line for lists."""

    @property
    def needs(self) -> frozenset[str]:
        """``hints``, ``model``: what requests or the caller must bring."""
        return frozenset()

    @abstractmethod
    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """Begin to work; ``load`` opens another model by its spec text."""
