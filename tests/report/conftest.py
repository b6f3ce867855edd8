"""Run folders written by hand: all records, scores and raw times, as an evaluation leaves them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from hpctc.core import jsonl
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Decoding,
    Exchange,
    Launch,
    Pair,
    Prompt,
    Provenance,
    Record,
    Task,
    Tensor,
    Timing,
    Usage,
    Verdict,
)
from hpctc.score import score

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

REASONS = {
    "wrong": "y[0, 3] is 1, expected 2 (17 of 4,096 elements differ; seed 1, uniform)",
    "not built": "code.c:3:7: error: unknown type name 'half'",
    "abstained": "the model gave no answer",
    "not found": "the answer holds no C code",
}

Write = Callable[..., Path]
Outcome = float | str | list[float | str]
"""A speedup, or the class of what went wrong; a list: several samples."""


def _pair(name: str) -> Pair:
    return Pair.make(
        name=name,
        category="elementwise" if name < "n" else "reduction",
        graph=f"graph {name}_op(x: f32[64, 64] in [-1, 1]) {{\n  v0 = relu(x)\n  return v0\n}}\n",
        c_code=f"void {name}(const float *restrict x, float *restrict y) {{\n"
        "    for (int i = 0; i < 4096; i++) {\n"
        "        y[i] = x[i] > 0.0f ? x[i] : 0.0f;\n    }\n}\n",
        cuda_code=f'extern "C" __global__ void {name}_kernel(float *y, const float *x) {{\n'
        "  y[blockIdx.x * 64 + threadIdx.x] = max(x[blockIdx.x * 64 + threadIdx.x], 0.0f);\n}\n",
        entry=name,
        launches=(
            Launch(
                kernel=f"{name}_kernel",
                grid=(64, 1, 1),
                block=(64, 1, 1),
                shared_bytes=0,
                args=("y", "x"),
            ),
        )
        * (3 if name == "conv" else 1),
        inputs=(Tensor(name="x", shape=(64, 64), dtype="float32", domain=(-1.0, 1.0)),),
        outputs=(Tensor(name="y", shape=(64, 64), dtype="float32"),),
        flops=4096,
        bytes=32768,
        provenance=Provenance(source=f"operator {name}", effort="fast"),
    )


@dataclass(frozen=True)
class Speech:
    """How a language model said the answers of a run."""

    strategy: str = "cascade"
    rate: float = 20.0
    """Tokens a second."""
    sources: tuple[str, ...] = ("compiler", "lookup")
    """They take turns; each proposes 4 tokens of 3 characters, the model says one itself."""
    dollars: float = 0.0
    """Of a token."""
    repairs: bool = False
    """Whether a wrong answer stands before every right one."""

    def usage(self, text: str) -> Usage:
        tokens = sum(count for _, count, _ in self.spans(text))
        spent = tokens * self.dollars
        return Usage(prompt_tokens=500, completion_tokens=tokens, dollars=spent)

    def decoding(self, text: str) -> Decoding:
        spans = self.spans(text)
        taken = {who: sum(n for w, n, _ in spans if w == who) for who in self.sources}
        return Decoding(
            strategy=self.strategy,
            passes=sum(count for who, count, _ in spans if not who) + 1,
            proposed=2 * sum(taken.values()),
            accepted=sum(taken.values()),
            sources={who: count for who, count in taken.items() if count},
            first_seconds=0.25,
            spans=spans,
        )

    def spans(self, text: str) -> tuple[tuple[str, int, int], ...]:
        who = cycle(w for s in self.sources for w in (s, ""))
        if not self.sources:
            return (("", len(text) // 3 + 1, len(text)),)
        found, at = [], 0
        while at < len(text):
            source = next(who)
            length = min(12 if source else 3, len(text) - at)
            found.append((source, -(-length // 3), length))
            at += length
        return tuple(found)


class Sheaf:
    """The records of a run while it is written."""

    def __init__(
        self, name: str, noise: float, pairs: int, code: str, speech: Speech | None
    ) -> None:
        self.random = np.random.default_rng([ord(c) for c in name])
        self.noise, self.pairs, self.code, self.speech = noise, pairs, code, speech
        self.stages: dict[str, list[Record]] = {
            stage: []
            for stage in (
                "tasks", "prompts", "answers", "candidates", "builds", "verdicts", "timings",
            )
        }  # fmt: skip

    def task(self, name: str, outcome: Outcome) -> None:
        pair = _pair(name)
        task = Task.make(of=pair.id, suite="tiny", name=name, pair=pair)
        prompt = Prompt.make(of=task.id, template="zero", text=f"Translate {name} <now> & here.")
        self.stages["tasks"].append(task)
        self.stages["prompts"].append(prompt)
        for number, one in enumerate(outcome if isinstance(outcome, list) else [outcome]):
            before = prompt
            if self.speech and self.speech.repairs and one == 3.0:
                verdict = self.sample(pair, prompt, number, "not built")
                before = Prompt.make(
                    of=verdict.id,
                    template="repair",
                    text=f"gcc says: {REASONS['not built']}",
                    history=(Exchange(prompt=prompt.text, answer="..."),),
                )
                self.stages["prompts"].append(before)
            self.sample(pair, before, number, one)

    def sample(self, pair: Pair, prompt: Prompt, number: int, outcome: float | str) -> Verdict:
        kind = "correct" if isinstance(outcome, float) else outcome
        reason = REASONS.get(kind, "" if kind == "correct" else f"it {kind}")
        silent = kind in ("abstained", "not found")
        source = None if silent else f"/* {self.code} {number} */\n{pair.c_code}"
        text = None if kind == "abstained" else source or "I cannot."
        said: dict[str, object] = {}
        if self.speech is not None and text is not None:
            text = f"Here it is:\n\n```c\n{text}```\n"
            usage = self.speech.usage(text)
            said = {"usage": usage, "seconds": usage.completion_tokens / self.speech.rate}
            said["decoding"] = self.speech.decoding(text)
        answer = Answer.make(
            of=prompt.id, model="replay", sample=number, text=text, reason=reason, **said
        )
        candidate = Candidate.make(of=answer.id, source=source, reason=reason if silent else "")
        ok = not silent and kind != "not built"
        build = Build.make(of=candidate.id, compiler="gcc", ok=ok, log="" if ok else reason)
        jail = ("rlimits", "seccomp") if ok else ()
        verdict = Verdict.make(of=build.id, verdict=kind, detail=reason, seeds=(1, 2), jail=jail)
        for stage, record in (
            ("answers", answer),
            ("candidates", candidate),
            ("builds", build),
            ("verdicts", verdict),
        ):
            self.stages[stage].append(record)
        if isinstance(outcome, float):
            self.stages["timings"].append(self.timing(verdict, outcome))
        return verdict

    def timing(self, verdict: Verdict, speedup: float) -> Timing:
        times = 1e6 * self.random.lognormal(0.0, self.noise, (2, self.pairs))
        return Timing.make(
            of=verdict.id,
            baseline="reference",
            threads=2,
            candidate_ns=tuple((times[0] / speedup).astype(int).tolist()),
            baseline_ns=tuple(times[1].astype(int).tolist()),
            host={"load": "0.10"},
        )


@pytest.fixture
def write_run(tmp_path: Path) -> Write:
    """``write(name, {task: outcome}, noise=..., **settings)`` -> the run's folder.

    Runs of the same ``code`` hold the same C; else each has its own. With ``speech`` the answers
    are those of a language model; then a speedup of 3 is that of a repaired answer, if it repairs.
    """

    def write(
        name: str,
        tasks: Mapping[str, Outcome],
        noise: float = 0.002,
        pairs: int = 40,
        code: str | None = None,
        speech: Speech | None = None,
        **settings: object,
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        document = {"settings": {**SETTINGS, **settings}, "host": HOST, "versions": {"gcc": "12"}}
        (folder / "run.json").write_text(json.dumps(document))
        sheaf = Sheaf(name, noise, pairs, name if code is None else code, speech)
        for task, outcome in tasks.items():
            sheaf.task(task, outcome)
        s = sheaf.stages
        for stage, records in s.items():
            jsonl.write(folder / f"{stage}.jsonl", records)
        judged = (s["candidates"], s["builds"], s["verdicts"])
        found = score(s["tasks"], s["prompts"], s["answers"], judged, s["timings"])  # type: ignore[arg-type]
        jsonl.write(folder / "scores.jsonl", found)
        return folder

    return write
