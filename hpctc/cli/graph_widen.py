"""``hpctc graph grow`` and ``hpctc graph rewrite``: graphs out of seeds, and out of graphs."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import CATEGORIES, Category

if TYPE_CHECKING:
    from hpctc.graph.ir import Graph

WIDTH = 80
"""Columns of the list."""

SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same text."
)
OUT = click.option(
    "--out", type=click.Path(path_type=Path), help="Write to this file, not to the terminal."
)


@click.command(short_help="Grow random graphs, operator by operator.")
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, help="Graphs.")
@SEED
@click.option(
    "--size",
    type=click.Choice(["tiny", "small", "medium", "large"]),
    default="small",
    show_default=True,
    help="Work in a graph; medium: about a millisecond or more on one thread.",
)
@click.option(
    "--category",
    "categories",
    type=click.Choice(CATEGORIES),
    multiple=True,
    metavar="CLASS",
    help=f"Only graphs of this class ({', '.join(CATEGORIES)}); may be repeated. "
    "All come equally often.",
)
@click.option("--op", "only", multiple=True, help="Use this operator only; may be repeated.")
@click.option(
    "--dtype",
    type=click.Choice(["f32", "f16", "i32", "i8", "bool"]),
    help="Element type that most of a graph computes with.",
)
@OUT
def grow(  # noqa: PLR0913  one parameter an option
    count: int,
    seed: int,
    size: str,
    categories: tuple[Category, ...],
    only: tuple[str, ...],
    dtype: str | None,
    out: Path | None,
) -> None:
    """Grow random graphs: legal, tame, and with every input felt in an output.

    \b
    hpctc graph grow --count 3 --seed 7
    hpctc graph grow --category reduction --size medium --out rows.graph
    """  # noqa: D301  click wants the character itself
    from hpctc.graph.ir import SHORT
    from hpctc.rewrite.growth import Wish
    from hpctc.rewrite.growth import grow as grown

    long = {short: name for name, short in SHORT.items()}
    wish = Wish(
        size=size,
        categories=categories or CATEGORIES,
        only=frozenset(only) or None,
        dtype=long[dtype] if dtype else None,
    )
    _write(out, (_text(grown(seed + i, wish)) for i in range(count)))


@click.command(short_help="Rewrite graphs and keep their meaning.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="NAME|TEXT",
    help="Apply this rewrite, at a seeded place or where TEXT says: split-k{at=y}. Repeatable.",
)
@click.option(
    "--count", type=click.IntRange(min=1), help="Apply this many random rewrites.  [default: 4]"
)
@SEED
@click.option("--list", "listed", is_flag=True, help="List rewrites: all, or FILE's places.")
@OUT
def rewrite(
    file: Path | None,
    rules: tuple[str, ...],
    count: int | None,
    seed: int,
    listed: bool,
    out: Path | None,
) -> None:
    """Rewrite the graphs in FILE (- is stdin); what was applied stands above each as a comment.

    \b
    hpctc graph rewrite --list                        all rules
    hpctc graph rewrite mlp.graph --list              where they apply
    hpctc graph rewrite mlp.graph --rule split-k      this one, somewhere
    hpctc graph rewrite mlp.graph --count 6 --seed 3  six at random
    """  # noqa: D301  click wants the character itself
    if rules and count is not None:
        raise UsageError(
            "--rule and --count exclude each other",
            "--rule names the rewrites, in order; --count draws as many",
        )
    if file is None and not listed:
        raise UsageError("no FILE is given", "hpctc graph rewrite FILE, or --list for all rules")
    if listed:
        _write(out, _places(file) if file else _registry())
        return
    assert file is not None
    _write(out, _rewritten(file, rules, count, seed))


@click.command(short_help="Print whole families of equal graphs (equality saturation).")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(min=1), default=8, show_default=True, help="Graphs.")
@SEED
@OUT
def saturate(file: Path, count: int, seed: int, out: Path | None) -> None:
    """Print graphs that equality saturation finds equal to those in FILE (- is stdin).

    Elementwise expressions are written into an e-graph, all identities are applied to it until
    nothing is new, and other terms are read from it. Needs egglog: pip install 'hpctc[saturate]'.

    \b
    hpctc graph saturate mlp.graph --count 20
    hpctc generate mlp.graph --rewrites 20 --engine saturate --out pairs
    """  # noqa: D301  click wants the character itself
    _write(out, _families(file, count, seed))


@click.command(short_help="Scale graphs of models in depth, width and resolution.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--flops", type=float, required=True, metavar="FACTOR", help="Times the operations.")
@click.option(
    "--alpha", type=float, default=0.8, show_default=True, help="The share that the width takes."
)
@OUT
def scale(file: Path, flops: float, alpha: float, out: Path | None) -> None:
    """Scale the models in FILE (- is stdin) to so many times their operations.

    Compound scaling after "Fast and Accurate Model Scaling" (2021): depth by s^((1-a)/2), width by
    s^(a/2), resolution by s^((1-a)/4). What came of it stands above each as a comment.

    \b
    hpctc graph scale resnet.graph --flops 4
    hpctc graph scale resnet.graph --flops 0.25 --alpha 0.6 --out small.graph
    """  # noqa: D301  click wants the character itself
    _write(out, _scaled(file, flops, alpha))


def _scaled(file: Path, flops: float, alpha: float) -> Iterable[str]:
    from hpctc.graph.files import read_graphs
    from hpctc.rewrite.compound import Scaling, compound, repeats, size

    scaling = Scaling(flops, alpha)
    for graph in read_graphs(file):
        after = compound(graph, scaling)
        old, new = size(graph), size(after)
        grown = [
            f"{name} x{getattr(new, name) / max(getattr(old, name), 1):.3g}"
            for name in ("flops", "parameters", "activations")
        ]
        blocks = [found.count if (found := repeats(g)) else 1 for g in (graph, after)]
        depth = f"{blocks[0]} -> {blocks[1]} blocks"
        yield f"# {', '.join([*grown, depth])}\n" + _text(after)


def _families(file: Path, count: int, seed: int) -> Iterable[str]:
    from hpctc.graph.files import read_graphs
    from hpctc.rewrite.saturate import family

    for graph in read_graphs(file):
        for after, chain in family(graph, seed, count):
            yield "".join(f"# {step}\n" for step in chain) + _text(after)


def _rewritten(file: Path, rules: Sequence[str], count: int | None, seed: int) -> Iterable[str]:
    from hpctc.graph.files import read_graphs
    from hpctc.rewrite import walk

    for graph in read_graphs(file):
        if rules:
            after, chain = walk.apply_each(graph, seed, rules)
        else:
            after, chain = walk.rewrite(graph, seed, count or walk.STEPS)
        notes = "".join(f"# {step}\n" for step in chain) or "# nothing applies\n"
        yield notes + _text(after)


def _registry() -> Iterable[str]:
    """Name, then the rule in mathematics, in 80 columns; family by family."""
    from textwrap import wrap

    from hpctc.rewrite.table import REWRITES, kind

    yield f"{len(REWRITES)} rewrites\n"
    family = ""
    for name, where in REWRITES.items():
        module = where.partition(":")[0].rpartition(".")[2]
        if module != family:
            family = module
            yield f"\n{family}\n"
        margin = " " * 30
        lines = wrap(kind(name).rule, WIDTH - len(margin), break_long_words=False)
        head = f"  {name}".ljust(len(margin))
        yield "\n".join([head + lines[0], *(margin + line for line in lines[1:])]) + "\n"


def _places(file: Path) -> Iterable[str]:
    """The texts that ``--rule`` takes, for every graph of a file."""
    from hpctc.graph.files import read_graphs
    from hpctc.rewrite.walk import applicable

    for graph in read_graphs(file):
        yield f"# {graph.name}\n"
        for sites in applicable(graph).values():
            yield "".join(f"{site}\n" for site in sites)


def _text(graph: "Graph") -> str:
    from hpctc.graph.text import show

    return show(graph) + "\n"


def _write(out: Path | None, parts: Iterable[str]) -> None:
    """Print parts as they come, or write them to a file: the whole of it, or nothing."""
    if out is None:
        for part in parts:
            click.echo(part, nl=False)
        return
    text = "".join(parts)
    draft = out.with_name(out.name + ".part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(out)
    except OSError as problem:
        raise HpctcError(
            f"cannot write {out}: {problem.strerror}", "name a file in a folder you may write to"
        ) from None
