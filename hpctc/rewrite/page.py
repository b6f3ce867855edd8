"""The registry as a page for people: every rewrite with its rule, family by family."""

import inspect
from collections.abc import Iterator
from importlib import import_module

from hpctc.rewrite.table import REWRITES, kind

HEAD = """\
# Rewrites

What `hpctc graph rewrite` can do to a graph without changing its meaning. Each rule is one small
class; {count} of them stand in `hpctc/rewrite/table.py`. This page is made from it.

A rule at one place of a graph is a text: `split-k{{at=y}}` computes the value `y` anew. The texts
that led from one graph to another are a chain, which stands in the record of every rewritten pair;
`hpctc.rewrite.replay(graph, chain)` makes the same graph again.

A rule is applied only where it is sound:

- operands of the new operators lie inside their domains, by interval arithmetic;
- no new value may leave the range of its element type, be it an integer or a half;
- shapes, element types, inputs and the names of outputs stay as they are;
- where results differ in their last bits (rules not marked *exact*), no comparison, `floor` or
  `argmax` may depend on them;
- numbers that a rule writes are exact in half precision, or the rule is left to `f32`.

In the rules, `f` is any operator that the rule names, `L` one that moves elements, `@` the product
of matrices, `^T` swaps the last two axes, `x[a:b:s]` cuts along one axis, `h` is half an extent;
`nhwc` brings the channels of an image to the end (one transposition), `nchw` brings them back.

To add one: derive from `Rewrite` (or from `Identity`, whose rule is the whole implementation), add
a line to the table, and, unless it is an identity, an example to `tests/rewrite/examples.txt`.
`pytest -m slow tests/rewrite/test_thousand.py` applies all of them, more than a thousand times, at
random places of random graphs, and names those that never found one.
"""


def page() -> str:
    """The Markdown of ``docs/rewrites.md``."""
    return "\n".join([HEAD.format(count=len(REWRITES)), *_families()])


def _families() -> Iterator[str]:
    family = ""
    for name, where in REWRITES.items():
        module = where.partition(":")[0]
        if module != family:
            family = module
            title = inspect.getdoc(import_module(module)) or ""
            yield f"\n## {title.splitlines()[0].rstrip('.')}\n"
        rule = kind(name)
        purpose = (inspect.getdoc(rule) or "").splitlines()[0]
        mark = " *exact*" if rule.exact else ""
        yield f"- **{name}**{mark}: {purpose}\n  `{rule.rule}`"
    yield ""
