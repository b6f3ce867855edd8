"""From a run folder to one failure that can be replayed alone."""

from pathlib import Path

from hpctc.core.errors import UsageError
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
from hpctc.core.run import read_about, read_stage
from hpctc.evaluate.repro import Failure, write
from hpctc.native.compiler import compiler
from hpctc.score import Trail, trails


def reproduce(run: Path, what: str, folder: Path) -> Failure:
    """Write the failure that ``what`` names to ``folder``: a score's id, a task's id or name.

    Of a task's samples the first that failed; the beginning of an id is enough.
    """
    scores = {s.of: s for s in read_stage(run, "scores", Score)}
    found = [t for t in _trails(run) if _is_named(t, scores[t.verdict.id], what)]
    if not found:
        raise UsageError(f"{run} has no task or score {what!r}", f"hpctc show {run} lists them")
    trail = next((t for t in found if scores[t.verdict.id].verdict != "correct"), None)
    if trail is None:
        raise UsageError(f"{what} is correct: there is no failure to reproduce")
    failure = _failure(run, trail, scores[trail.verdict.id])
    write(failure, folder)
    return failure


def _trails(run: Path) -> list[Trail]:
    candidates = read_stage(run, "candidates", Candidate)
    judged = (candidates, read_stage(run, "builds", Build), read_stage(run, "verdicts", Verdict))
    return trails(
        read_stage(run, "tasks", Task),
        read_stage(run, "prompts", Prompt),
        read_stage(run, "answers", Answer),
        judged,
        read_stage(run, "timings", Timing),
    )


def _is_named(trail: Trail, score: Score, what: str) -> bool:
    return trail.task.name == what or any(
        len(what) >= 4 and record_id.startswith(what) for record_id in (score.id, trail.task.id)
    )


def _failure(run: Path, trail: Trail, score: Score) -> Failure:
    settings = read_about(run).settings
    timed = next((t.scene for t in trail.timings if t.scene is not None), None)
    return Failure(
        trail.task,
        trail.answer,
        trail.candidate,
        score.verdict,
        score.reason,
        trail.verdict.scene or timed,
        compiler(str(settings["compiler"])),
        float(settings.get("call_seconds", 10.0)),
        trail.verdict.jail,
        score.id,
    )
