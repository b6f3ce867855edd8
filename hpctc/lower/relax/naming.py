"""Readable, legal names: what a reader of the C and CUDA meets was named by a person or a plan."""

import json
import re
from collections.abc import Mapping, Sequence

import tvm
from tvm import tirx

RESERVED = frozenset(
    {
        "alignas", "alignof", "asm", "auto", "bool", "break", "case", "catch", "char", "class",
        "const", "constexpr", "continue", "default", "delete", "do", "double", "else", "enum",
        "extern", "false", "float", "for", "friend", "goto", "half", "if", "inline", "int", "long",
        "main", "namespace", "new", "operator", "private", "protected", "public", "register",
        "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "template",
        "this", "threadIdx", "blockIdx", "blockDim", "gridDim", "throw", "true", "try", "typedef",
        "typename", "uchar", "uint", "union", "unsigned", "using", "virtual", "void", "volatile",
        "while",
    }
)  # fmt: skip
"""Words that C, C++ or CUDA keep for themselves."""


def free(name: str, taken: set[str]) -> str:
    """``name``, changed where it is not legal or already taken; it counts as taken from now."""
    stem = re.sub(r"\W", "_", name)
    if stem in RESERVED or not stem or stem[0].isdigit():
        stem = f"{stem}_"
    chosen, n = stem, 2
    while chosen in taken:
        chosen, n = f"{stem}_{n}", n + 1
    taken.add(chosen)
    return chosen


def renamed(func: tirx.PrimFunc, params: Sequence[str]) -> tirx.PrimFunc:
    """The function with its parameters called ``params``; its own buffers give way.

    TVM's objects cannot be renamed in place, but their serial form is a list of nodes in which a
    name is a node of its own.
    """
    graph = json.loads(tvm.ir.save_json(func))
    nodes = graph["nodes"]
    root = nodes[graph["root_index"]]["data"]
    own = nodes[root["params"]]["data"]
    if len(own) != len(params):
        raise ValueError(f"{len(params)} names for {len(own)} parameters")
    taken = set(params)
    chosen: dict[int, str] = dict(zip(own, params, strict=True))
    for n, node in enumerate(nodes):
        if n in chosen or node["type"] != "ir.Var" or not _is_buffer(nodes, node["data"]):
            continue
        name = nodes[node["data"]["name"]]["data"]
        chosen[n] = free(name.removesuffix("_intermediate"), taken)
    for n, name in chosen.items():
        nodes.append({"type": "ffi.String", "data": name})
        nodes[n]["data"]["name"] = len(nodes) - 1
    return tvm.ir.load_json(json.dumps(graph))


def _is_buffer(nodes: Sequence[Mapping[str, object]], var: Mapping[str, int]) -> bool:
    return nodes[var["ty"]]["type"] == "tirx.BufferType"
