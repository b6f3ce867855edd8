"""What the columns of a release hold, in the words of its card and of its metadata."""

FIELDS = {
    "id": "hash of graph, both codes, entry, launches, inputs and outputs",
    "name": "a name within this dataset",
    "category": "one of HPCTransEval's five classes of operators",
    "graph": "the operator graph in hpctc's text form",
    "c_code": "C99 with OpenMP",
    "cuda_code": "CUDA: the kernels",
    "entry": "the C function: `void entry(const T *restrict in..., T *restrict out...)`",
    "launches": (
        "for every kernel in order: grid, block, dynamic shared memory, arguments (a buffer's "
        "name, or a number)"
    ),
    "inputs": "name, shape, dtype, and the interval from which values may be drawn",
    "outputs": "name, shape, dtype",
    "intermediates": "global buffers that the launches hand on to each other",
    "flops": "operations",
    "bytes": "compulsory memory traffic in bytes",
    "checks": "what was verified, on which seeds, with which largest error under which tolerance",
    "provenance": "source, seed, parents and rewrites, schedules, tool versions",
    "family": "hash of the graph's wiring: pairs that differ in extents and schedules share it",
    "cluster": "pairs whose text is alike share it, by chains; the least id among them",
    "nearest": "id of the pair of this release whose text is most like this one's",
    "nearest_likeness": (
        "how much: Jaccard index of shingles of tokens, blind to names and numbers, of the more "
        "alike side"
    ),
    "train_likeness": "the same with the nearest other pair of train",
}
"""Column -> one line; an entry for every column of :data:`hpctc.dataset.parquet.RELEASED`."""
