"""How long to look for a schedule, as text: ``none``, ``fast``, ``full`` or ``trials=N``."""

import difflib
import re
from dataclasses import dataclass

from hpctc.core.errors import UsageError

WORDS = {"none": 0, "fast": 12, "full": 96}
"""The named efforts and how many candidates each may measure for one function."""

_SECONDS = {"none": 0.0, "fast": 15.0, "full": 300.0}


@dataclass(frozen=True)
class Effort:
    """How many candidates may be measured for one function, and for how long."""

    trials: int
    """Candidates that are built and timed; 0 takes the rules' first choice unmeasured."""
    seconds: float
    """No further candidate is started after this time."""

    @staticmethod
    def parse(text: str) -> "Effort":
        """Read an effort; anything else is a :class:`UsageError` that lists what is possible."""
        word = text.strip()
        if word in WORDS:
            return Effort(WORDS[word], _SECONDS[word])
        if found := re.fullmatch(r"trials=(\d+)", word):
            trials = int(found[1])
            return Effort(trials, 0.0 if trials == 0 else 15.0 + 4.0 * trials)
        near = difflib.get_close_matches(word, WORDS, 1)
        raise UsageError(
            f"there is no effort {text!r}; there are {', '.join(WORDS)} and trials=N",
            f"did you mean {near[0]!r}?" if near else "write for example trials=64",
        )

    def __str__(self) -> str:
        for word, trials in WORDS.items():
            if (self.trials, self.seconds) == (trials, _SECONDS[word]):
                return word
        return f"trials={self.trials}"
