"""Which variable takes its value from which, as CodeBLEU compares it: by place, not by name."""

from collections import Counter
from collections.abc import Iterator

from tree_sitter import Node

from hpctc.score.similarity.tree import text_of, walk

Edge = tuple[str, str]
"""A variable, and one that its value is computed from."""


def flow_match(candidate: Node, reference: Node) -> float | None:
    """Share of the reference's edges that the candidate has, too; None: the reference has none."""
    wanted = _anonymous(edges(reference))
    if not wanted:
        return None
    return (_anonymous(edges(candidate)) & wanted).total() / wanted.total()


def edges(root: Node) -> list[Edge]:
    """The data flow of a program in the order of its text, under its own names."""
    return [edge for node in walk(root) for edge in _of(node)]


def _of(node: Node) -> Iterator[Edge]:
    """The edges that this very node makes."""
    if node.type == "init_declarator":
        yield from _flow(node.child_by_field_name("declarator"), node, "value", itself=False)
    elif node.type == "assignment_expression":
        operator = node.child_by_field_name("operator")
        itself = operator is not None and operator.type != "="
        yield from _flow(node.child_by_field_name("left"), node, "right", itself)
    elif node.type == "update_expression":
        yield from _flow(node.child_by_field_name("argument"), node, "", itself=True)


def _flow(left: Node | None, node: Node, right: str, itself: bool) -> Iterator[Edge]:
    if left is None or (target := next(_names(left), None)) is None:
        return
    if itself:
        yield target, target
    source = node.child_by_field_name(right) if right else None
    for name in _names(source) if source is not None else ():
        yield target, name


def _names(node: Node) -> Iterator[str]:
    """The variables in an expression; the function of a call is none."""
    for inner in walk(node):
        parent = inner.parent
        called = (
            parent is not None
            and parent.type == "call_expression"
            and parent.child_by_field_name("function") == inner
        )
        if inner.type == "identifier" and not called:
            yield text_of(inner)


def _anonymous(found: list[Edge]) -> Counter[tuple[int, int]]:
    """Names become numbers in the order in which they appear."""
    number: dict[str, int] = {}
    return Counter(
        (number.setdefault(target, len(number)), number.setdefault(source, len(number)))
        for target, source in found
    )
