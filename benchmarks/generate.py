"""Checked pairs an hour: ``python benchmarks/generate.py --effort none --minutes 3``.

Runs ``hpctc generate all grown --rewrites 1`` into a scratch folder for some minutes, stops it as
Ctrl-C would, and counts what lies there. TVM's import is part of the time; the aim on 2 cores is
1,500 pairs an hour at effort none and 200 at fast.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hpctc.core import jsonl
from hpctc.core.records import Pair
from hpctc.dataset.folder import FAILURES, MEASUREMENTS, PAIRS, Failure, Measurement
from hpctc.native import host

MAIN = "from hpctc.cli import main; main()"

AIMS = {"none": 1500, "fast": 200}


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--effort", default="none")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", default="small")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        seconds = fill(Path(scratch) / "pairs", asked)
        result = figures(Path(scratch) / "pairs", seconds, asked)
    print(json.dumps(result, indent=1))
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def fill(out: Path, asked: argparse.Namespace) -> float:
    """Generate for the asked minutes; returns the wall seconds it took."""
    command = [sys.executable, "-c", MAIN, "generate", "all", "grown", "--count", "1000000"]
    command += ["--rewrites", "1", "--effort", asked.effort, "--jobs", str(asked.jobs)]
    command += ["--seed", str(asked.seed), "--size", asked.size, "--out", str(out)]
    command += ["--database", str(out.with_name("tuning.jsonl"))]  # nothing is known beforehand
    began = time.monotonic()
    process = subprocess.Popen(command)
    try:
        process.wait(asked.minutes * 60)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    return time.monotonic() - began


def figures(out: Path, seconds: float, asked: argparse.Namespace) -> dict[str, Any]:
    """What lies in the folder, as rates."""
    pairs = list(jsonl.read(out / PAIRS, Pair))
    failures = list(jsonl.read(out / FAILURES, Failure))
    stages: Counter[str] = Counter()
    for measurement in jsonl.read(out / MEASUREMENTS, Measurement):
        stages.update(measurement.seconds)
    return {
        "benchmark": "generate",
        "effort": asked.effort,
        "size": asked.size,
        "jobs": asked.jobs,
        "seconds": round(seconds, 1),
        "pairs": len(pairs),
        "failures": dict(Counter(f"{f.stage}: {f.reason}" for f in failures).most_common()),
        "pairs_per_hour": round(len(pairs) / seconds * 3600),
        "aim": AIMS.get(asked.effort),
        "seconds_a_pair": {s: round(t / max(len(pairs), 1), 3) for s, t in stages.items()},
        "host": dict(host.facts()),
    }


if __name__ == "__main__":
    main()
