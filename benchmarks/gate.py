"""How often the regression gate cries wolf, and how often it sleeps.

``python benchmarks/gate.py --collect FILE [--only GLOB] [--rounds N] [--minutes M]`` calls the C of
``mini``'s pairs beside itself, round after round (each starts both sides anew), and keeps every raw
time: what this host's noise looks like.

``python benchmarks/gate.py --replay FILE [--trials N] [--json FILE]`` draws rounds of that file, as
they were taken, puts them to the gate's own rules, and counts. Of equals every "slower" is a false
alarm; then the second side of one task is made 10 % slower, and must be found. Both ways of the
gate are tried: two recorded runs (one round of a task each) and ``--live`` (4 to 32 rounds).

``benchmarks/gate.rounds.jsonl`` is such a file, of two cores at a load of 7 to 9: the worst that
the gate has to live with.

``python benchmarks/gate.py --plant N`` does it for real: N times ``--live`` on a pair's C against
itself with a comment, and N times against itself made to spin for a tenth of its own time.

Bars, at a threshold of 3 %: gates with a false alarm below 1 %, a planted loss of 10 % found in 99
of 100.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from _paired import write
from hpctc.core.codec import decode, encode
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
from hpctc.flow.rematch import Duel, bench, rounds
from hpctc.native import host
from hpctc.regress import live
from hpctc.regress.compare import Conditions, Measured, change, restart, whole
from hpctc.regress.judge import REGRESSIONS, Change
from hpctc.score import Trail, ratios, wilson

CONSOLE = Console(stderr=True, soft_wrap=True)

THRESHOLD = 0.03
THREADS = 2
PLANTED = 1.10
BARS = {"false alarms": 0.01, "found": 0.99}

Pool = Mapping[str, Sequence[Timing]]
"""Task -> its rounds of equals."""

SPIN = """
#include <time.h>
static double hpctc_now(void) {{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}}
{head} {{
    const double began = hpctc_now();
    {inner}({names});
    const double until = hpctc_now() + {share} * (hpctc_now() - began);
    while (hpctc_now() < until) {{}}
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
    """The pair's C, and a spin for ``share`` of the time that it took."""
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
    """Rounds of equals of each task in turn, appended as they are taken."""
    until = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder, path.open("a", encoding="utf-8") as file:
        on = bench(settings(THREADS), Path(folder))
        players = []
        for task in tasks:
            own = trail(task, task.pair.c_code)
            players.append((task.name, rounds(Duel(task.name, own, own), on, (1, "uniform"), 0.3)))
        for _ in range(count):
            for name, player in players:
                if time.monotonic() > until:
                    return
                timing = next(player)
                file.write(json.dumps({"task": name, "timing": encode(timing)}) + "\n")
                CONSOLE.print(f"{name:20} {live.figure(timing):+.4f}", highlight=False)


def read(path: Path) -> Pool:
    """The rounds of a file, by task."""
    pool: dict[str, list[Timing]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        timing = decode(Timing, document["timing"])
        if not timing.problem:
            pool.setdefault(document["task"], []).append(timing)
    return pool


Gate = Callable[[Pool, str | None, np.random.Generator], Mapping[str, Change]]
"""One comparison of a pool's tasks with itself, one task planted; name -> its change."""


def by_rounds(pool: Pool, planted: str | None, random: np.random.Generator) -> Mapping[str, Change]:
    """``--live``: rounds drawn until there is an answer, all that there are at the most."""
    found, changes = [], {}
    for name, timings in pool.items():
        drawn = _drawn(timings, random, PLANTED if name == planted else 1.0)
        taken, changes[name] = live.play(name, drawn, THRESHOLD, len(timings))
        found.append(taken)
    all_of_it = live.whole(found, 0, THRESHOLD)
    return changes if all_of_it is None else {**changes, "all": all_of_it}


def by_runs(pool: Pool, planted: str | None, random: np.random.Generator) -> Mapping[str, Change]:
    """Two recorded runs: a round of each task for the old run, another one for the new.

    The C of one task changed, as a commit does; the others show the noise of the host.
    """
    old, new = {}, {}
    changed = planted or str(random.choice(list(pool)))
    for name, timings in pool.items():
        first, second = (timings[i] for i in random.choice(len(timings), 2, replace=False))
        loss = PLANTED if name == planted else 1.0
        old[name, 0] = _measured(name, first, "old")
        new[name, 0] = _measured(name, _slower(second, loss), "new" if name == changed else "old")
    how = Conditions(THRESHOLD, restart=restart(old, new))
    changes = {name: change(old[name, 0], new[name, 0], how) for name, _ in old}
    all_of_it = whole(old, new, how)
    return changes if all_of_it is None else {**changes, "all": all_of_it}


def _drawn(timings: Sequence[Timing], random: np.random.Generator, loss: float) -> Iterator[Timing]:
    """Rounds in a random order, none twice: what is drawn again would look like agreement."""
    return (_slower(timings[i], loss) for i in random.permutation(len(timings)))


def _slower(timing: Timing, loss: float) -> Timing:
    return replace(timing, candidate_ns=tuple(round(loss * ns) for ns in timing.candidate_ns))


def _measured(name: str, timing: Timing, source: str) -> Measured:
    score = Score.make(
        of=timing.id, task=name, name=name, category="reduction", model="gate", sample=0,
        built=True, verdict="correct",
    )  # fmt: skip
    return Measured(score, source, np.log(ratios(timing.candidate_ns, timing.baseline_ns)))


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
    for trial in range(trials):
        answers = {c.answer for c in gate(pool, None, random).values()}
        alarms += bool(REGRESSIONS & answers)
        doubts += not REGRESSIONS & answers and "cannot tell" in answers
        planted = names[trial % len(names)]
        found += gate(pool, planted, random)[planted].answer == "slower"
    return Counted(name, trials, alarms, doubts, found)


def plant(count: int, task: Task) -> Counted:
    """The gate for real, on one task."""
    alarms = doubts = found = 0
    with tempfile.TemporaryDirectory() as folder:
        on = bench(settings(THREADS), Path(folder))
        old = trail(task, task.pair.c_code)
        for trial in range(count):
            same = trail(task, f"/* {trial} */\n{task.pair.c_code}")
            lost = trail(task, f"/* {trial} */\n{slowed(task, PLANTED - 1)}")
            answers = []
            for new in (same, lost):
                duel = Duel(task.name, old, new)
                played = rounds(duel, on, (1, "uniform"), 0.5)
                _, answer = live.play(task.name, played, THRESHOLD)
                answers.append(answer.answer)
                CONSOLE.print(f"{answer.answer:12} {answer.ratio}", highlight=False)
            alarms += answers[0] in REGRESSIONS
            doubts += answers[0] == "cannot tell"
            found += answers[1] == "slower"
    return Counted(f"live, {task.name}", count, alarms, doubts, found)


def show(counts: Sequence[Counted]) -> list[dict[str, Any]]:
    """Print the shares with their intervals, and return them."""
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
    parser.add_argument("--tasks", type=int, default=8, help="so many of them")
    parser.add_argument("--rounds", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=10.0, help="--collect ends after so long")
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--json", type=Path, help="write every figure here")
    asked = parser.parse_args()
    globs = asked.only.split(",")
    tasks = [t for t in load("mini").tasks if any(fnmatch(t.name, g) for g in globs)][: asked.tasks]
    if asked.collect is not None:
        collect(asked.collect, tasks, asked.rounds, asked.minutes)
    counts = []
    if asked.replay is not None:
        pool = read(asked.replay)
        counts.append(replay("two recorded runs", by_runs, pool, 2, asked.trials))
        counts.append(replay("--live", by_rounds, pool, live.MOST, asked.trials))
    if asked.plant:
        counts.append(plant(asked.plant, tasks[0]))
    if counts:
        write(asked.json, {"host": dict(host.facts()), "results": show(counts)})


if __name__ == "__main__":
    main()
