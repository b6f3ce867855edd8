"""C as tree-sitter sees it: a tree for any text, with error nodes where it is not C."""

from collections import Counter
from collections.abc import Iterator
from functools import cache

import tree_sitter_c
from tree_sitter import Language, Node, Parser


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_c.language()))


def parse(text: str) -> Node:
    """The root of a text's tree."""
    return _parser().parse(text.encode()).root_node


def text_of(node: Node) -> str:
    """The source of a node."""
    return (node.text or b"").decode(errors="replace")


def walk(root: Node) -> Iterator[Node]:
    """Every node, parents first, in the order of the text; without recursion, as C can be deep."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def tokens(root: Node) -> list[str]:
    """The words of a program, comments aside."""
    return [
        word
        for node in walk(root)
        if not node.children and node.type != "comment" and (word := text_of(node).strip())
    ]


def tree_match(candidate: Node, reference: Node) -> float:
    """Share of the reference's subtrees that the candidate has, too, each counted once."""
    mine, theirs = _subtrees(candidate), _subtrees(reference)
    return (mine & theirs).total() / theirs.total()


def _subtrees(root: Node) -> Counter[int]:
    """How often each shape of a subtree occurs; a leaf is its type, so names do not matter."""
    shape: dict[int, int] = {}
    found: Counter[int] = Counter()
    for node in reversed(list(walk(root))):  # children before parents
        inner = tuple(shape[c.id] for c in node.children if c.type != "comment")
        shape[node.id] = hash((node.type, inner))
        if inner or node is root:
            found[shape[node.id]] += 1
    return found
