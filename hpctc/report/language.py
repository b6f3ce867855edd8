"""What there is to tell of a language model's answers, for a terminal of 80 columns.

Two or more runs of one model with different strategies stand side by side: how fast, how many
tokens a pass, whose, and whether they said the same.
"""

from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hpctc.report.reading import Read, series
from hpctc.report.words import count, dollars, price, proposer, seconds
from hpctc.score import Estimate, summary
from hpctc.score.cost import Price
from hpctc.score.pace import TARGET, Beside, Pace, beside

MOST_SOURCES = 4
"""Columns that fit."""


def lines(run: Read) -> Iterator[tuple[str, str]]:
    """Label and text of what one run has to tell; nothing where no language model answered."""
    if (repaired := _repairs(run)) is not None:
        yield "repaired", repaired
    if (found := run.pace) is not None:
        yield "tokens", ", ".join(_speed(found))
        if found.tokens_per_pass is not None:
            yield "tokens", ", ".join(_passes(found))
        if shares := [f"{proposer(who)} {share:.0%}" for who, share in found.sources.items()]:
            yield "said by", ", ".join(shares)
    cost = run.cost
    if words := _amounts(cost.completion_tokens, cost.seconds, cost.dollars):
        yield "solved", f"{count(cost.solved, 'kernel')} for {words}"
        if each := [*_each(cost.solved_seconds, seconds), *_each(cost.solved_dollars, dollars)]:
            yield "each", ", ".join(each)


def _repairs(run: Read) -> str | None:
    """What repair turns changed; None: there were none."""
    first = summary(run.scores).pass_first
    if first is None:
        return None
    turns = sum(s.repairs for s in run.scores)
    fixed = sum(s.verdict == "correct" and s.repairs > 0 for s in run.scores)
    return f"{fixed} in {count(turns, 'repair turn')}; correct at once: {first.value:.0%}"


def _speed(found: Pace) -> Iterator[str]:
    if (rate := found.tokens_per_second) is not None:
        yield f"{rate.value:.1f} a second [{rate.low:.1f}, {rate.high:.1f}]"
    if (first := found.first_seconds) is not None:
        yield f"the first after {seconds(first.value)}"


def _passes(found: Pace) -> Iterator[str]:
    if (each := found.tokens_per_pass) is not None:
        yield f"{each.value:.2f} a target pass [{each.low:.2f}, {each.high:.2f}]"
    if (taken := found.accepted) is not None:
        yield f"{taken.value:.0%} of the proposed ones accepted"


def _amounts(tokens: float | None, time: float | None, money: float | None) -> str:
    """What there is of them, in words."""
    words = [] if tokens is None else [f"{tokens:,.0f} tokens"]
    words += [] if time is None else [seconds(time)]
    words += [] if money is None else [dollars(money)]
    return ", ".join(words)


def _each(price: Price | None, unit: Callable[[float], str]) -> Iterator[str]:
    """What a solved kernel costs, with its interval; nothing where it has no price."""
    if price is not None:
        end = f", {unit(price.high)}" if price.high is not None else " or more"
        yield f"{unit(price.value)} [{unit(price.low)}{end}]"


def region_table(found: Pace) -> Table | None:
    """The regions of the answers: how many of their tokens were drafted right, and by whom.

    None where nothing was drafted, or it was not recorded what.
    """
    sources = [s for s in found.sources if s != TARGET][:MOST_SOURCES]
    if not sources or not found.parts:
        return None
    table = _table()
    table.add_column("region", no_wrap=True)
    table.add_column("tokens", justify="right")
    table.add_column("drafted [95 %]", justify="right", no_wrap=True)
    for source in sources:
        table.add_column(escape(source), justify="right", overflow="fold", max_width=10)
    for region, part in found.parts.items():
        shares = [part.sources.get(s, 0.0) / part.tokens for s in sources]
        table.add_row(
            region, f"{part.tokens:,.0f}", _share(part.drafted), *(f"{s:.0%}" for s in shares)
        )
    return table


def strategies(runs: Sequence[Read]) -> list[Table]:
    """Runs of language models side by side, the later ones against the first; none: no tables."""
    told = [(s.name, s.read) for s in series(runs) if s.read.pace is not None]
    if len(told) < 2:
        return []
    return [_paces(told), _prices(told)]


def _paces(told: Sequence[tuple[str, Read]]) -> Table:
    table = _table()
    table.add_column("run", overflow="fold")
    for name in ("tokens/s", "a pass", "accepted", "first", "same text"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("tokens/s, ratio", justify="right", no_wrap=True)
    first = told[0][1]
    for name, run in told:
        if (found := run.pace) is not None:
            other = None if run is first else beside(first.trails, run.trails)
            held = ("", "") if run is first else _against(other)
            table.add_row(escape(name), *_cells(found), *held)
    return table


def _cells(found: Pace) -> list[str]:
    rate, each, taken, first = (
        found.tokens_per_second,
        found.tokens_per_pass,
        found.accepted,
        found.first_seconds,
    )
    return [
        "-" if rate is None else f"{rate.value:.1f}",
        "-" if each is None else f"{each.value:.2f}",
        "-" if taken is None else f"{taken.value:.0%}",
        "-" if first is None else seconds(first.value),
    ]


def _against(other: Beside | None) -> tuple[str, str]:
    """Same text, and the ratio of tokens a second."""
    if other is None:
        return "-", "other prompts"
    same = "yes" if other.identical == other.answers else f"{other.identical} of {other.answers}"
    ratio = other.faster
    words = "-" if ratio is None else f"{ratio.value:.2f}x [{ratio.low:.2f}, {ratio.high:.2f}]"
    return same, words


def _prices(told: Sequence[tuple[str, Read]]) -> Table:
    table = _table()
    table.add_column("run", overflow="fold")
    for name in ("solved", "tokens", "time", "cost", "time a kernel", "cost a kernel"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, run in told:
        cost = run.cost
        table.add_row(
            escape(name),
            str(cost.solved),
            "-" if cost.completion_tokens is None else f"{cost.completion_tokens:,}",
            "-" if cost.seconds is None else seconds(cost.seconds),
            "-" if cost.dollars is None else dollars(cost.dollars),
            price(cost.solved_seconds, seconds),
            price(cost.solved_dollars, dollars),
        )
    return table


def print_strategies(runs: Sequence[Read], console: Console) -> None:
    """:func:`strategies`, below a heading of their own."""
    for table in strategies(runs):
        console.print()
        console.print(table)


def _share(estimate: Estimate) -> str:
    return f"{estimate.value:4.0%} [{100 * estimate.low:3.0f}, {100 * estimate.high:3.0f}]"


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold")
