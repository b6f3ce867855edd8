"""Drafts cut to size, and several made one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from hpctc.decode.base import ROOT, Draft
from hpctc.decode.cost import Cost


def clipped(draft: Draft, room: int) -> Draft:
    """The part of a draft that leaves room for the target's own token."""
    if all(depth < room for depth in draft.depths):
        return draft
    return draft.kept([n for n, depth in enumerate(draft.depths) if depth < room])


def worth(draft: Draft, cost: Cost, rows: int = 1) -> Draft:
    """The part of a draft that earns its place in the pass; probes are left alone.

    A node is settled when all on its path are accepted. The best tree of k nodes takes those of
    the k likeliest paths (they are closed under parents; Wang et al., 2024, and Li et al., 2024),
    and k is where most tokens a second are expected. All ``rows`` of the pass are padded to the
    longest, so a node costs a place in each of them.
    """
    if not draft.chances or not cost.seconds(rows):
        return draft
    paths = _paths(draft)
    probes = len(draft.probes)
    nodes = [n for n in range(len(draft)) if n not in draft.probes]
    nodes.sort(key=lambda n: (-paths[n], n))
    gains = accumulate((paths[n] for n in nodes), initial=1.0)
    rates = [gain / cost.seconds(rows * (1 + probes + k)) for k, gain in enumerate(gains)]
    most = max(range(len(rates)), key=rates.__getitem__)
    return draft.kept(sorted([*draft.probes, *nodes[:most]])) if most < len(nodes) else draft


def expected(draft: Draft) -> float:
    """Tokens that a draft is expected to bring, the target's own not counted."""
    return sum(path for node, path in enumerate(_paths(draft)) if node not in draft.probes)


def merged(drafts: Sequence[Draft]) -> Draft:
    """All drafts as one tree; what two of them share is one node, the likelier one's.

    Two that agree are not taken for independent witnesses: the node has the higher chance of both.
    Of several tokens in one place only one can come, so where the chances of them are more than 1
    together, each is so much smaller. Probes are nobody's but their own draft's, and stay in their
    order.
    """
    tokens: list[int] = []
    parents: list[int] = []
    chances: list[float] = []
    sources: list[str] = []
    probes: set[int] = set()
    places: dict[tuple[int, int], int] = {}
    for draft in drafts:
        place = {ROOT: ROOT}
        for node, (token, parent) in enumerate(zip(draft.tokens, draft.parents, strict=True)):
            probe = node in draft.probes
            at = None if probe else places.get((place[parent], token))
            if at is None:
                at = len(tokens)
                tokens.append(token)
                parents.append(place[parent])
                chances.append(draft.chance(node))
                sources.append(draft.source(node))
                if probe:
                    probes.add(at)
                else:
                    places[place[parent], token] = at
            elif draft.chance(node) > chances[at]:
                chances[at], sources[at] = draft.chance(node), draft.source(node)
            place[node] = at
    total = defaultdict[int, float](float)
    for node, parent in enumerate(parents):
        if node not in probes:
            total[parent] += chances[node]
    chances = [c / max(total[parent], 1.0) for parent, c in zip(parents, chances, strict=True)]
    return Draft(tuple(tokens), tuple(parents), frozenset(probes), tuple(chances), tuple(sources))


def grafted(chain: Draft, tail: Draft) -> Draft:
    """A chain with a tree behind its last token; both say who made them and how likely it is."""
    count = len(chain)
    return Draft(
        chain.tokens + tail.tokens,
        chain.parents + tuple(count + p if p != ROOT else count - 1 for p in tail.parents),
        frozenset(count + n for n in tail.probes),
        tuple(map(chain.chance, range(count))) + tuple(map(tail.chance, range(len(tail)))),
        tuple(map(chain.source, range(count))) + tuple(map(tail.source, range(len(tail)))),
    )


def beside(chain: Draft, other: Draft) -> Draft:
    """Another draft as it is to be believed beside a chain, which is believed as it is.

    Where they agree it is as likely as the chain, where it leaves the chain as likely as it was, if
    the chain is wrong there.
    """
    chances = []
    place = {ROOT: 0}
    for node, (token, parent) in enumerate(zip(other.tokens, other.parents, strict=True)):
        chance = other.chance(node)
        depth = place.get(parent, len(chain))
        if depth < len(chain):
            same = token == chain.tokens[depth]
            chance = chain.chance(depth) if same else chance * (1 - chain.chance(depth))
            if same:
                place[node] = depth + 1
        chances.append(chance)
    return replace(other, chances=tuple(chances))


def _paths(draft: Draft) -> list[float]:
    """The chance of each node that all on its path are accepted."""
    paths: list[float] = []
    for node, parent in enumerate(draft.parents):
        paths.append((1.0 if parent == ROOT else paths[parent]) * draft.chance(node))
    return paths


__all__ = ["beside", "clipped", "expected", "grafted", "merged", "worth"]
