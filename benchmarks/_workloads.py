"""Operators from every category: at extents that take a tenth of a millisecond, and at few ns."""

from typing import Any

Workload = tuple[str, tuple[tuple[int, ...], ...], dict[str, Any]]

IMAGES = (4, 32, 56, 56)
ROWS = (512, 1024)
SQUARE = (1024, 1024)

ELEMENTWISE: tuple[Workload, ...] = (
    ("relu", (SQUARE,), {}),
    ("gelu", (ROWS,), {}),
    ("silu", (ROWS,), {}),
    ("mish", (ROWS,), {}),
    ("elu", (ROWS,), {}),
    ("softplus", (ROWS,), {}),
    ("exp", (ROWS,), {}),
    ("log", (ROWS,), {}),
    ("sin", (ROWS,), {}),
    ("tan", (ROWS,), {}),
    ("atan", (ROWS,), {}),
    ("tanh", (ROWS,), {}),
    ("rsqrt", (ROWS,), {}),
    ("sign", (ROWS,), {}),
    ("clip", (SQUARE,), {"min": -0.5, "max": 0.5}),
    ("cast", (SQUARE,), {"dtype": "float16"}),
)

BINARY: tuple[Workload, ...] = (
    ("add", (SQUARE, SQUARE), {}),
    ("add", (SQUARE, (1024,)), {}),
    ("mul", (IMAGES, (32, 1, 1)), {}),
    ("maximum", (SQUARE, SQUARE), {}),
    ("pow", (ROWS, ROWS), {}),
    ("less", (SQUARE, SQUARE), {}),
    ("batch_norm", (IMAGES, (32,), (32,), (32,), (32,)), {}),
)

MOVEMENT: tuple[Workload, ...] = (
    ("transpose", (ROWS,), {"perm": (1, 0)}),
    ("transpose", (IMAGES,), {"perm": (0, 2, 3, 1)}),
    ("transpose", ((8, 12, 64, 64),), {"perm": (0, 2, 1, 3)}),
    ("concat", ((256, 512), (256, 512)), {"axis": 1}),
    ("stack", (ROWS, ROWS), {"axis": 1}),
    ("pad", (IMAGES,), {"before": (0, 0, 1, 1), "after": (0, 0, 1, 1), "value": 0.0}),
    ("slice", (SQUARE,), {"begin": (16, 8), "end": (1000, 1000)}),
    ("flip", (ROWS,), {"axes": (1,)}),
    ("roll", (SQUARE,), {"shift": 100, "axis": 1}),
    ("repeat", (ROWS,), {"repeats": 2, "axis": 1}),
    ("tile", (ROWS,), {"reps": (1, 2)}),
    ("broadcast_to", ((512, 1),), {"shape": (4, 512, 512)}),
    ("depth_to_space", ((4, 64, 28, 28),), {"block": 2}),
    ("space_to_depth", (IMAGES,), {"block": 2}),
    ("upsample2d", ((4, 16, 28, 28),), {"scale": (2, 2)}),
    ("resize2d", ((2, 16, 56, 56),), {"size": (112, 112), "method": "nearest"}),
    ("tril", (SQUARE,), {}),
)

WINDOWS: tuple[Workload, ...] = (
    ("max_pool2d", ((4, 64, 56, 56),), {"kernel": (2, 2), "stride": (2, 2)}),
    ("max_pool2d", ((2, 32, 56, 56),), {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1)}),
    ("avg_pool2d", ((4, 64, 56, 56),), {"kernel": (2, 2), "stride": (2, 2)}),
    ("max_pool1d", ((16, 64, 1024),), {"kernel": (2,), "stride": (2,)}),
    ("avg_pool3d", ((2, 16, 16, 28, 28),), {"kernel": (2, 2, 2), "stride": (2, 2, 2)}),
    ("adaptive_avg_pool2d", ((4, 64, 56, 56),), {"size": (7, 7)}),
    ("global_avg_pool", ((4, 256, 28, 28),), {}),
)

