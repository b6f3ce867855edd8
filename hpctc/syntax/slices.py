"""The device part of a whole .cu file, and the launches in its host part.

People keep kernels in files full of host C++ (torch bindings, ``AT_DISPATCH``, ``main``). That part
is never executed here: tree-sitter, which reads any C++, finds the kernels, what they use, and the
``<<<...>>>`` launches; everything else is blanked out, so that positions stay what they were.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter_cuda
from tree_sitter import Language, Parser
from tree_sitter import Node as Found

from hpctc.syntax.launches import (
    Allocation,
    Helper,
    HostLaunch,
    allocations,
    helpers,
    launches,
    text,
)

_DEVICE = (b"__global__", b"__device__", b"__constant__", b"__shared__")
_TYPES = {
    *("struct_specifier", "class_specifier", "union_specifier", "enum_specifier"),
    *("type_definition", "alias_declaration"),
}
_KEPT = {"alias_declaration", "namespace_alias_definition", "using_declaration", "preproc_call"}
_WRITTEN = {
    "namespace",
    "extern",
    "string_literal",
    "namespace_identifier",
    "comment",
    "{",
    "}",
} | {f"preproc_{word}" for word in ("include", "def", "function_def", "if", "ifdef")}
"""What stays besides the device part where g++ is to preprocess the text."""

_HOST_HEADER = re.compile(
    r"#\s*include\s*[<\"](torch|ATen|c10|pybind11|Python\.h|vector|iostream|string|cublas|cudnn|thrust|cub/)"
)


@dataclass(frozen=True)
class Sliced:
    """What :func:`device_part` found."""

    device: str
    """The source with everything but the device part blanked out."""
    launches: tuple[HostLaunch, ...]
    helpers: tuple[Helper, ...]
    """Host functions that extents of launches may call."""
    allocations: tuple[Allocation, ...] = ()


def device_part(source: str) -> Sliced:
    """Slice a preprocessed .cu file; a file that is all device code comes back as it is."""
    data = source.encode()
    root = _tree(data)
    keep = bytearray(len(data))
    for item in _items(root):
        if _is_device(item):
            keep[item.start_byte : item.end_byte] = b"\1" * (item.end_byte - item.start_byte)
    found = tuple(launches(root)), tuple(helpers(root)), tuple(allocations(root))
    return Sliced(_shown(data, keep), *found)


def without_host(source: str) -> str:
    """A .cu file as written but for its host part, which is blanked out: what g++ can compile.

    Macros, conditionals and namespaces stay, and lines keep their numbers. A file without launches
    or host headers comes back as it is.
    """
    if "<<<" not in source and not _HOST_HEADER.search(source):
        return source
    data = source.encode()
    keep = bytearray(len(data))
    for item in _items(_tree(data), braces=True):
        header = item.type == "preproc_include" and _HOST_HEADER.search(text(item))
        if (_is_device(item) or item.type in _WRITTEN) and not header:
            keep[item.start_byte : item.end_byte] = b"\1" * (item.end_byte - item.start_byte)
    return _shown(data, keep)


def _tree(data: bytes) -> Found:
    # tree-sitter knows C++'s alignas only; the same length keeps every position
    known = data.replace(b"__align__", b"alignas  ")
    return Parser(Language(tree_sitter_cuda.language())).parse(known).root_node


def _shown(data: bytes, keep: bytearray) -> str:
    shown = bytes(c if kept or c in b"\n\r" else 0x20 for c, kept in zip(data, keep, strict=True))
    return shown.decode(errors="replace")


def _items(node: Found, braces: bool = False) -> Iterator[Found]:
    """Top-level items, namespaces and ``extern "C"`` blocks opened (``braces``: with heads)."""
    previous: Found | None = None
    for child in node.children:
        if child.type in ("namespace_definition", "linkage_specification"):
            body = child.child_by_field_name("body")
            if body is not None and body.type == "declaration_list":
                if braces:
                    yield from (c for c in child.children if c != body)
                yield from _items(body, braces)
                continue
        if child.type == ";" and previous is not None and previous.type in _TYPES:
            yield child  # the semicolon that ends a struct is a sibling of it
        yield child
        previous = child


def _is_device(item: Found) -> bool:
    written = item.text or b""
    if item.type in _KEPT or item.type == ";":
        return True
    if item.type in _TYPES:
        return True
    if item.type == "template_declaration" and any(c.type in _TYPES for c in item.children):
        return True
    if item.type in ("function_definition", "template_declaration", "linkage_specification"):
        head = written.split(b"{", 1)[0]
        return any(word in head for word in (*_DEVICE, b"constexpr"))
    if item.type == "declaration":
        head = written.split(b"=", 1)[0]
        constant = head.startswith((b"constexpr", b"static constexpr", b"const ", b"static const"))
        return any(word in head for word in _DEVICE) or constant
    return item.type == "ERROR" and any(word in written for word in _DEVICE)
