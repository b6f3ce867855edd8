"""Readable, legal names: what a reader of the C and CUDA meets was named by a person or a plan."""

import json
from collections.abc import Mapping, Sequence

import tvm
from tvm import tirx

from hpctc.lower.c.names import INNER, RESERVED, identifier, words

CUDA = words(
    """
    alignas alignof catch class constexpr delete dim3 explicit export false friend half half2 max
    min mutable namespace new nullptr operator private protected public template this throw true
    try typeid typename uchar uint ushort using virtual warpSize
    threadIdx blockIdx blockDim gridDim float2 float3 float4 int2 int3 int4
    """
)
"""Words that C++ and CUDA keep for themselves beyond those of C."""


def free(name: str, taken: set[str], reserved: frozenset[str] = RESERVED | CUDA) -> str:
    """``name``, changed where it is not legal or already taken; it counts as taken from now."""
    stem = identifier(name, reserved)
    chosen, n = stem, 2
    while chosen in taken:
        chosen, n = f"{stem}_{n}", n + 1
    taken.add(chosen)
    return chosen


def buffer(name: str, taken: set[str]) -> str:
    """:func:`free` for a buffer, which is a parameter: it may be called ``gamma`` or ``index``."""
    return free(name, taken, INNER | CUDA)


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
        chosen[n] = buffer(name.removesuffix("_intermediate"), taken)
    for n, name in chosen.items():
        nodes.append({"type": "ffi.String", "data": name})
        nodes[n]["data"]["name"] = len(nodes) - 1
    return tvm.ir.load_json(json.dumps(graph))


def _is_buffer(nodes: Sequence[Mapping[str, object]], var: Mapping[str, int]) -> bool:
    return nodes[var["ty"]]["type"] == "tirx.BufferType"
