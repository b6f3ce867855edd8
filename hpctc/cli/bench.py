"""``hpctc bench``: what decoding costs, strategy by strategy, and what shared prompts save."""

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from hpctc.core.errors import UsageError

if TYPE_CHECKING:
    from hpctc.models.hf.bench import Sample
    from hpctc.models.hf.chat import Hf


@click.group()
def bench() -> None:
    """Compare decoding strategies on a local model; time what shared prompts save.

    \b
    hpctc bench decode mini --model hf:FOLDER --limit 4
    hpctc bench prefix --model hf:FOLDER
    """  # noqa: D301  click wants the character itself


@bench.command("decode", short_help="Compare decoding strategies, greedy.")
@click.argument("suite")
@click.option("--model", required=True, metavar="SPEC", help="hf{path=...} or hf:FOLDER.")
@click.option(
    "--strategies",
    default="prompt-lookup;autoregressive;lookup;compiler;cascade;lookahead",
    metavar="A;B",
    show_default=True,
    help="Strategies to compare; prompt-lookup is transformers', draft{model=...} needs a model.",
)
@click.option("--only", multiple=True, metavar="GLOB", help="Only tasks of such a name.")
@click.option("--limit", default=20, type=click.IntRange(1), help="Prompts.  [20]")
@click.option("--shortest", is_flag=True, help="The shortest prompts, not the suite's first.")
@click.option("--tokens", default=256, type=click.IntRange(1), help="New tokens each.  [256]")
@click.option(
    "--json", "place", type=click.Path(path_type=Path), help="Keep every figure here (JSONL)."
)
def decode(
    suite: str, model: str, strategies: str, tokens: int, place: Path | None, **which: Any
) -> None:
    """Compare decoding strategies on the prompts of SUITE, greedy, one request at a time.

    Prints tokens a second, tokens a target pass, how many times faster than transformers' own
    generate (the baseline), and whether the text is the same. All strategies run on each prompt
    before the next. With --json the same command goes on after a kill: what is in the file is not
    measured again, as long as model, tokens and strategies are the same.
    """
    from hpctc.flow import decoding
    from hpctc.models.hf.bench import Bench

    names = [part.strip() for part in strategies.split(";") if part.strip()]
    chat = _local(model)
    asked = decoding.chosen(suite, which["only"])
    bench = Bench(chat, names, tokens)
    if which["shortest"]:
        asked = sorted(asked, key=lambda pair: bench.length(pair[0]))
    asked = asked[: which["limit"]]
    console = Console(stderr=True, highlight=False, soft_wrap=True)

    def tell(sample: "Sample", number: int, fresh: bool) -> None:
        rate = f"{sample.tokens / sample.seconds:8.2f} tokens/s"
        note = "" if sample.identical else "  DIFFERS"
        known = "" if fresh else "  (kept)"
        place = f"{number + 1}/{len(asked)}"
        # The braces of a strategy are no markup, and its brackets are not either.
        line = f"{place:>5} {sample.name:16.16} {sample.strategy:28.28} {rate}{note}{known}"
        console.print(line, markup=False)

    found = decoding.race(bench, asked, place, tell)
    Console(highlight=False).print(decoding.table(found))


@bench.command("prefix", short_help="Time prompts that begin alike, shared and not.")
@click.option("--model", required=True, metavar="SPEC", help="hf{path=...} or hf:FOLDER.")
@click.option("--requests", default=20, type=click.IntRange(2), help="Prompts.  [20]")
@click.option("--shared", default=1500, type=click.IntRange(1), help="Tokens in common.  [1500]")
@click.option("--own", default=50, type=click.IntRange(1), help="Tokens of each alone.  [50]")
@click.option("--rounds", default=3, type=click.IntRange(1), help="Paired repetitions.  [3]")
def prefix(model: str, requests: int, shared: int, own: int, rounds: int) -> None:
    """Time the prefill of prompts that begin alike, computed once and computed each time.

    The prompts are random tokens: what is said to them does not matter, what they cost does.
    """
    from hpctc.models.hf import prefill

    found = prefill.rounds(_local(model), requests, shared, own, rounds)
    one = found[0]
    console = Console(highlight=False)
    console.print(f"{requests} prompts, {shared:,} tokens in common and {own:,} of their own")
    for name, computed, seconds in (
        ("each computed", one.plain_computed, [f.plain_seconds for f in found]),
        ("shared once", one.shared_computed, [f.shared_seconds for f in found]),
    ):
        console.print(f"{name:14} {computed:8,} tokens {median(seconds):9.2f} s")
    ratios = [f.plain_seconds / f.shared_seconds for f in found]
    same = "the same" if all(f.identical for f in found) else "NOT the same"
    console.print(
        f"ratio {median(ratios):.2f} (of {len(ratios)}: {min(ratios):.2f} to {max(ratios):.2f}), "
        f"first tokens {same}",
        soft_wrap=True,
    )


def _local(model: str) -> "Hf":
    """The local model that a spec text names."""
    from hpctc.models import model as named
    from hpctc.models.hf.chat import Hf

    chat = named(model)
    if not isinstance(chat, Hf):
        raise UsageError(f"{model} does not decode here", "name hf{path=...}")
    return chat
