"""What each run does differently from the first one, task by task, in the gate's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpctc.regress.compare import Conditions, change, disagreements, measured, same_compiler
from hpctc.regress.judge import Change, order
from hpctc.report.reading import Series

THRESHOLD = 0.03
"""What counts as a change of speed, as in ``hpctc regress``."""


@dataclass(frozen=True)
class Difference:
    """One task's first sample in both runs."""

    task: str
    """The task's id."""
    name: str
    before: float | None
    after: float | None
    """Speedups; None: not timed."""
    change: Change


@dataclass(frozen=True)
class Differences:
    """All tasks that a run has in common with the first one, what matters most in front."""

    number: int
    name: str
    rows: Sequence[Difference]
    warnings: Sequence[str]
    """What was different about the conditions; then speeds are not comparable."""

    @property
    def by_task(self) -> Mapping[str, Change]:
        """Task id -> what became of it."""
        return {row.task: row.change for row in self.rows}

    @property
    def both(self) -> bool:
        """Whether any task was timed in both runs."""
        return any(r.before is not None and r.after is not None for r in self.rows)

    @property
    def counts(self) -> Mapping[str, int]:
        """Answer -> how many tasks got it, what matters most in front."""
        found: dict[str, int] = {}
        for row in self.rows:
            found[row.change.answer] = found.get(row.change.answer, 0) + 1
        return found


def differences(series: Sequence[Series]) -> list[Differences]:
    """Every run but the first, compared with the first."""
    first, *others = series
    return [_against(first, other) for other in others]


def _against(first: Series, other: Series) -> Differences:
    old, new = measured(first.read.folder), measured(other.read.folder)
    how = Conditions(THRESHOLD, same_compiler(first.read.about, other.read.about))
    rows = {}
    for key in old:
        if key in new and key[1] == 0:
            score = new[key].score
            found = change(old[key], new[key], how)
            rows[found.name] = Difference(
                score.task, score.name, old[key].score.speedup, score.speedup, found
            )
    ranked = [rows[c.name] for c in order([r.change for r in rows.values()])]
    warnings = disagreements(first.read.about, other.read.about)
    return Differences(other.number, other.name, ranked, warnings)
