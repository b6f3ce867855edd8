"""Tokens a pass that each decoding strategy would make on answers that a model has given.

``python benchmarks/replay.py RUN [--tokenizer FOLDER] [--strategies A;B] [--costs 0.03,0.08]
[--limit N] [--tokens N] [--each] [--json FILE]`` reads the answers of a run of ``hpctc eval`` with
a greedy local model and decodes them again, from a target that says the recorded tokens. What a
model says does not depend on the strategy, so this stands in for it exactly, and no weights are
loaded: the tokenizer is all that is needed. Answers of one run are decoded in the order in which
they stand there, by one drafter, which learns from one to the next as it does in a run.

A pass of n tokens is taken to cost ``1 + c (n - 1)`` passes of one token, for each c of
``--costs``; drafts are cut for that cost. Two figures a strategy: tokens a pass, and tokens in the
time of a pass of one token (how many times as fast as ``autoregressive``; prefills and the
drafter's own time are not in it). Intervals are bootstrapped over the kernels.

A strategy that drafts with a model is replayed with ``--drafting FILE``: what that model says in
each place of the answers (``benchmarks/forced.py`` writes it); only these answers are decoded, as
far as they were recorded. Behind a token that the answer does not have the model is taken to go on
as it would have behind the right one: what it says there is never accepted, but its passes are
counted, and how sure it is decides how long it goes on. A pass of it costs ``--share`` of a pass of
the target; the passes that read prompts are left out of both. Lookahead's window cannot be
replayed.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from transformers import AutoTokenizer

from _paired import write
from _recorded import Drafting, Forced, Recorded, Said
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Answer, Prompt, Task
from hpctc.core.run import read_about, read_stage
from hpctc.decode import strategy
from hpctc.decode.base import Kind, Request, Target
from hpctc.decode.cost import Fixed
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
class Language:
    """What the numbers of tokens mean."""

    vocab: int
    end: int
    """The token that ends an answer."""
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class Known:
    """All that is replayed."""

    said: list[Said]
    language: Language
    forced: list[Forced]
    """Of each answer; empty: no drafting model was recorded."""
    share: float
    """Of a pass of the target that one of the drafting model costs."""


@dataclass(frozen=True)
class Played:
    """One answer, decoded again."""

    name: str
    tokens: int
    passes: int
    time: float
    """Of all passes, the drafting model's included, in passes of one token."""
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


def renumbered(said: Sequence[Said], forced: Path | None, share: float, tokenizer: Any) -> Known:
    """The same with the tokens that occur numbered from 0.

    Strategies only ask whether two tokens are the same; rows of 150,000 logits would be the work.
    With a drafting model only what it was asked about is kept.
    """
    number: dict[int, int] = {tokenizer.eos_token_id: 0}

    def of(tokens: Sequence[int]) -> tuple[int, ...]:
        return tuple(number.setdefault(t, len(number)) for t in tokens)

    lines = map(json.loads, forced.read_text().splitlines()) if forced else ()
    says = {line["name"]: line for line in lines}
    kept = [s for s in said if not forced or s.name in says]
    made = [
        Said(
            s.name, of(s.prompt), of(s.tokens[: len(says[s.name]["says"])] if says else s.tokens),
            tuple(map(of, s.hints)),
        )
        for s in kept
    ]  # fmt: skip
    model = [
        Forced(
            tuple(map(of, says[s.name]["says"])), tuple(map(tuple, says[s.name]["chances"]))
        )
        for s in kept
        if says
    ]  # fmt: skip
    language = Language(len(number), 0, tuple(map(kinds(tokenizer), number)))
    return Known(made, language, model, share)


def replayed(spec: str, known: Known, cost: float) -> list[Played]:
    """Every answer once more, one after the other."""
    said, language = known.said, known.language
    target = Recorded(said, language.vocab, Fixed(more=cost))
    targets: list[Recorded | Drafting] = [target]

    def load(name: str) -> Target:
        if not known.forced:
            raise UsageError(
                f"{name} cannot be replayed: it would have to say something new",
                "record it with benchmarks/forced.py, and name the file: --drafting FILE",
            )
        price = Fixed(more=cost * known.share, first=known.share)
        targets.append(Drafting(said, known.forced, language.vocab, price))
        return targets[-1]

    drafter = strategy(spec).open(target, load)
    ends, kind = frozenset({language.end}), language.kinds.__getitem__
    made = []
    for key, one in enumerate(said):
        asked = Request(key, one.prompt, len(one.tokens), ends, one.hints, kind)
        for one_of in targets:
            one_of.time = one_of.inside = 0.0
        began = process_time()
        (found,) = decode(target, drafter, [asked], How(batch=1))
        inside = sum(one_of.inside for one_of in targets)
        drafting = process_time() - began - inside
        if (*found.tokens, *ends)[: len(one.tokens)] != one.tokens:
            raise HpctcError(f"{spec} is not lossless on {one.name}", "this is a defect of hpctc")
        made.append(
            Played(
                one.name, len(found.tokens), found.passes,
                sum(one_of.time for one_of in targets),
                1e3 * drafting / found.passes, found.proposed, found.sources,
            )
        )  # fmt: skip
    return made


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
    parser.add_argument("--drafting", type=Path, help="what forced.py wrote of a drafting model")
    parser.add_argument("--share", type=float, default=0.32, help="of its pass, see above")
    parser.add_argument("--limit", type=int, help="the first so many answers")
    parser.add_argument("--tokens", type=int, help="of each answer, the first so many")
    parser.add_argument("--each", action="store_true", help="tokens a pass of every answer too")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    asked = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(asked.tokenizer or path_of(asked.run))
    said = recorded(asked.run, tokenizer)[: asked.limit]
    said = [replace(one, tokens=one.tokens[: asked.tokens]) for one in said]
    known = renumbered(said, asked.drafting, asked.share, tokenizer)
    if not known.said:
        raise SystemExit(f"{asked.run} holds no answer that can be replayed")
    rows = [
        summed(spec, float(cost), replayed(spec, known, float(cost)))
        for spec in asked.strategies.split(";")
        for cost in asked.costs.split(",")
    ]
    CONSOLE.print(_table(rows))
    if asked.each:
        CONSOLE.print(_each(rows))
    if asked.json:
        write(asked.json, {"run": str(asked.run), "rows": [asdict(row) for row in rows]})


def path_of(run: Path) -> str:
    """The folder of the model that answered."""
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