REDUCTIONS: tuple[Workload, ...] = (
    ("sum", ((512, 2048),), {"axes": (1,)}),
    ("sum", ((2048, 512),), {"axes": (0,)}),
    ("mean", ((64, 128, 128),), {"axes": (1,)}),
    ("max", ((512, 2048),), {"axes": (1,)}),
    ("variance", (ROWS,), {"axes": (1,)}),
    ("argmax", ((256, 1024),), {"axis": 1}),
    ("argmax", ((64, 128, 64),), {"axis": 1}),
    ("cumsum", ((256, 512),), {"axis": 1}),
    ("softmax", (ROWS,), {}),
    ("log_softmax", (ROWS,), {}),
    ("layer_norm", ((256, 1024), (1024,), (1024,)), {}),
    ("rms_norm", ((256, 1024), (1024,)), {}),
    ("group_norm", (IMAGES, (32,), (32,)), {"groups": 8}),
    ("instance_norm", (IMAGES, (32,), (32,)), {}),
)

CONTRACTIONS: tuple[Workload, ...] = (
    ("matmul", ((256, 256), (256, 256)), {}),
    ("matmul", ((8, 128, 64), (8, 64, 128)), {}),
    ("dense", ((128, 512), (256, 512)), {}),
    ("conv2d", ((1, 32, 28, 28), (64, 32, 3, 3)), {"padding": (1, 1)}),
    ("conv2d", ((2, 64, 56, 56), (64, 1, 3, 3)), {"padding": (1, 1), "groups": 64}),
    ("conv1d", ((8, 32, 256), (32, 32, 3)), {"padding": (1,)}),
)

SMALL: tuple[Workload, ...] = (
    ("relu", ((3, 5),), {}),
    ("gelu", ((3, 17),), {}),
    ("floor", ((4, 9),), {}),
    ("add", ((3, 7, 5), (7, 1)), {}),
    ("floor_div", ((4, 9), (4, 9)), {}),
    ("mod", ((4, 9), (4, 9)), {}),
    ("batch_norm", ((5, 4), (4,), (4,), (4,), (4,)), {}),
    ("transpose", ((5, 7),), {"perm": (1, 0)}),
    ("upsample2d", ((1, 2, 1, 9),), {"scale": (3, 1)}),
    ("upsample2d", ((1, 2, 3, 3),), {"scale": (1, 3)}),
    ("roll", ((5, 3),), {"shift": 4, "axis": 0}),
    ("repeat", ((2, 3),), {"repeats": 3, "axis": 0}),
    ("tril", ((5, 7),), {}),
    ("max_pool2d", ((1, 2, 5, 5),), {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1)}),
    (
        "avg_pool3d",
        ((1, 2, 5, 6, 7),),
        {"kernel": (3, 3, 3), "stride": (1, 1, 1), "padding": (1, 1, 1)},
    ),
    ("sum", ((5, 7, 3),), {"axes": (1,)}),
    ("sum", ((5, 17),), {"axes": (1,)}),
    ("variance", ((5, 7, 3),), {"axes": (0, 2)}),
    ("argmax", ((5, 7),), {"axis": 1}),
    ("cumsum", ((5, 7),), {"axis": 1}),
    ("softmax", ((5, 17),), {}),
    ("softmax", ((4, 9),), {}),
    ("softmax", ((3, 7, 2),), {"axis": 1}),
    ("log_softmax", ((5, 17),), {}),
    ("layer_norm", ((6, 15), (15,), (15,)), {}),
    ("group_norm", ((1, 4, 7), (4,), (4,)), {"groups": 1}),
    ("matmul", ((5, 7), (7, 3)), {}),
    ("dense", ((5, 7), (9, 7)), {}),
    ("conv1d", ((1, 2, 9), (3, 2, 3)), {}),
    ("conv2d", ((1, 3, 9, 11), (4, 3, 3, 3)), {}),
)
"""Pairs of a microsecond and less: what a call costs whatever it computes shows here."""

WORKLOADS = (*ELEMENTWISE, *BINARY, *MOVEMENT, *WINDOWS, *REDUCTIONS, *CONTRACTIONS, *SMALL)
