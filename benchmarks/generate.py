"""Checked pairs an hour, memory over the run, scaling in --jobs: ``hpctc generate`` as it is used.

    python benchmarks/generate.py --minutes 3                              a quick look
    python benchmarks/generate.py --pairs 5000 --folder DIR --scaling 3 --json FILE

Runs ``hpctc generate all family:all grown --rewrites 1 --variants 1`` until there are so many
pairs, or for so many minutes, and looks at its processes every few seconds. ``--scaling R`` then
plays R rounds of the same work list, with one job and with as many as asked for in turn, for some
minutes each. Interrupted, the same command with the same --folder goes on. TVM's import is part of
the time; the aim on 2 cores is 1,500 pairs an hour at effort none and 200 at fast, below 4 GB,
without growth.
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _course import Course, Lines
from hpctc.core import jsonl
from hpctc.dataset.folder import FAILURES, MEASUREMENTS, PAIRS, Failure, Measurement
from hpctc.native import host

MAIN = "from hpctc.cli import main; main()"

AIMS = {"none": 1500, "fast": 200}

ENDINGS = (0, 130)
"""Exit codes of a run that did what it was asked, and of one that was told to stop."""

PLENTY = 1_000_000
"""Pairs that no run of some minutes makes."""


@dataclass(frozen=True)
class Run:
    """One call of ``hpctc generate`` and where it leaves its traces."""

    folder: Path
    words: tuple[str, ...]
    every: float

    def play(self, pairs: int | None, minutes: float | None) -> Course:
        """Go on until there are so many pairs, or for so many minutes in all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        course = Course(self.folder / "course.jsonl")
        out = self.folder / "pairs"
        spent = course.samples[-1].seconds if course.samples else 0.0
        made = Lines(out / PAIRS)
        if (minutes is not None and spent >= minutes * 60) or made.now() >= (pairs or PLENTY):
            return course
        lost = Lines(out / FAILURES)
        command = [sys.executable, "-c", MAIN, "generate", *self.words, "--out", str(out)]
        command += ["--count", str(pairs or PLENTY)]
        command += ["--database", str(self.folder / "tuning.jsonl")]  # nothing known beforehand
        process = subprocess.Popen(command, start_new_session=True)
        told = False
        try:
            for sample in course.watch(process, lambda: (made.now(), lost.now()), self.every):
                if minutes is not None and sample.seconds >= minutes * 60 and not told:
                    process.send_signal(signal.SIGINT)
                    told = True
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)
        if process.returncode not in ENDINGS:
            sys.exit(f"hpctc generate ended with {process.returncode}")
        return course

    def figures(self, course: Course) -> dict[str, Any]:
        """What lies in the folder, as rates, and what it took."""
        out = self.folder / "pairs"
        stages: Counter[str] = Counter()
        for measurement in jsonl.read(out / MEASUREMENTS, Measurement):
            stages.update(measurement.seconds)
        reasons = Counter(f"{f.stage}: {f.reason}" for f in jsonl.read(out / FAILURES, Failure))
        last = course.samples[-1]
        return {
            "command": " ".join(("hpctc generate", *self.words)),
            "seconds": last.seconds,
            "sessions": last.session + 1,
            "pairs": last.pairs,
            "pairs_per_hour": round(last.pairs / last.seconds * 3600),
            "failures": dict(reasons.most_common()),
            "seconds_a_pair": {s: round(t / max(last.pairs, 1), 3) for s, t in stages.items()},
            "memory": course.figures(),
            "course": course.thinned(),
        }


def main() -> None:
    """Measure, print, and write JSON where asked."""
    asked = _asked()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        run = Run(folder / "long", _words(asked, asked.jobs, asked.seed), asked.every)
        result = {
            "benchmark": "generate",
            "effort": asked.effort,
            "jobs": asked.jobs,
            "aim": AIMS.get(asked.effort),
            **run.figures(run.play(asked.pairs, asked.minutes)),
            "scaling": [_round(asked, folder, n) for n in range(asked.scaling)],
            "host": dict(host.facts()),
        }
    if result["scaling"]:
        ratios = [r["ratio"] for r in result["scaling"]]
        result["scaling_ratio"] = round(statistics.median(ratios), 3)
    shown = {name: value for name, value in result.items() if name != "course"}
    print(json.dumps(shown, indent=1))
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _round(asked: argparse.Namespace, folder: Path, number: int) -> dict[str, Any]:
    """One job against several on one work list: the seconds that both took to its first pairs.

    Who begins changes from round to round, so that a drift of the host is on nobody's side.
    """
    courses: dict[int, Course] = {}
    sides = [1, asked.jobs] if number % 2 == 0 else [asked.jobs, 1]
    for jobs in sides:
        place = folder / f"round-{number}-jobs-{jobs}"
        run = Run(place, _words(asked, jobs, asked.seed + 1 + number), asked.every / 2)
        courses[jobs] = run.play(None, asked.scaling_minutes)
    common = min(course.samples[-1].pairs for course in courses.values())
    if common == 0:
        sys.exit("one side made no pair in its time; give more --scaling-minutes in a new --folder")
    took = {jobs: _until(course, common) for jobs, course in courses.items()}
    return {
        "pairs": common,
        "seconds": {f"jobs={jobs}": round(took[jobs], 1) for jobs in sorted(took)},
        "ratio": round(took[1] / took[asked.jobs], 3),
    }


def _until(course: Course, pairs: int) -> float:
    """The seconds until there were so many pairs, between two looks by their line."""
    seconds, before = 0.0, 0
    for sample in course.samples:
        if sample.pairs >= pairs:
            share = (pairs - before) / max(sample.pairs - before, 1)
            return seconds + share * (sample.seconds - seconds)
        seconds, before = sample.seconds, sample.pairs
    return seconds


def _words(asked: argparse.Namespace, jobs: int, seed: int) -> tuple[str, ...]:
    return (
        *("all", "family:all", "grown", "--rewrites", "1", "--variants", str(asked.variants)),
        *("--effort", asked.effort, "--size", asked.size),
        *("--jobs", str(jobs), "--seed", str(seed)),
    )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    until = parser.add_mutually_exclusive_group(required=True)
    until.add_argument("--pairs", type=int, help="pairs to make")
    until.add_argument("--minutes", type=float, help="or how long to make pairs")
    parser.add_argument("--effort", default="none")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", default="small")
    parser.add_argument("--variants", type=int, default=1)
    parser.add_argument("--scaling", type=int, default=0, metavar="ROUNDS")
    parser.add_argument("--scaling-minutes", type=float, default=3.0, help="for each side")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two looks")
    parser.add_argument("--folder", type=Path, help="kept; an interrupted run goes on there")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.scaling and asked.jobs < 2:
        parser.error("--scaling compares one job with several: say --jobs 2 or more")
    return asked


if __name__ == "__main__":
    main()
