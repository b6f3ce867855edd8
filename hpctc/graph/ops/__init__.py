"""The registry of operators: one file a family, one declaration an operator.

Importing this package fills :data:`hpctc.graph.op.OPS`. A new operator is one ``declare`` in the
file of its family; every matrix test over the registry picks it up.
"""

import difflib

from hpctc.graph.errors import GraphError
from hpctc.graph.op import OPS, Op
from hpctc.graph.ops import (  # noqa: F401  imported for their declarations
    activation,
    assemble,
    binary,
    bits,
    blocks,
    channel,
    conv,
    fast,
    gather,
    image,
    layout,
    logic,
    loss,
    matmul,
    norm,
    pool,
    products,
    reduction,
    scatter,
    softmax,
    sort,
    spectral,
    unary,
)

__all__ = ["OPS", "get"]


def get(name: str) -> Op:
    """The operator of that name; an unknown one is an error that names the nearest."""
    if name not in OPS:
        near = difflib.get_close_matches(name, OPS, 1)
        raise GraphError(
            f"there is no operator {name!r}",
            f"did you mean {near[0]!r}? `hpctc ops` lists all {len(OPS)}"
            if near
            else f"`hpctc ops` lists all {len(OPS)}",
        )
    return OPS[name]
