"""Operators of medium size, as a graph of ours and as a PyTorch function, timed in turns.

Each side is a process of ``_serve.py`` that times its function when told to; they take turns.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from _paired import Row, row
from hpctc.core.errors import HpctcError
from hpctc.graph.build import Builder
from hpctc.graph.ir import Graph
from hpctc.lower.plan import Plan
from hpctc.native.race import Program, Samples, Setup, environment

SERVER = Path(__file__).with_name("_serve.py")

Ours = Callable[[Graph], tuple[Plan, Program, str]]

Case = tuple[str, tuple[tuple[int, ...], ...], dict[str, Any], str]
"""Operator of ours, input shapes, attributes, and the PyTorch expression over x, y, z."""

CASES: dict[str, Case] = {
    "matmul 512": ("matmul", ((512, 512), (512, 512)), {}, "x @ y"),
    "matmul 333x777x555": ("matmul", ((333, 777), (777, 555)), {}, "x @ y"),
    "matmul batch 8x256": ("matmul", ((8, 256, 256), (8, 256, 256)), {}, "x @ y"),
    "batch_matmul 8x256 NT": (
        "batch_matmul",
        ((8, 256, 256), (8, 256, 256)),
        {},
        "x @ y.transpose(1, 2)",
    ),
    "batch_matmul 8x256 TN": (
        "batch_matmul",
        ((8, 256, 256), (8, 256, 256)),
        {"transpose_a": True, "transpose_b": False},
        "x.transpose(1, 2) @ y",
    ),
    "dense 256x1024x1024": ("dense", ((256, 1024), (1024, 1024)), {}, "F.linear(x, y)"),
    "dense 1x4096x1024": ("dense", ((1, 4096), (1024, 4096)), {}, "F.linear(x, y)"),
    "conv2d 3x3": (
        "conv2d",
        ((2, 64, 56, 56), (64, 64, 3, 3)),
        {"padding": (1, 1)},
        "F.conv2d(x, y, padding=1)",
    ),
    "conv2d 1x1": ("conv2d", ((2, 256, 28, 28), (128, 256, 1, 1)), {}, "F.conv2d(x, y)"),
    "conv2d 7x7 stride 2": (
        "conv2d",
        ((1, 3, 224, 224), (64, 3, 7, 7)),
        {"stride": (2, 2), "padding": (3, 3)},
        "F.conv2d(x, y, stride=2, padding=3)",
    ),
    "conv2d depthwise": (
        "conv2d",
        ((2, 64, 56, 56), (64, 1, 3, 3)),
        {"padding": (1, 1), "groups": 64},
        "F.conv2d(x, y, padding=1, groups=64)",
    ),
    "conv1d": (
        "conv1d",
        ((4, 64, 1024), (128, 64, 5)),
        {"padding": (2,)},
        "F.conv1d(x, y, padding=2)",
    ),
    "conv3d": (
        "conv3d",
        ((1, 16, 16, 32, 32), (32, 16, 3, 3, 3)),
        {"padding": (1, 1, 1)},
        "F.conv3d(x, y, padding=1)",
    ),
    "conv2d_transpose": (
        "conv2d_transpose",
        ((1, 64, 28, 28), (64, 32, 4, 4)),
        {"stride": (2, 2), "padding": (1, 1)},
        "F.conv_transpose2d(x, y, stride=2, padding=1)",
    ),
    "softmax": ("softmax", ((1024, 1024),), {}, "x.softmax(-1)"),
    "softmax axis 1": ("softmax", ((16, 64, 32, 32),), {"axis": 1}, "x.softmax(1)"),
    "layer_norm": (
        "layer_norm",
        ((1024, 1024), (1024,), (1024,)),
        {},
        "F.layer_norm(x, (1024,), y, z)",
    ),
    "group_norm": (
        "group_norm",
        ((8, 64, 28, 28), (64,), (64,)),
        {"groups": 8},
        "F.group_norm(x, 8, y, z)",
    ),
    "gelu": ("gelu", ((1024, 1024),), {}, "F.gelu(x)"),
    "exp": ("exp", ((1024, 1024),), {}, "x.exp()"),
    "tanh": ("tanh", ((1024, 1024),), {}, "x.tanh()"),
    "sigmoid": ("sigmoid", ((1024, 1024),), {}, "x.sigmoid()"),
    "atanh": ("atanh", ((1024, 1024),), {}, "x.atanh()"),
    "add": ("add", ((1024, 1024), (1024, 1024)), {}, "x + y"),
    "add broadcast": ("add", ((64, 64, 28, 28), (64, 1, 1)), {}, "x + y"),
    "sum rows": ("sum", ((1024, 4096),), {"axes": (1,)}, "x.sum(1)"),
    "sum columns": ("sum", ((4096, 1024),), {"axes": (0,)}, "x.sum(0)"),
    "max all": ("max", ((1024, 1024),), {}, "x.max()"),
    "argmax": ("argmax", ((1024, 1024),), {"axis": 1}, "x.argmax(1)"),
    "cumsum": ("cumsum", ((1024, 1024),), {"axis": 1}, "x.cumsum(1)"),
    "max_pool2d": (
        "max_pool2d",
        ((8, 64, 112, 112),),
        {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1)},
        "F.max_pool2d(x, 3, 2, 1)",
    ),
    "avg_pool2d": (
        "avg_pool2d",
        ((8, 64, 56, 56),),
        {"kernel": (2, 2), "stride": (2, 2)},
        "F.avg_pool2d(x, 2, 2)",
    ),
    "transpose": ("transpose", ((2048, 2048),), {"perm": (1, 0)}, "x.t().contiguous()"),
    "transpose NCHW NHWC": (
        "transpose",
        ((8, 64, 56, 56),),
        {"perm": (0, 2, 3, 1)},
        "x.permute(0, 2, 3, 1).contiguous()",
    ),
    "concat": ("concat", ((256, 4096), (256, 4096)), {"axis": 1}, "torch.cat((x, y), 1)"),
    "resize2d": (
        "resize2d",
        ((4, 16, 64, 64),),
        {"size": (128, 128), "method": "linear"},
        "F.interpolate(x, (128, 128), mode='bilinear')",
    ),
}

ROUNDS = 12


def against_torch(ours: Ours, how: Setup, only: str, limit: int | None) -> Iterator[Row]:
    """One row an operator whose name contains ``only``."""
    wanted = [n for n in CASES if only in n][:limit]
    for name in wanted:
        try:
            yield _row(name, CASES[name], ours, how)
        except HpctcError as problem:
            yield Row(name, note=problem.message)


def _row(name: str, case: Case, ours: Ours, how: Setup) -> Row:
    operator, shapes, attrs, expression = case
    builder = Builder("kernel")
    names = [builder.input(n, s) for n, s in zip("xyz", shapes, strict=False)]
    made, program, text = ours(builder.finish(builder.op(operator, *names, **attrs)))
    their_side = Side("torch", (made.inputs, expression, how.threads), how)
    our_side = Side("ours", (made.inputs, made.outputs, program), how)
    return in_turns(name, their_side, our_side, text)


def in_turns(name: str, theirs: "Side", ours: "Side", text: str) -> Row:
    """The row of two processes that are timed alternately; both have ended afterwards."""
    times: tuple[list[float], list[float]] = ([], [])
    try:
        for turn in range(ROUNDS):
            for side in (0, 1) if turn % 2 == 0 else (1, 0):
                times[side].append((theirs, ours)[side].time())
    except (EOFError, BrokenPipeError):
        return Row(name, note="one side ended early")
    finally:
        theirs.close()
        ours.close()
    found = row(name, Samples((tuple(times[0]), tuple(times[1]))))
    return Row(name, found.ours_ns, found.theirs_ns, found.ratio, text)


class Side:
    """A process of ``_serve.py``."""

    def __init__(self, kind: str, request: tuple[Any, ...], how: Setup) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | environment(how),
        )
        self._pipe(self._process.stdin).write(pickle.dumps(request))

    def time(self) -> float:
        """Nanoseconds a call; :class:`EOFError` if the process has ended."""
        question = self._pipe(self._process.stdin)
        question.write(b"\n")
        question.flush()
        if not (line := self._pipe(self._process.stdout).readline()):
            raise EOFError
        return float(line)

    def results(self) -> list[np.ndarray[Any, Any]]:
        """What the function computes; :class:`EOFError` if the process has ended."""
        question = self._pipe(self._process.stdin)
        question.write(b"results\n")
        question.flush()
        found: list[np.ndarray[Any, Any]] = pickle.load(self._pipe(self._process.stdout))
        return found

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe
