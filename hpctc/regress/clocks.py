"""Which clock a comparison goes by.

The clock is time, as a user waits. On a host where others compute, too, most of that is waiting for
a core, and a tenth of a loss drowns in it. What the busiest thread of a call computed is hardly
touched by neighbours, and where nothing else is waited for it is the time that the call would have
taken. Whether that is so of a program its least disturbed calls show: of some a call takes as long
as its busiest thread computes. (What one waits for by design, be it another thread, is in all its
calls.) So the processor's clock stands in where these calls were seen of both sides, and time is
far less sure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

from hpctc.core.records import Timing
from hpctc.regress.location import Located, known, located, total
from hpctc.score import by_start, ratios

UNDISTURBED = 5
"""So many calls must have been undisturbed: the first ones may be the clocks' own errors."""

MOST_STRETCH = 1.02
"""Time over what the busiest thread computed, of a call that only computes. Below 1 it is when what
it computed on its way to the call is not little."""

STRETCH_ERROR = 0.006
"""What is open even if both programs' least stretches agree: a standard deviation of logarithms."""

SURER = 0.25
"""The processor's clock is taken when its variance is so many times that of time, or less."""


@dataclass(frozen=True)
class Taken:
    """Independent measurements of how fast one program is beside another, by both clocks."""

    logs: Sequence[float]
    """Of each the logarithm of the median ratio of times."""
    busy: Sequence[float] = ()
    """The same by what the busiest threads computed; as many, or unknown."""
    stretch: tuple[Sequence[float], Sequence[float]] = ((), ())
    """Of every call of either program, time over what its busiest thread computed."""

    def __add__(self, more: "Taken") -> "Taken":
        mine, theirs = ((*a, *b) for a, b in zip(self.stretch, more.stretch, strict=True))
        both = (*self.busy, *more.busy) if self.has_busy and more.has_busy else ()
        return Taken((*self.logs, *more.logs), both, (mine, theirs))

    @property
    def has_busy(self) -> bool:
        """Whether the kernel told of all of them who computed."""
        return len(self.busy) == len(self.logs)

    @property
    def chance(self) -> float:
        """How likely equals give measurements that so many agree on who is faster (sign test).

        Noise of two kinds, at which now the one side waits and now the other, looks calm to a
        trimmed mean that has cut off the rarer kind.
        """
        logs = np.asarray(self.logs if self.goes_by_time else self.busy)
        fewer = min(int((logs < 0).sum()), int((logs > 0).sum()))
        return float(bdtr(fewer, len(logs), 0.5))

    @property
    def goes_by_time(self) -> bool:
        """Whether time is the clock that is taken."""
        return self._by_processor is None

    @property
    def located(self) -> Located:
        """Their middle by the clock that is taken; of two measurements at the least."""
        return self._by_processor or located(self.logs)

    @property
    def _by_processor(self) -> Located | None:
        """The middle by the processor's clock, where it may stand in for time and is surer."""
        if not self.has_busy or min(map(len, self.stretch)) < UNDISTURBED:
            return None
        mine, theirs = (sorted(s)[UNDISTURBED - 1] for s in self.stretch)
        if max(mine, theirs) > MOST_STRETCH:
            return None
        # So much may differ between both that is not computing: an interval covers twice of it.
        unsure = max(STRETCH_ERROR, abs(math.log(theirs / mine)) / 2)
        found = total([located(self.busy), known(unsure**2)])
        return found if found.variance < SURER * located(self.logs).variance else None


def taken(timing: Timing) -> Taken:
    """The measurements of a timing: its starts."""
    mine, theirs = timing.candidate_busy_ns, timing.baseline_busy_ns
    logs = _medians(timing.candidate_ns, timing.baseline_ns, timing.starts)
    if not (mine and theirs):
        return Taken(logs)
    stretch = (_stretch(timing.candidate_ns, mine), _stretch(timing.baseline_ns, theirs))
    return Taken(logs, _medians(mine, theirs, timing.starts), stretch)


def _medians(mine: Sequence[int], theirs: Sequence[int], starts: Sequence[int]) -> list[float]:
    """The logarithm of each start's median ratio, theirs over mine."""
    return [float(np.median(s)) for s in by_start(np.log(ratios(mine, theirs)), starts)]


def _stretch(times: Sequence[int], busy: Sequence[int]) -> list[float]:
    return [float(s) for s in ratios(busy, times)]
