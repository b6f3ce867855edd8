"""Workloads that are mostly reading by index: embedding bags and recommendation (DLRM, 2019)."""

from typing import Any

import numpy as np

from hpctc.families.base import Sizes, Tables, declare
from hpctc.families.tensor import Pen, Tensor

BAG = {
    "rows": (64, 1024, 8192, 32768), "width": (8, 32, 64, 256), "bags": (8, 64, 256, 1024, 4096),
    "length": (4, 16, 64),
}  # fmt: skip
DLRM = "Deep Learning Recommendation Model, arXiv 1906.00091, 2019"


def _torch_bag(t: Any, x: Any, sizes: Sizes) -> Any:
    return t.nn.functional.embedding_bag(
        x["indices"].long(), x["table"], mode="sum", per_sample_weights=x["weight"]
    )


def _bag(pen: Pen, rows: int, width: int, bags: int, length: int) -> tuple[Tensor, Tensor, Tensor]:
    table = pen.input("table", rows, width)
    indices = pen.index("indices", bags, length, below=rows)
    return table, indices, pen.input("weight", bags, length)


@declare(
    name="gathers.bag", doc="the weighted sum of some rows of a table", sizes=BAG, source=DLRM,
    torch=_torch_bag,
)  # fmt: skip
def bag(pen: Pen, rows: int, width: int, bags: int, length: int) -> Tensor:
    """Rows are gathered, weighted and summed."""
    table, indices, weight = _bag(pen, rows, width, bags, length)
    return (table.take(indices, axis=0) * weight.view(bags, length, 1)).sum(axes=(1,))


@declare(
    name="gathers.bag_one_hot", doc="the weighted sum of some rows of a table, as a product",
    sizes={**BAG, "rows": (64, 256, 1024)}, source=DLRM, like="gathers.bag", torch=_torch_bag,
)  # fmt: skip
def bag_one_hot(pen: Pen, rows: int, width: int, bags: int, length: int) -> Tensor:
    """Weighted one-hot rows times the table: what a machine without a gather does."""
    table, indices, weight = _bag(pen, rows, width, bags, length)
    hot = indices.one_hot(depth=rows) * weight.view(bags, length, 1)
    return hot.sum(axes=(1,)) @ table


def _pairs(sizes: Sizes) -> Tables:
    row, column = np.tril_indices(sizes["fields"] + 1, -1)
    return {"pairs": (row * (sizes["fields"] + 1) + column).astype(np.int32)}


def _torch_interaction(t: Any, x: Any, sizes: Sizes) -> Any:
    rows = [t.nn.functional.embedding(x["indices"][:, i].long(), x[f"table{i}"])
            for i in range(sizes["fields"])]  # fmt: skip
    every = t.stack([x["dense"], *rows], 1)
    products = every @ every.transpose(1, 2)
    row, column = t.tril_indices(sizes["fields"] + 1, sizes["fields"] + 1, -1)
    return t.cat((x["dense"], products[:, row, column]), 1)


@declare(
    name="gathers.interaction", doc="lookups in several tables and the products of all pairs",
    sizes={
        "batch": (4, 32, 128, 1024), "fields": (3, 6, 8, 16), "rows": (64, 1024),
        "width": (8, 16, 32, 128, 256),
    },
    source=DLRM, tables=_pairs, torch=_torch_interaction,
)  # fmt: skip
def interaction(pen: Pen, batch: int, fields: int, rows: int, width: int) -> Tensor:
    """The interaction layer; ``pairs`` holds the places below the diagonal."""
    dense = pen.input("dense", batch, width)
    indices = pen.index("indices", batch, fields, below=rows)
    columns = (each.view(batch) for each in indices.parts(fields, 1))
    found = [pen.input(f"table{i}", rows, width).take(c, axis=0) for i, c in enumerate(columns)]
    every = pen.stack([dense, *found], axis=1)
    products = (every @ every.turned()).view(batch, (fields + 1) ** 2)
    pairs = pen.index("pairs", fields * (fields + 1) // 2, below=(fields + 1) ** 2)
    return pen.concat([dense, products.take(pairs, axis=1)], axis=1)
