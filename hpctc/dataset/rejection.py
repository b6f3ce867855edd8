"""Why a pair is none: a result of checking, carried out of the stages as an exception."""

from dataclasses import dataclass

from hpctc.dataset.folder import Stage


@dataclass(frozen=True, slots=True)
class Rejected:
    """A pair that did not pass: where, and why."""

    stage: Stage
    reason: str
    """Without figures, so that rejections can be counted by it."""
    detail: str = ""


class Rejection(Exception):
    """Ends the checking of a pair."""

    def __init__(self, stage: Stage, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.rejected = Rejected(stage, reason, detail)
