"""A finished run, read back from its folder with every record joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hpctc.core.errors import CorruptRecord
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
from hpctc.core.run import About, read_about, read_stage
from hpctc.score import Estimate, Summary, Trail, summary, trails
from hpctc.score.cost import Cost, cost
from hpctc.score.ladder import BEST, ladder
from hpctc.score.pace import Pace, pace
from hpctc.score.rates import Cause, causes
from hpctc.score.roofline import Roof, read_roofs
from hpctc.score.similarity import likeness
from hpctc.score.twins import Drop, drops


@dataclass(frozen=True)
class Read:
    """What there is to tell of a run without its sources."""

    folder: Path
    about: About
    scores: tuple[Score, ...]
    jail: tuple[str, ...]
    """The sandbox's layers that were on for every candidate that ran."""
    load: str
    """The highest load of the host at the start of a timing; empty: nothing was timed."""
    timings: tuple[Timing, ...]

    @cached_property
    def trails(self) -> tuple[Trail, ...]:
        """Every sample with all its records, in the order of the scores; reads the other stages."""
        found = trails(
            read_stage(self.folder, "tasks", Task),
            read_stage(self.folder, "prompts", Prompt),
            read_stage(self.folder, "answers", Answer),
            (
                read_stage(self.folder, "candidates", Candidate),
                read_stage(self.folder, "builds", Build),
                read_stage(self.folder, "verdicts", Verdict),
            ),
            self.timings,
        )
        if {t.verdict.id for t in found} != {s.of for s in self.scores}:
            raise CorruptRecord(
                f"{self.folder / 'scores.jsonl'} is not of these verdicts",
                f"make it anew: hpctc eval ... --out {self.folder} --from scores",
            )
        return tuple(found)

    @cached_property
    def pace(self) -> Pace | None:
        """How fast a language model answered; None: no answer tells its tokens and its time."""
        return pace(self.trails)

    @cached_property
    def cost(self) -> Cost:
        """What all its answers cost."""
        return cost(self.trails)

    @cached_property
    def roofs(self) -> tuple[Roof, ...]:
        """What this host could do at best; none where nobody measured it."""
        return tuple(read_roofs(self.folder))

    @property
    def score_of(self) -> Mapping[str, Score]:
        """Verdict id -> score."""
        return {s.of: s for s in self.scores}


@dataclass(frozen=True)
class Series:
    """A run with its place in a report of several."""

    number: int
    """0 is the one that the others are compared with; a colour, too."""
    name: str
    """What the report calls it."""
    read: Read

    @cached_property
    def figures(self) -> Summary:
        """Of all its samples."""
        return summary(self.read.scores)

    @cached_property
    def ladder(self) -> Mapping[str, Estimate]:
        """The speedup over each rung, without the best one where there is only one."""
        found = ladder(self.read.trails)
        return found if len(found) > 2 else {k: v for k, v in found.items() if k != BEST}

    @cached_property
    def causes(self) -> Sequence[Cause]:
        """Its failures by what they have in common."""
        return causes(self.read.scores)

    @cached_property
    def likeness(self) -> Estimate | None:
        """How alike its C is to the pairs' own; None without any C."""
        return likeness(self.read.trails)

    @cached_property
    def drops(self) -> Sequence[Drop]:
        """How far its scores fall on tasks in other words; empty without such twins."""
        return drops(self.read.trails)


def series(runs: Sequence[Read]) -> list[Series]:
    """The runs with names: the folder's, or its whole path where two share it."""
    short = [run.folder.resolve().name for run in runs]
    names = [s if short.count(s) == 1 else str(r.folder) for s, r in zip(short, runs, strict=True)]
    return [Series(i, name, run) for i, (name, run) in enumerate(zip(names, runs, strict=True))]


def read(folder: Path) -> Read:
    """Read a finished run; one that is not is an error with the next command."""
    about = read_about(folder)
    scores = tuple(read_stage(folder, "scores", Score))
    verdicts = read_stage(folder, "verdicts", Verdict)
    timings = tuple(read_stage(folder, "timings", Timing))
    layers = [set(v.jail) for v in verdicts if v.jail]
    jail = set.intersection(*layers) if layers else set()
    loads = [t.host["load"] for t in timings if "load" in t.host]
    load = max(loads, key=float, default="")
    return Read(folder, about, scores, tuple(sorted(jail)), load, timings)
