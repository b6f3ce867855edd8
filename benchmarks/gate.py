"""How often the regression gate cries wolf, and how often it sleeps.

``python benchmarks/gate.py --collect FILE [--only GLOB,...] [--rounds N] [--minutes M]`` calls the
C of ``mini``'s pairs beside itself, round after round (each starts both sides anew), and keeps
every raw time: what this host's noise looks like. Said again, it goes on where it stopped.

``python benchmarks/gate.py --replay FILE [--trials N] [--json FILE]`` draws rounds of that file,
one after the other as they were taken, puts them to the gate's own rules, and counts. Of equals
every "slower" is a false alarm; then one task is made 10 % slower, and must be found. All ways of
the gate are tried: two recorded runs of which one task changed, two of which all did (each start is
a round, of which it takes as many calls as an evaluation does at the least, or as many as one with
time does: 24 starts of ten calls), and ``--live``.

``benchmarks/gate.rounds.jsonl`` is such a file of a busy host, ``gate.quiet.jsonl`` of a quiet one.

``python benchmarks/gate.py --plant N [--keep FILE]`` does it for real: N times ``--live`` on a
pair's C against itself with a comment, and N times against itself made to spin for a tenth of its
own time. With ``--keep`` it goes on where it stopped.

Bars, at a threshold of 3 %: comparisons with a false alarm below 1 %, a planted loss of 10 % found
in 99 of 100.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from _paired import write
from _rounds import Pool, Run, append, lines, read, run_of, slower, spans, swapped
from hpctc.core.codec import encode
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Prompt,
    Score,
    Task,
    Timing,
    Verdict,
)
from hpctc.core.run import About
from hpctc.core.suite import load
from hpctc.evaluate.match import FEWEST_ROUNDS, SHORTEST, STARTS
from hpctc.flow.rematch import Duel, bench, rounds
from hpctc.native import host
from hpctc.regress import live
from hpctc.regress.compare import Conditions, Measured, change, speed_of, stray, whole
from hpctc.regress.judge import REGRESSIONS, Change
from hpctc.score import Trail, wilson

CONSOLE = Console(stderr=True, soft_wrap=True)

THRESHOLD = 0.03
THREADS = 2
PLANTED = 1.10
BARS = {"false alarms": 0.01, "found": 0.99}
ROUND_SECONDS = 0.3

SHORT: Run = tuple(FEWEST_ROUNDS if start == 0 else SHORTEST for start in range(STARTS[0]))
"""What an evaluation that is short of time takes of a task: the least."""
LONG: Run = (10,) * 24
"""What one with some ten seconds a candidate takes (``hpctc eval --seconds 10``)."""

T = TypeVar("T")

SPIN = """
#include <time.h>
static double hpctc_now(clockid_t clock) {{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}}
{head} {{
    static double least = 1e9; /* seconds of the call that was disturbed least */
    const double began = hpctc_now(CLOCK_MONOTONIC);
    {inner}({names});
    const double taken = hpctc_now(CLOCK_MONOTONIC) - began;
    if (taken < least) least = taken;
    const double until = hpctc_now(CLOCK_THREAD_CPUTIME_ID) + {share} * least;
    while (hpctc_now(CLOCK_THREAD_CPUTIME_ID) < until) {{}}
}}
"""


def trail(task: Task, source: str) -> Trail:
    """A candidate that needs no evaluation: the pair's own C, or what was made of it."""
    prompt = Prompt.make(of=task.id, template="none", text="")
    answer = Answer.make(of=prompt.id, model="gate", sample=0, text=source)
    candidate = Candidate.make(of=answer.id, source=source)
    build = Build.make(of=candidate.id, compiler="gcc", ok=True)
    verdict = Verdict.make(of=build.id, verdict="correct", tolerance=1e-4)
    return Trail(task, prompt, answer, candidate, build, verdict)


def slowed(task: Task, share: float) -> str:
    """The pair's C, and a spin for ``share`` of the least time that a call took so far."""
    pair = task.pair
    tensors = [(t, "const ") for t in pair.inputs] + [(t, "") for t in pair.outputs]
    inner = f"{pair.entry}_inner"
    head = f"void {pair.entry}({', '.join(f'{c}void *{t.name}' for t, c in tensors)})"
    body = pair.c_code.replace(f"void {pair.entry}(", f"void {inner}(")
    names = ", ".join(t.name for t, _ in tensors)
    return body + SPIN.format(head=head, inner=inner, names=names, share=share)


def settings(threads: int) -> About:
    """Of the bench on which everything here is called."""
    return About({"threads": threads, "compiler": "gcc"}, host.facts(), {})


