"""Run folders written by hand: scores and raw times as an evaluation leaves them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from hpctc.core import jsonl
from hpctc.core.records import Score, Timing, Verdict
from hpctc.score import speedup

SETTINGS = {
    "suite": "tiny",
    "suite_id": "s1",
    "model": "replay",
    "samples": 1,
    "compiler": "gcc",
    "flags": "-O3 -march=native -fopenmp",
    "threads": 2,
    "seconds": 1.0,
    "seeds": [1, 2],
    "distributions": ["uniform"],
    "baseline": "reference",
}
HOST = {"cpu": "Example 9000", "cores": "2", "machine": "x86_64"}

Write = Callable[..., Path]


@pytest.fixture
def write_run(tmp_path: Path) -> Write:
    """``write(name, {task: speedup or verdict}, noise=..., **settings)`` -> the run's folder."""

    def write(
        name: str,
        tasks: Mapping[str, float | str],
        noise: float = 0.002,
        pairs: int = 40,
        **settings: object,
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        document = {"settings": {**SETTINGS, **settings}, "host": HOST, "versions": {"gcc": "12"}}
        (folder / "run.json").write_text(json.dumps(document))
        random = np.random.default_rng([ord(c) for c in name])
        verdicts, timings, scores = [], [], []
        for task, outcome in tasks.items():
            correct = isinstance(outcome, float)
            verdict = Verdict.make(
                of=f"build of {task}",
                verdict="correct" if correct else outcome,
                jail=("rlimits", "seccomp"),
            )
            verdicts.append(verdict)
            speed = None
            if isinstance(outcome, float):
                times = 1e6 * random.lognormal(0.0, noise, (2, pairs))
                mine = tuple((times[0] / outcome).astype(int).tolist())
                theirs = tuple(times[1].astype(int).tolist())
                timings.append(
                    Timing.make(
                        of=verdict.id,
                        baseline="reference",
                        threads=2,
                        candidate_ns=mine,
                        baseline_ns=theirs,
                        host={"load": "0.10"},
                    )
                )
                speed = speedup(mine, theirs)
            scores.append(
                Score.make(
                    of=verdict.id,
                    task=task,
                    name=task,
                    category="reduction",
                    model="replay",
                    sample=0,
                    built=outcome != "not built",
                    verdict=verdict.verdict,
                    speedup=speed.value if speed else None,
                    interval=(speed.low, speed.high) if speed else None,
                    reason="" if correct else "y[0, 3] is 1, expected 2 [b]",
                )
            )
        jsonl.write(folder / "verdicts.jsonl", verdicts)
        jsonl.write(folder / "timings.jsonl", timings)
        jsonl.write(folder / "scores.jsonl", scores)
        return folder

    return write
