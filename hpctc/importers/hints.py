"""What somebody can do about an operator that cannot be imported yet."""

TABLE = {
    "index_put": "write by torch.where or a one-hot product instead of x[i] = y",
    "scatter_": "write scattering as a product with one_hot(indices)",
    "slice_scatter": "build the result with torch.cat instead of writing into a slice",
    "select_scatter": "build the result with torch.stack instead of writing into a row",
    "nonzero": "a result's shape must not depend on values; use torch.where with three arguments",
    "fft": "write the transform as two matmuls with cosine and sine tables (docs/families.md)",
    "rand": "pass the random tensor as an argument",
    "bernoulli": "put the module into eval mode, or pass the mask as an argument",
    "grid_sampler": "use interpolate with a fixed size",
    "adaptive_max_pool3d": "use max_pool with a fixed kernel",
}
"""A part of the operator's name -> what is possible."""

GENERAL = "'hpctc ops' lists what graphs are made of; write the module with these"


def hint(name: str) -> str:
    """What is possible instead of an operator of theirs."""
    bare = name.removeprefix("aten.")
    return next((text for part, text in TABLE.items() if part in bare), GENERAL)
