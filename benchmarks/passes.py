"""What a target pass costs by the number of its tokens: PyTorch's own products, and ours.

``python benchmarks/passes.py --model hf:FOLDER [--tokens 1,2,3,4,...] [--rounds 9] [--json FILE]``
computes passes of n new tokens behind a context of 600 on a local model in float32, in every round
once with ``torch.nn.functional.linear`` as it is and once under
:func:`hpctc.models.hf.linear.products`, and prints seconds of both, medians of the paired ratios
with 95 % bootstrap intervals, and what n tokens cost over one.
"""

import argparse
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from _paired import CONSOLE, write
from hpctc.core.errors import UsageError
from hpctc.models import model
from hpctc.models.hf.chat import Hf
from hpctc.models.hf.linear import products
from hpctc.models.hf.weights import load
from hpctc.native import host
from hpctc.score.intervals import Estimate, speedup


@dataclass(frozen=True)
class Pass:
    """Passes of one size."""

    tokens: int
    torch_seconds: float
    ours_seconds: float
    ratio: Estimate
    """PyTorch's time over ours."""


def timed(causal: Any, cache: Any, tokens: int, how: AbstractContextManager[Any]) -> int:
    """Nanoseconds of one pass; the cache is left as it was."""
    ids = torch.randint(0, 1000, (1, tokens))
    began = time.perf_counter_ns()
    with how:
        causal(ids, past_key_values=cache, use_cache=True)
    took = time.perf_counter_ns() - began
    cache.crop(-tokens)
    return took


@torch.inference_mode()
def passes(causal: Any, tokens: int, cache: Any, rounds: int) -> Pass:
    """``rounds`` times both, after one of each that does not count."""
    taken: list[tuple[int, int]] = []
    for number in range(rounds + 1):
        both: tuple[AbstractContextManager[Any], ...] = (nullcontext(), products(causal))
        order = (0, 1) if number % 2 else (1, 0)
        found = {which: timed(causal, cache, tokens, both[which]) for which in order}
        taken.append((found[0], found[1]))
    theirs, ours = (list(side) for side in zip(*taken[1:], strict=True))
    torch_seconds, ours_seconds = (float(np.median(side)) / 1e9 for side in (theirs, ours))
    return Pass(tokens, torch_seconds, ours_seconds, speedup(ours, theirs))


def main() -> None:
    """Time every size, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, help="hf{path=...} or hf:FOLDER")
    parser.add_argument("--tokens", default="1,2,3,4,6,8,12,16,24,32,48,64")
    parser.add_argument("--context", type=int, default=600, help="tokens before the pass")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write every figure here")
    asked = parser.parse_args()
    chat = model(asked.model)
    if not isinstance(chat, Hf):
        raise UsageError(f"{asked.model} is no local model", "name hf:FOLDER")
    causal = load(chat.path, chat.dtype, chat.device).model
    with torch.inference_mode():
        cache = causal(torch.randint(0, 1000, (1, asked.context))).past_key_values
    rows = []
    for tokens in map(int, asked.tokens.split(",")):
        rows.append(found := passes(causal, tokens, cache, asked.rounds))
        r = found.ratio
        CONSOLE.print(
            f"{tokens:4} tokens  {found.torch_seconds:7.3f} s  {found.ours_seconds:7.3f} s"
            f"  x{r.value:5.2f} [{r.low:.2f}, {r.high:.2f}]"
            f"  {found.ours_seconds / rows[0].torch_seconds:5.2f} of the first",
            markup=False,
            highlight=False,
        )
    about = {"model": asked.model, "threads": torch.get_num_threads(), "host": dict(host.facts())}
    write(asked.json, {**about, "rows": [asdict(row) for row in rows]})


if __name__ == "__main__":
    main()