def collect(path: Path, tasks: Sequence[Task], count: int, minutes: float) -> None:
    """Rounds of equals of each task in turn, appended as they are taken, until there are so many.

    The time is that of this call; what an earlier one took is counted and kept.
    """
    until = time.monotonic() + 60 * minutes
    taken = Counter(document["task"] for document in lines(path))
    with tempfile.TemporaryDirectory() as folder:
        on = bench(settings(THREADS), Path(folder))
        players = {}
        for task in tasks:
            own = trail(task, task.pair.c_code)
            duel, done = Duel(task.name, own, own), taken[task.name]
            players[task.name] = rounds(duel, on, (1, "uniform"), ROUND_SECONDS, done)
        wanted = [name for turn in range(count) for name in players if turn >= taken[name]]
        for name in shown(wanted, "rounds"):
            if time.monotonic() > until:
                CONSOLE.print("the time is over; say it again to go on")
                return
            append(path, {"task": name, "timing": encode(next(players[name]))})


def shown(items: Sequence[T], what: str) -> Iterable[T]:
    """The items, with progress and time left where there is a terminal."""
    return track(items, what, console=CONSOLE, disable=not CONSOLE.is_terminal)


Gate = Callable[[Pool, str | None, np.random.Generator], Mapping[str, Change]]
"""One comparison of a pool's tasks with itself, one task planted; name -> its change."""


def by_rounds(pool: Pool, planted: str | None, random: np.random.Generator) -> Mapping[str, Change]:
    """``--live``: rounds in their order, from any one on, until there is an answer."""
    rules = live.Rules(THRESHOLD, min(live.MOST, *map(len, pool.values())), len(pool))
    found, changes = [], {}
    for name, timings in pool.items():
        first = int(random.integers(len(timings)))
        drawn = swapped([*timings[first:], *timings[:first]], random)
        loss = PLANTED if name == planted else 1.0
        taken, changes[name] = live.play(name, (slower(t, loss) for t in drawn), rules)
        found.append(taken)
    all_of_it = live.whole(found, 0, THRESHOLD)
    return changes if all_of_it is None else {**changes, "all": all_of_it}


def by_runs(
    pool: Pool,
    planted: str | None,
    random: np.random.Generator,
    every: bool = False,
    run: Run = SHORT,
) -> Mapping[str, Change]:
    """Two recorded runs: some rounds in a row are the starts of the old one, some of the new one.

    The C of one task changed, as a commit does, and the others show the noise of the host; or that
    of every task, as with another model.
    """
    old, new = {}, {}
    changed = planted or str(random.choice(list(pool)))
    for name, timings in pool.items():
        first, second = spans(len(timings), len(run), random)
        source = "new" if every or name == changed else "old"
        loss = PLANTED if name == planted else 1.0
        sides = [swapped(timings[at : at + len(run)], random) for at in (first, second)]
        old[name, 0] = measured(name, run_of(sides[0], run), "old")
        new[name, 0] = measured(name, slower(run_of(sides[1], run), loss), source)
    how = Conditions(THRESHOLD, stray=stray(old, new), among=len(pool) if every else 1)
    changes = {name: change(old[name, 0], new[name, 0], how) for name, _ in old}
    all_of_it = whole(old, new, how)
    return changes if all_of_it is None else {**changes, "all": all_of_it}


def measured(name: str, timing: Timing, source: str) -> Measured:
    """A sample of a run, as :func:`hpctc.regress.compare.measured` reads it."""
    score = Score.make(
        of=timing.id, task=name, name=name, category="reduction", model="gate", sample=0,
        built=True, verdict="correct",
    )  # fmt: skip
    return Measured(score, source, speed_of(timing))


GATES: Sequence[tuple[str, Gate, int]] = (
    ("recorded, one task changed", by_runs, 2 * len(SHORT)),
    ("recorded, all changed", partial(by_runs, every=True), 2 * len(SHORT)),
    ("with time, one changed", partial(by_runs, run=LONG), 2 * len(LONG)),
    ("with time, all changed", partial(by_runs, every=True, run=LONG), 2 * len(LONG)),
    ("--live", by_rounds, live.MOST),
)
"""Each with the rounds that a task must have."""


@dataclass(frozen=True)
class Counted:
    """What a gate did in so many trials."""

    gate: str
    trials: int
    alarms: int
    """Comparisons of equals with any "slower" in them."""
    doubts: int
    """Comparisons of equals without an alarm that said "cannot tell" of some task."""
    found: int
    """Planted losses of one task that were called slower."""


