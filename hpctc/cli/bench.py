"""``hpctc bench``: decoding strategies side by side."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import geometric_mean
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from hpctc.core.errors import UsageError

if TYPE_CHECKING:
    from hpctc.models.hf.bench import Sample


@click.group()
def bench() -> None:
    """Measure what models cost."""


@bench.command("decode")
@click.argument("suite")
@click.option("--model", required=True, metavar="SPEC", help="hf{path=...} or hf:FOLDER.")
@click.option(
    "--strategies",
    default="autoregressive;lookup;compiler;cascade;lookahead",
    metavar="A;B",
    show_default=True,
    help="Strategies to compare; draft{model=...} needs a model.",
)
@click.option("--limit", default=20, type=click.IntRange(1), help="Prompts.  [20]")
@click.option("--tokens", default=256, type=click.IntRange(1), help="New tokens each.  [256]")
@click.option("--json", "place", type=click.Path(path_type=Path), help="Write every figure here.")
def decode(
    suite: str, model: str, strategies: str, limit: int, tokens: int, place: Path | None
) -> None:
    """Compare decoding strategies on the prompts of SUITE, greedy, one request at a time.

    Prints tokens a second, tokens a target pass, and whether the text is that of transformers'
    own generate, which is the baseline. All strategies run on each prompt before the next.
    """
    from hpctc.core import suite as suites
    from hpctc.models import model as named
    from hpctc.models.hf.bench import bench as run
    from hpctc.models.hf.chat import Hf
    from hpctc.prompt import render

    chat = named(model)
    if not isinstance(chat, Hf):
        raise UsageError(f"{model} does not decode here", "name hf{path=...}")
    tasks = suites.load(suite).tasks[:limit]
    prompts = list(render.prompts(tasks, render.How("gcc -O3 -march=native -fopenmp", 2)))
    names = [part.strip() for part in strategies.split(";") if part.strip()]
    console = Console(stderr=True, highlight=False)
    found: list[Sample] = []
    for sample in run(chat, list(zip(prompts, tasks, strict=True)), names, tokens):
        found.append(sample)
        rate = sample.tokens / sample.seconds
        same = "" if sample.identical else "  DIFFERS"
        console.print(f"{sample.prompt:24} {sample.strategy:24} {rate:7.2f} tokens/s{same}")
        if place is not None:
            place.write_text(json.dumps([asdict(s) for s in found], indent=1) + "\n")
    Console(highlight=False).print(table(found))


def table(found: Sequence["Sample"]) -> Table:
    """One line a strategy; the speedup is the geometric mean over prompts, paired."""
    from hpctc.models.hf.bench import GENERATE

    base = {s.prompt: s for s in found if s.strategy == GENERATE}
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("strategy", "tokens/s", "tokens/pass", "speedup", "identical"):
        made.add_column(column, justify="left" if column == "strategy" else "right")
    for name in dict.fromkeys(s.strategy for s in found):
        mine = [s for s in found if s.strategy == name]
        tokens, seconds = sum(s.tokens for s in mine), sum(s.seconds for s in mine)
        passes = [s.passes for s in mine if s.passes]
        ratios = [base[s.prompt].seconds / s.seconds for s in mine]
        made.add_row(
            name,
            f"{tokens / seconds:.2f}",
            f"{tokens / sum(passes):.2f}" if passes else "-",
            f"{geometric_mean(ratios):.2f}x",
            f"{sum(s.identical for s in mine)} of {len(mine)}",
        )
    return made
