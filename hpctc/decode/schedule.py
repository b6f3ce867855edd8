"""In which order the requests of a whole run are taken, and how many at a time.

After BatchLLM (Zheng et al., 2024): all prompts are known before the first is read, so what they
share (a system prompt, the examples, the samples of one kernel) is found globally, by a radix tree,
and not by what a cache happens to hold. Requests below one node run one after the other or side by
side, so the target, which takes over the longest prefix that any of its rows holds, computes each
edge of the tree once. BatchLLM folds the tree to one level of prefixes because its attention knows
one; here every level serves. Of several branches the one with the most decoding for its prefill
comes first, so that the prefills of later ones fall between the passes of long answers.

A batch is filled as far as keys and values fit (:class:`Memory`), not to a number of requests.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hpctc.decode.base import Request


@dataclass
class Node:
    """A run of tokens that all prompts below share."""

    start: int = 0
    end: int = 0
    """The tokens ``prompt[start:end]`` of each of them."""
    requests: list[Request] = field(default_factory=list)
    """Those whose prompt ends here."""
    children: list["Node"] = field(default_factory=list)
    decoded: int = 0
    """New tokens of all below, at most."""
    computed: int = 0
    """Prompt tokens of all below, this node's included, shared ones once."""

    @property
    def share(self) -> float:
        """New tokens a computed prompt token."""
        return self.decoded / max(self.computed, 1)


@dataclass(frozen=True)
class Plan:
    """The requests in the order in which they should be begun."""

    requests: tuple[Request, ...]
    tokens: int
    """Of all prompts."""
    computed: int
    """What is left of them when each shared part is computed once."""


@dataclass(frozen=True)
class Memory:
    """How many tokens' keys and values there is room for; None: no bound.

    A row is as long as the longest request needs, so the bound is of rows times length. Requests
    count with all that they may come to: none ever has to be put back.
    """

    tokens: int | None = None

    def fits(self, running: Sequence[Request], more: Request) -> bool:
        """Whether one more finds room; a request alone always does."""
        if self.tokens is None or not running:
            return True
        longest = max(len(r.prompt) + r.most for r in (*running, more))
        return (len(running) + 1) * longest <= self.tokens


def radix(requests: Iterable[Request]) -> Node:
    """The tree of all prompts; an edge with one child and no request of its own is joined."""
    root = Node()
    made: list[Node] = []
    todo = [(root, sorted(requests, key=lambda r: r.prompt))]
    while todo:
        node, below = todo.pop()
        made.append(node)
        if not below:
            continue
        # In sorted order, what the first and the last share is shared by all.
        node.end = _common(below[0].prompt, below[-1].prompt, node.start)
        node.requests = [r for r in below if len(r.prompt) == node.end]
        branches: dict[int, list[Request]] = {}
        for request in below[len(node.requests) :]:
            branches.setdefault(request.prompt[node.end], []).append(request)
        node.children = [Node(start=node.end) for _ in branches]
        todo += zip(node.children, branches.values(), strict=True)
    for node in reversed(made):
        node.decoded = sum(r.most for r in node.requests) + sum(c.decoded for c in node.children)
        node.computed = node.end - node.start + sum(c.computed for c in node.children)
    return root


def planned(requests: Iterable[Request]) -> Plan:
    """The order of the tree, depth first, the branch with the most decoding first."""
    root = radix(requests)
    order: list[Request] = []
    todo = [root]
    while todo:
        node = todo.pop()
        order += node.requests
        todo += sorted(node.children, key=lambda child: child.share)
    return Plan(tuple(order), sum(len(r.prompt) for r in order), root.computed)


def _common(one: Sequence[int], other: Sequence[int], start: int) -> int:
    """Where two texts that agree up to ``start`` part."""
    end = start
    for a, b in zip(one[start:], other[start:], strict=False):
        if a != b:
            break
        end += 1
    return end


__all__ = ["Memory", "Node", "Plan", "planned", "radix"]
