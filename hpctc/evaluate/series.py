"""The calls of one match, and what can be said of them while they are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hpctc.native.call import Array
from hpctc.sandbox.process import Called

HOPELESS = 3.0
"""A rung that takes so many times as long as the candidate, and most of the time, rests after a few
rounds: its place on the ladder is known, and the others need the time."""
HOPELESS_ROUNDS = 4
TIGHT = 0.01
"""The half-width of the interval of every ratio, relative, at which more is not worth it."""
STUDENT = 2.4
"""Standard errors to the end of a 95 % interval of some eight starts."""
GRACE_NS = 200_000
"""What a call may compute outside what its clock shows: waking up, and the way to the reply."""


def busy(column: Sequence[Called]) -> tuple[int, ...]:
    """What the busiest thread of each call computed; empty: of some it is not known."""
    found = tuple(c.busy_ns for c in column)
    return found if all(found) else ()


@dataclass
class Series:
    """The calls of one candidate and its rungs: entry i is of round i, for as long as it ran."""

    candidate: list[Called] = field(default_factory=list)
    rungs: dict[str, list[Called]] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    """How many rounds each start gave."""

    def begin(self) -> None:
        """What is added from here on is of processes that were started anew."""
        self.starts.append(0)

    def add(self, candidate: Called, rungs: Mapping[str, Called]) -> None:
        """One more round of the candidate and of the rungs that still take part."""
        self.candidate.append(candidate)
        if not self.starts:
            self.begin()
        self.starts[-1] += 1
        for name, called in rungs.items():
            self.rungs.setdefault(name, []).append(called)

    def is_tight(self) -> bool:
        """Whether the interval of the ratio to every rung that still takes part is narrow.

        Of one start it is that of its calls, of several that of the starts.
        """
        count = len(self.candidate)
        logs = [_logs(self.candidate, c) for c in self.rungs.values() if len(c) == count]
        if len(self.starts) == 1:
            return all(map(_tight_calls, logs))
        ends = np.cumsum(self.starts)[:-1]
        return all(_tight_starts([float(np.median(s)) for s in np.split(r, ends)]) for r in logs)

    def hopeless(self, seconds: float) -> list[str]:
        """Rungs that are far behind and have had half of the time for themselves."""
        found = []
        for name, column in self.rungs.items():
            if len(column) >= HOPELESS_ROUNDS:
                mine = sum(c.child_ns for c in self.candidate[: len(column)])
                theirs = sum(c.child_ns for c in column)
                if theirs > HOPELESS * mine and theirs > 0.5e9 * seconds:
                    found.append(name)
        return found

    def forged(self, cores: int) -> str:
        """Why the candidate's clock cannot be believed; empty: it can.

        On so many cores nothing computes longer than their number times the time that goes by;
        what a call computed the kernel knows. That holds on a busy host too, where the time that
        went by for the parent says little. But there what is stolen from a virtual machine may be
        counted as computed, in bursts of many calls: so all starts are judged together. A process
        that lies in fewer calls does not move the median of its starts.
        """
        hidden = [c for c in self.candidate if c.cpu_ns / cores > 1.1 * c.child_ns + GRACE_NS]
        if 4 * len(hidden) <= len(self.candidate):
            return ""
        told, spent = hidden[0].child_ns / 1e6, hidden[0].cpu_ns / 1e6
        return f"impossible: it claims {told:.3f} ms for a call that computed for {spent:.3f} ms"


def _logs(mine: Sequence[Called], theirs: Sequence[Called]) -> Array:
    """The logarithm of every round's ratio: ``[rounds]``."""
    return np.log(
        [max(b.child_ns, 1) / max(c.child_ns, 1) for c, b in zip(mine, theirs, strict=True)]
    )


def _tight_calls(logs: Array) -> bool:
    """Whether the 95 % interval of the median is narrow (by order statistics)."""
    count, ranked = len(logs), np.sort(logs)
    reach = 0.98 * np.sqrt(count)  # 1.96 standard deviations of Binomial(count, 1/2)
    low, high = int(np.floor(count / 2 - reach)), int(np.ceil(count / 2 + reach))
    return low >= 0 and high < count and bool(ranked[high] - ranked[low] < 2 * TIGHT)


def _tight_starts(medians: Sequence[float]) -> bool:
    """Whether the 95 % interval of the mean of the starts is narrow."""
    return bool(STUDENT * np.std(medians, ddof=1) / np.sqrt(len(medians)) < TIGHT)
