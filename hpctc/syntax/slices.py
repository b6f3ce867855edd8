"""The device part of a whole .cu file, and the launches in its host part.

People keep kernels in files full of host C++ (torch bindings, ``AT_DISPATCH``, ``main``). That part
is never executed here: tree-sitter, which reads any C++, finds the kernels, what they use, and the
``<<<...>>>`` launches; everything else is blanked out, so that positions stay what they were.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter_cuda
from tree_sitter import Language, Parser
from tree_sitter import Node as Found

_DEVICE = (b"__global__", b"__device__", b"__constant__", b"__shared__")
_TYPES = {"struct_specifier", "union_specifier", "enum_specifier", "type_definition"}
_KEPT = {"alias_declaration", "namespace_alias_definition", "using_declaration", "preproc_call"}


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


@dataclass(frozen=True)
class Sliced:
    """What :func:`device_part` found."""

    device: str
    """The source with everything but the device part blanked out."""
    launches: tuple[HostLaunch, ...]
    definitions: tuple[tuple[str, str], ...]
    """Host variables that the launches may mention: name, initialiser; in source order."""


def device_part(source: str) -> Sliced:
    """Slice a preprocessed .cu file; a file that is all device code comes back as it is."""
    data = source.encode()
    root = Parser(Language(tree_sitter_cuda.language())).parse(data).root_node
    keep = bytearray(len(data))
    for item in _items(root):
        if _is_device(item):
            keep[item.start_byte : item.end_byte] = b"\1" * (item.end_byte - item.start_byte)
    shown = bytes(c if kept or c in b"\n\r" else 0x20 for c, kept in zip(data, keep, strict=True))
    return Sliced(shown.decode(errors="replace"), tuple(_launches(root)), tuple(_definitions(root)))


def _items(node: Found) -> Iterator[Found]:
    """Top-level items, namespaces and ``extern "C"`` blocks opened."""
    previous: Found | None = None
    for child in node.children:
        if child.type in ("namespace_definition", "linkage_specification"):
            body = child.child_by_field_name("body")
            if body is not None and body.type == "declaration_list":
                yield from _items(body)
                continue
        if child.type == ";" and previous is not None and previous.type in _TYPES:
            yield child  # the semicolon that ends a struct is a sibling of it
        yield child
        previous = child


def _is_device(item: Found) -> bool:
    text = item.text or b""
    if item.type in _KEPT or item.type == ";":
        return True
    if item.type in _TYPES:
        return True
    if item.type in ("function_definition", "template_declaration", "linkage_specification"):
        head = text.split(b"{", 1)[0]
        return any(word in head for word in _DEVICE) or b"struct" in head or b"using" in head
    if item.type == "declaration":
        head = text.split(b"=", 1)[0]
        constant = head.startswith((b"constexpr", b"static constexpr", b"const ", b"static const"))
        return any(word in head for word in _DEVICE) or constant
    return item.type == "ERROR" and any(word in text for word in _DEVICE)


def _walk(node: Found) -> Iterator[Found]:
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(top.children))


def _text(node: Found | None) -> str:
    return " ".join((node.text or b"").decode(errors="replace").split()) if node else ""


def _launches(root: Found) -> Iterator[HostLaunch]:
    for call in _walk(root):
        shape = next((c for c in call.children if c.type == "kernel_call_syntax"), None)
        if shape is None:
            continue
        extents = [_text(c) for c in shape.named_children]
        function = call.child_by_field_name("function")
        name = _text(function)
        templates: tuple[str, ...] = ()
        if function is not None and function.type == "template_function":
            name = _text(function.child_by_field_name("name"))
            arguments = function.child_by_field_name("arguments")
            templates = tuple(_text(c) for c in arguments.named_children) if arguments else ()
        given = call.child_by_field_name("arguments")
        args = tuple(_text(c) for c in given.named_children) if given else ()
        grid, block, shared = (*extents, *("1", "1", "0")[len(extents) :])[:3]
        yield HostLaunch(name, templates, grid, block, shared, args, call.start_point[0] + 1)


def _definitions(root: Found) -> Iterator[tuple[str, str]]:
    for node in _walk(root):
        if node.type == "init_declarator":
            name, value = node.child_by_field_name("declarator"), node.child_by_field_name("value")
            if name is not None and name.type == "identifier" and value is not None:
                yield _text(name), _text(value)
