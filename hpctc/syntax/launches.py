"""The ``<<<...>>>`` launches of a host part, with the variables that their extents may mention.

Host code is never executed. What stands before a launch in its function, and at the file's top, is
noted in order as texts; what happens under a condition that the launch is not under is not known.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

_CONDITIONAL = {"if_statement", "for_statement", "while_statement", "do_statement",
                "switch_statement", "for_range_loop"}  # fmt: skip

_ALLOCATORS = {"cudaMalloc", "cudaMallocManaged", "cudaMallocAsync"}


@dataclass(frozen=True)
class HostLaunch:
    """A launch as the host code writes it; extents are expressions of the host's variables."""

    kernel: str
    templates: tuple[str, ...]
    grid: str
    block: str
    shared: str
    """Dynamic shared memory in bytes; ``0`` where none is given."""
    args: tuple[str, ...]
    line: int
    definitions: tuple[tuple[str, str], ...] = ()
    """Host variables and what is given to them before, in order; an empty text: not known."""


@dataclass(frozen=True)
class Helper:
    """A host function that is one expression, such as ``ceil_div``."""

    name: str
    parameters: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class Allocation:
    """A buffer of the device as the host code makes it."""

    pointer: str
    bytes: str
    """An expression of the host's variables."""


def launches(root: Node) -> Iterator[HostLaunch]:
    """Every launch below a node of tree-sitter's, in source order."""
    given = [found for node in walk(root) if (found := _given(node)) is not None]
    for call in walk(root):
        shape = next((c for c in call.children if c.type == "kernel_call_syntax"), None)
        if shape is None:
            continue
        extents = [text(c) for c in shape.named_children if c.type != "comment"]
        function = call.child_by_field_name("function")
        name = text(function)
        templates: tuple[str, ...] = ()
        template = next((n for n in walk(function) if n.type == "template_function"), None)
        if template is not None:
            name = text(template.child_by_field_name("name"))
            templates = _texts(template.child_by_field_name("arguments"))
        grid, block, shared = (*extents, *("1", "1", "0")[len(extents) :])[:3]
        yield HostLaunch(
            name.rpartition("::")[2], templates, grid, block, shared,
            _texts(call.child_by_field_name("arguments")), call.start_point[0] + 1,
            tuple(_visible(call, given)),
        )  # fmt: skip


def allocations(root: Node) -> Iterator[Allocation]:
    """Every ``cudaMalloc(&p, bytes)`` and its like below a node, in source order."""
    for call in walk(root):
        if call.type != "call_expression":
            continue
        args = _texts(call.child_by_field_name("arguments"))
        if text(call.child_by_field_name("function")) in _ALLOCATORS and len(args) >= 2:
            yield Allocation(args[0].rpartition("&")[2].strip("() "), args[1])


def helpers(root: Node) -> Iterator[Helper]:
    """Every function below a node that returns one expression and does nothing else."""
    for node in walk(root):
        body = node.child_by_field_name("body") if node.type == "function_definition" else None
        statements = [c for c in body.named_children if c.type != "comment"] if body else []
        declarator = node.child_by_field_name("declarator")
        if len(statements) != 1 or statements[0].type != "return_statement" or declarator is None:
            continue
        value = next(iter(statements[0].named_children), None)
        name = declarator.child_by_field_name("declarator")
        if declarator.type == "function_declarator" and name is not None and value is not None:
            given = declarator.child_by_field_name("parameters")
            names = [text(n) for n in walk(given) if n.type == "identifier"]
            yield Helper(text(name), tuple(names), text(value))


def walk(node: Node | None) -> Iterator[Node]:
    """A node and everything below it, in source order."""
    stack = [node] if node is not None else []
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(top.children))


def text(node: Node | None) -> str:
    """The source of a node, its white space made single spaces."""
    return " ".join((node.text or b"").decode(errors="replace").split()) if node else ""


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(text(c) for c in node.named_children if c.type != "comment") if node else ()


def _given(node: Node) -> tuple[Node, str, str] | None:
    """Where a variable is given which value."""
    if node.type == "declaration" and text(node.child_by_field_name("type")) == "dim3":
        return _bare_shape(node)
    if node.type == "init_declarator":
        name, value = node.child_by_field_name("declarator"), node.child_by_field_name("value")
        if name is None or name.type != "identifier" or value is None:
            return None
        shape = node.parent is not None and text(node.parent.child_by_field_name("type")) == "dim3"
        return node, text(name), _shape(value) if shape else text(value)
    if node.type == "assignment_expression":
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        plain = text(node.child_by_field_name("operator")) == "="
        if target is not None and target.type in ("identifier", "field_expression"):
            return node, text(target), text(value) if plain else ""
    return None


def _bare_shape(node: Node) -> tuple[Node, str, str] | None:
    """``dim3 grid;`` and ``dim3 grid(a, b);``, which reads as the declaration of a function."""
    declarator = node.child_by_field_name("declarator")
    if declarator is None or declarator.type not in ("identifier", "function_declarator"):
        return None
    name = declarator.child_by_field_name("declarator") or declarator
    return node, text(name), f"dim3{text(declarator.child_by_field_name('parameters')) or '()'}"


def _shape(value: Node) -> str:
    """What a dim3 starts with; ``dim3`` alone: not known."""
    written = text(value)
    if value.type == "initializer_list":
        return f"dim3({written[1:-1]})"
    if value.type == "argument_list":
        return f"dim3{written}"
    known = written.startswith("dim3") or value.type in ("identifier", "number_literal")
    return written if known else "dim3"


def _visible(call: Node, given: list[tuple[Node, str, str]]) -> Iterator[tuple[str, str]]:
    around = {n.id for n in _ancestors(call)}
    function = next((n for n in _ancestors(call) if n.type == "function_definition"), None)
    for node, name, value in given:
        outer = list(_ancestors(node))
        home = next((n for n in outer if n.type == "function_definition"), None)
        if home is not None and (home != function or node.start_byte > call.start_byte):
            continue
        perhaps = any(n.type in _CONDITIONAL and n.id not in around for n in outer)
        yield name, "" if perhaps and node.type == "assignment_expression" else value


def _ancestors(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent
