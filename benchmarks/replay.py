"""Tokens a pass that each decoding strategy would make on answers that a model has given.

``python benchmarks/replay.py RUN [--tokenizer FOLDER] [--strategies A;B] [--costs 0.03,0.08]
[--limit N] [--each] [--json FILE]`` reads the answers of a run of ``hpctc eval`` with a greedy
local model and decodes them again, from a target that says the recorded tokens. What a model says
does not depend on the strategy, so this stands in for it exactly, and no weights are loaded: the
tokenizer is all that is needed. Answers of one run are decoded in the order in which they stand
there, by one drafter, which learns from one to the next as it does in a run.

A pass of n tokens is taken to cost ``1 + c (n - 1)`` passes of one token, for each c of
``--costs``; drafts are cut for that cost. Two figures a strategy: tokens a pass, and tokens in the
time of a pass of one token (how many times as fast as ``autoregressive``; prefills and the
drafter's own time are not in it). Intervals are bootstrapped over the kernels.

A strategy that drafts with a model cannot be replayed, and neither can lookahead's window: both ask
a model what it would have said elsewhere.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from transformers import AutoTokenizer

from _paired import write
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Answer, Prompt, Task
from hpctc.core.run import read_about, read_stage
from hpctc.decode import strategy
from hpctc.decode.base import ROOT, Ask, Key, Kind, Request, Target
from hpctc.decode.cost import Cost, Fixed
from hpctc.decode.loop import How, decode
from hpctc.models import model
from hpctc.models.hf.chat import Hf, encoded, hints
from hpctc.models.hf.text import kinds

CONSOLE = Console(soft_wrap=True)
STRATEGIES = "lookup;compiler;cascade"
COSTS = "0.01,0.03,0.08"
DRAWS = 1000
"""Bootstrap samples."""


@dataclass(frozen=True)
class Said:
    """One recorded answer."""

    name: str
    """The task's."""
    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    """What the model said, the token that ended it included if it did."""
    hints: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Language:
    """What the numbers of tokens mean."""

    vocab: int
    end: int
    """The token that ends an answer."""
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class Played:
    """One answer, decoded again."""

    name: str
    tokens: int
    passes: int
    time: float
    """Of all passes, in passes of one token."""
    draft_ms: float
    """Processor time of drafting a pass, the loop's included."""
    proposed: int
    sources: dict[str, int]


@dataclass(frozen=True)
class Row:
    """A strategy at one cost, over all answers."""

    strategy: str
    cost: float
    a_pass: tuple[float, float, float]
    """Tokens a pass, with the 95 % interval."""
    times: tuple[float, float, float]
    """Tokens in the time of a pass of one token."""
    draft_ms: float
    proposed: float
    """Tokens a pass."""
    sources: dict[str, int]
    """Accepted tokens by who proposed them."""
    played: list[Played]


class Recorded:
    """A target that says recorded tokens; see :class:`hpctc.decode.base.Target`.

    Only rows on the recorded path are ever looked at; the others are zero.
    """

    def __init__(self, said: Sequence[Said], vocab: int, cost: Cost) -> None:
        self.said = said
        self.vocab = vocab
        self.cost = cost
        self.time = 0.0
        """What all passes took, by ``cost``."""
        self.inside = 0.0
        """Real seconds in here: the rest of a decoding is the drafter's and the loop's."""

    def score(self, asks: Sequence[Ask]) -> list[Tensor]:
        """One-hot rows; a key is the place of its answer."""
        began = process_time()
        made = [self._scored(ask) for ask in asks]
        self.inside += process_time() - began
        return made

    def _scored(self, ask: Ask) -> Tensor:
        assert isinstance(ask.key, int)
        one = self.said[ask.key]
        rows = torch.zeros(1 + len(ask.draft), self.vocab)
        at = {ROOT: len(ask.settled) - len(one.prompt)}
        """Node on the recorded path -> the place of what comes after it."""
        rows[0, one.tokens[at[ROOT]]] = 1
        pairs = zip(ask.draft.tokens, ask.draft.parents, strict=True)
        for node, (token, parent) in enumerate(pairs):
            place = at.get(parent, len(one.tokens))
            if place + 1 < len(one.tokens) and token == one.tokens[place]:
                at[node] = place + 1
                rows[node + 1, one.tokens[place + 1]] = 1
        self.time += self.cost.seconds(1 + len(ask.draft))
        return rows

    def close(self, key: Key) -> None:
        """Nothing is kept."""


def recorded(run: Path, tokenizer: Any) -> list[Said]:
    """The greedy answers of a run, in order, with what a strategy is told of each."""
    tasks = {t.id: t for t in read_stage(run, "tasks", Task)}
    prompts = {p.id: p for p in read_stage(run, "prompts", Prompt)}
    found, unlike = [], 0
    for answer in read_stage(run, "answers", Answer):
        if not answer.text or answer.usage is None:
            continue
        task = tasks[prompts[answer.of].of]
        tokens = tuple(tokenizer(answer.text, add_special_tokens=False)["input_ids"])
        if len(tokens) != answer.usage.completion_tokens:
            # A model may say a text in other tokens than the tokenizer would.
            unlike += 1
            continue
        if not answer.reason:
            tokens = (*tokens, tokenizer.eos_token_id)
        known = hints(tokenizer, task, frozenset({"hints"}))
        found.append(Said(task.name, encoded(tokenizer, prompts[answer.of]), tokens, known))
    CONSOLE.print(f"{len(found)} answers of {run}, {unlike} left out: their tokens are not known")
    return found


