"""Progress of a stage: a bar with rate and time left on a terminal, a plain line elsewhere."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

R = TypeVar("R")

PLAIN_SECONDS = 10.0
"""Between two plain lines of one stage."""


class Rate(ProgressColumn):
    """Records a second, or a minute where they are slow."""

    def render(self, task: Task) -> Text:
        """``12.3/s`` or ``4.0/min``; empty before the first record."""
        return Text(rate(task.speed) if task.speed else "")


def rate(per_second: float) -> str:
    """A rate in words."""
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.1f}/min"


class Shown:
    """Watches stages; an instance fits :data:`hpctc.flow.stages.Watch`."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def __call__(self, stage: str, count: int, records: Iterable[R]) -> Iterator[R]:
        """Hand ``records`` on and show how far they are; nothing is shown where none are due."""
        if count == 0:
            yield from records
        elif self.console.is_terminal:
            yield from self._bar(stage, count, records)
        else:
            yield from self._lines(stage, count, records)

    def _bar(self, stage: str, count: int, records: Iterable[R]) -> Iterator[R]:
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            Rate(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console) as bar:
            job = bar.add_task(stage, total=count)
            for record in records:
                bar.advance(job)
                yield record

    def _lines(self, stage: str, count: int, records: Iterable[R]) -> Iterator[R]:
        began = said = time.monotonic()
        made = 0
        for made, record in enumerate(records, 1):
            yield record
            now = time.monotonic()
            if made < count and now - said > PLAIN_SECONDS:
                said = now
                speed = made / (now - began)
                left = (count - made) / speed
                self._say(f"{stage}: {made}/{count}, {rate(speed)}, {left:.0f} s left")
        self._say(f"{stage}: {made}/{count} in {time.monotonic() - began:.1f} s")

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False, soft_wrap=True)
