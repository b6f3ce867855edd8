"""The registry as a page for people: every family with what it computes, subject by subject."""

from collections.abc import Iterator
from itertools import groupby

from hpctc.families import FAMILIES, Family

HEAD = """\
# Families

Workloads that the field talks about, as parametrised graphs: {count} of them. A family is a
function from sizes to a graph, written as a formula in `hpctc/families/`. This page is made from
the registry.

    hpctc families                                   all of them
    hpctc families attention.tiled                   one: sizes, source, and its smallest graph
    hpctc families attention.tiled --at tile=32 > tiled.graph
    hpctc families published.inception --published > inception.graph
    hpctc generate family:attention --out pairs      pairs of all whose names begin so
    hpctc generate family:all --count 1000 --size medium --out pairs

Without `--count` every family gives its smallest graph; with it, sizes are drawn from the lists
that `hpctc families NAME` shows, until the estimated work lies in the window of `--size`. `--at`
takes any other size as well (`bipolar.w2a4 --at weight_bits=3`). A graph says its own meaning
(float64 numpy). Three things more hold a family to its name, and are tested:

- **a torch counterpart**, which is what somebody who writes no kernel would call (`sdpa`,
  `torch.fft`, `lstm`), agrees within the tolerance that rounding explains. Where the operators are
  torch's own, it is the graph run operator by operator (`hpctc.evaluate.eager`);
- **variants** compute the same of the same inputs: direct and transformed convolutions, decoded and
  bit-plane products, stepwise and hoisted recurrences. They are marked *like*;
- **tables**: a mask, twiddle factors, cosines of positions are inputs of the graph, because graphs
  hold no arrays. A family gives the values for which it means what its name says
  (`hpctc.families.get(name).tables(sizes)`); pairs are checked on random values, so no kernel may
  lean on what the table usually holds.

A further family is one function under `@declare(...)`; the tests over the registry pick it up.
"""

TITLES = {
    "attention": "Attention",
    "bipolar": "Products of bipolar integers",
    "blocks": "Building blocks of networks",
    "experts": "Mixtures of experts",
    "gathers": "Mostly reading by index",
    "longconv": "Long convolutions",
    "norms": "Mostly normalisation",
    "published": "The building blocks of HPCTransEval",
    "recurrent": "Recurrent layers",
    "scan": "Selective scan",
}


def page() -> str:
    """The Markdown of ``docs/families.md``."""
    return "\n".join([HEAD.format(count=len(FAMILIES)), *_subjects(), ""])


def _subjects() -> Iterator[str]:
    families = sorted(FAMILIES.values(), key=_subject)
    for subject, members in groupby(families, _subject):
        yield f"## {TITLES[subject]}\n"
        yield "| family | computes | sizes | from |\n|---|---|---|---|"
        yield from map(_row, members)
        yield ""


def _subject(family: Family) -> str:
    return family.name.partition(".")[0]


def _row(family: Family) -> str:
    computes = family.doc.replace("|", "\\|")
    like = f"; *like* `{family.like}`" if family.like else ""
    return f"| `{family.name}` | {computes}{like} | {', '.join(family.sizes)} | {family.source} |"