def replay(name: str, gate: Gate, known: Pool, least: int, trials: int) -> Counted:
    """Compare equals, then plant a loss into one task after the other.

    Tasks with fewer than ``least`` rounds cannot be drawn from.
    """
    pool = {task: taken for task, taken in known.items() if len(taken) >= least}
    if not pool:
        raise SystemExit(f"no task has {least} rounds: collect more")
    random = np.random.default_rng(1)
    alarms = doubts = found = 0
    names = list(pool)
    for trial in shown(range(trials), name):
        answers = {c.answer for c in gate(pool, None, random).values()}
        alarms += bool(REGRESSIONS & answers)
        doubts += not REGRESSIONS & answers and "cannot tell" in answers
        planted = names[trial % len(names)]
        found += gate(pool, planted, random)[planted].answer == "slower"
    return Counted(name, trials, alarms, doubts, found)


def plant(count: int, task: Task, minutes: float, keep: Path | None) -> Counted:
    """The gate for real, on one task, until there are so many trials or the time is over."""
    until = time.monotonic() + 60 * minutes
    known = [] if keep is None else [d for d in lines(keep) if d["task"] == task.name]
    answers = {(d["trial"], d["kind"]): d["answer"] for d in known}
    with tempfile.TemporaryDirectory() as folder:
        on = bench(settings(THREADS), Path(folder))
        old = trail(task, task.pair.c_code)
        wanted = [(trial, kind) for trial in range(count) for kind in ("equal", "slower")]
        for trial, kind in shown([w for w in wanted if w not in answers], "comparisons"):
            if time.monotonic() > until:
                break
            source = task.pair.c_code if kind == "equal" else slowed(task, PLANTED - 1)
            duel = Duel(task.name, old, trail(task, f"/* {trial} */\n{source}"))
            played = rounds(duel, on, (1, "uniform"), ROUND_SECONDS)
            _, found = live.play(task.name, played, live.Rules(THRESHOLD))
            answers[trial, kind] = found.answer
            CONSOLE.print(f"{kind:8} {found.answer:12} {found.ratio} {found.detail}")
            if keep is not None:
                line = {"task": task.name, "trial": trial, "kind": kind, "answer": found.answer}
                append(keep, line)
    trials = sum((trial, "slower") in answers for trial in range(count))
    equals = [answers[trial, "equal"] for trial in range(trials)]
    found = sum(answers[trial, "slower"] == "slower" for trial in range(trials))
    alarms = sum(a in REGRESSIONS for a in equals)
    return Counted(f"--live, {task.name}", trials, alarms, equals.count("cannot tell"), found)


def show(counts: Sequence[Counted]) -> list[dict[str, Any]]:
    """Print the shares with their intervals, and return them."""
    counts = [c for c in counts if c.trials]
    table = Table(title=f"the gate at {THRESHOLD:.0%}; planted loss {PLANTED - 1:.0%}")
    for column in ("gate", "trials", "false alarms", "doubts", "loss found"):
        table.add_column(column)
    results = []
    for c in counts:
        counted = {"false alarms": c.alarms, "doubts": c.doubts, "found": c.found}
        shares = {name: wilson(number / c.trials, c.trials) for name, number in counted.items()}
        cells = [f"{s.value:.1%} [{s.low:.1%}, {s.high:.1%}]" for s in shares.values()]
        table.add_row(c.gate, str(c.trials), *cells)
        quiet = shares["false alarms"].value < BARS["false alarms"]
        awake = shares["found"].value >= BARS["found"]
        figures = {name: asdict(share) for name, share in shares.items()}
        results.append({**asdict(c), "shares": figures, "met": quiet and awake})
    CONSOLE.print(table)
    return results


def main() -> None:
    """Collect, replay or play."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--collect", type=Path, help="append rounds of equals to this file")
    parser.add_argument("--replay", type=Path, help="put the rounds of this file to the gate")
    parser.add_argument(
        "--plant", type=int, metavar="N", help="so many real comparisons of each kind"
    )
    parser.add_argument(
        "--only", default="*", metavar="GLOB,...", help="tasks of mini; --plant: one"
    )
    parser.add_argument("--rounds", type=int, default=64, help="--collect: so many a task")
    parser.add_argument("--minutes", type=float, default=10.0, help="it ends after so long")
    parser.add_argument("--keep", type=Path, help="--plant: keep the answers here, and go on")
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--json", type=Path, help="write every figure here")
    asked = parser.parse_args()
    globs = asked.only.split(",")
    tasks = [t for t in load("mini").tasks if any(fnmatch(t.name, g) for g in globs)]
    if asked.collect is not None:
        collect(asked.collect, tasks, asked.rounds, asked.minutes)
    counts = []
    if asked.replay is not None:
        pool = read(asked.replay)
        for name, gate, least in GATES:
            counts.append(replay(name, gate, pool, least, asked.trials))
    if asked.plant:
        counts.append(plant(asked.plant, tasks[0], asked.minutes, asked.keep))
    if counts:
        write(asked.json, {"host": dict(host.facts()), "results": show(counts)})


if __name__ == "__main__":
    main()