def renumbered(said: Sequence[Said], tokenizer: Any) -> tuple[list[Said], Language]:
    """The same with the tokens that occur numbered from 0.

    Strategies only ask whether two tokens are the same; rows of 150,000 logits would be the work.
    """
    number: dict[int, int] = {tokenizer.eos_token_id: 0}

    def of(tokens: Sequence[int]) -> tuple[int, ...]:
        return tuple(number.setdefault(t, len(number)) for t in tokens)

    made = [Said(s.name, of(s.prompt), of(s.tokens), tuple(map(of, s.hints))) for s in said]
    return made, Language(len(number), 0, tuple(map(kinds(tokenizer), number)))


def replayed(spec: str, said: Sequence[Said], cost: float, language: Language) -> list[Played]:
    """Every answer once more, one after the other."""
    target = Recorded(said, language.vocab, Fixed(more=cost))
    drafter = strategy(spec).open(target, _no_model)
    ends, kind = frozenset({language.end}), language.kinds.__getitem__
    made = []
    for key, one in enumerate(said):
        asked = Request(key, one.prompt, len(one.tokens), ends, one.hints, kind)
        target.time = target.inside = 0.0
        began = process_time()
        (found,) = decode(target, drafter, [asked], How(batch=1))
        drafting = process_time() - began - target.inside
        if (*found.tokens, *ends)[: len(one.tokens)] != one.tokens:
            raise HpctcError(f"{spec} is not lossless on {one.name}", "this is a defect of hpctc")
        made.append(
            Played(
                one.name, len(found.tokens), found.passes, target.time,
                1e3 * drafting / found.passes, found.proposed, found.sources,
            )
        )  # fmt: skip
    return made


def _no_model(text: str) -> Target:
    raise UsageError(
        f"{text} cannot be replayed: it would have to say something new",
        "name strategies that draft without a model",
    )


def summed(spec: str, cost: float, played: Sequence[Played]) -> Row:
    """All answers as one row; intervals over the answers."""
    tokens = np.array([p.tokens for p in played])
    passes = np.array([p.passes for p in played])
    time = np.array([p.time for p in played])
    drawn = np.random.default_rng(0).integers(len(played), size=(DRAWS, len(played)))

    def interval(below: Any) -> tuple[float, float, float]:
        drawings = tokens[drawn].sum(1) / below[drawn].sum(1)
        low, high = np.quantile(drawings, (0.025, 0.975))
        return float(tokens.sum() / below.sum()), float(low), float(high)

    sources = Counter[str]()
    for one in played:
        sources.update(one.sources)
    return Row(
        spec, cost, interval(passes), interval(time), float(np.mean([p.draft_ms for p in played])),
        sum(p.proposed for p in played) / int(passes.sum()),
        dict(sources.most_common()), list(played),
    )  # fmt: skip


def main() -> None:
    """Print a row for each strategy and cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a folder that 'hpctc eval' has written")
    parser.add_argument("--tokenizer", help="its folder or hub name, if not the run's model")
    parser.add_argument("--strategies", default=STRATEGIES, help="separated by semicolons")
    parser.add_argument("--costs", default=COSTS, help="of a token more, in passes of one token")
    parser.add_argument("--limit", type=int, help="the first so many answers")
    parser.add_argument("--each", action="store_true", help="tokens a pass of every answer too")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    asked = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(asked.tokenizer or _path(asked.run))
    said, language = renumbered(recorded(asked.run, tokenizer)[: asked.limit], tokenizer)
    if not said:
        raise SystemExit(f"{asked.run} holds no answer that can be replayed")
    rows = [
        summed(spec, float(cost), replayed(spec, said, float(cost), language))
        for spec in asked.strategies.split(";")
        for cost in asked.costs.split(",")
    ]
    CONSOLE.print(_table(rows))
    if asked.each:
        CONSOLE.print(_each(rows))
    if asked.json:
        write(asked.json, {"run": str(asked.run), "rows": [asdict(row) for row in rows]})


def _path(run: Path) -> str:
    chat = model(str(read_about(run).settings["model"]))
    if not isinstance(chat, Hf):
        raise UsageError(f"the model of {run} is not local", "name its tokenizer: --tokenizer")
    return chat.path


def _table(rows: Sequence[Row]) -> Table:
    table = Table("strategy", "c", "tokens a pass [95 %]", "times one a pass [95 %]")
    for name in ("proposed a pass", "drafting, ms a pass", "accepted from"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            row.strategy, f"{row.cost:g}",
            *("{:.2f} [{:.2f}, {:.2f}]".format(*e) for e in (row.a_pass, row.times)),
            f"{row.proposed:.1f}", f"{row.draft_ms:.1f}",
            ", ".join(f"{source} {count}" for source, count in row.sources.items()),
        )  # fmt: skip
    return table


def _each(rows: Sequence[Row]) -> Table:
    table = Table("answer", "tokens", *(f"{row.strategy}, {row.cost:g}" for row in rows))
    for one in zip(*(row.played for row in rows), strict=True):
        table.add_row(one[0].name, str(one[0].tokens), *(f"{p.tokens / p.passes:.2f}" for p in one))
    return table


if __name__ == "__main__":
    main()
