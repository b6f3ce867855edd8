"""Ways to schedule a function, each a text that makes the same schedule again."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import ClassVar

from tvm import tirx

from hpctc.core.spec import Spec, load
from hpctc.lower.cpu import rules, template
from hpctc.lower.cpu.replay import replay
from hpctc.lower.cpu.tile import Shape


@dataclass(frozen=True)
class Strategy(Spec, ABC):
    """A named way to schedule; its fields are what a tuner may vary."""

    @abstractmethod
    def apply(self, func: tirx.PrimFunc) -> tirx.PrimFunc:
        """The scheduled function; raises what TVM raises where the strategy does not fit."""


@dataclass(frozen=True)
class Plain(Strategy):
    """The function as it is: serial loops, always right."""

    name: ClassVar[str] = "plain"

    def apply(self, func: tirx.PrimFunc) -> tirx.PrimFunc:
        """Change nothing."""
        return func


@dataclass(frozen=True)
class Rules(Strategy):
    """The deterministic rules of :mod:`hpctc.lower.cpu.rules`."""

    name: ClassVar[str] = "rules"
    threads: int = 2
    tile: int = 64
    rows: bool = True

    def apply(self, func: tirx.PrimFunc) -> tirx.PrimFunc:
        """Inline, nest, vectorise, parallelise."""
        return rules.apply(func, self.threads, self.tile, self.rows)


@dataclass(frozen=True)
class Tile(Strategy):
    """A register tile (:mod:`hpctc.lower.cpu.tile`); the fields are those of its ``Shape``."""

    name: ClassVar[str] = "tile"
    axis: int
    lanes: int
    vectors: int
    rows: tuple[int, ...]
    pack: bool = True
    panel_outer: bool = False
    parallel: int = 1

    @staticmethod
    def of(shape: Shape) -> "Tile":
        """The strategy that makes this tile."""
        return Tile(**asdict(shape))

    def apply(self, func: tirx.PrimFunc) -> tirx.PrimFunc:
        """Tile the contraction, schedule the rest by the rules."""
        return template.apply(func, Shape(**asdict(self)))


@dataclass(frozen=True)
class Trace(Strategy):
    """A MetaSchedule trace (:mod:`hpctc.lower.cpu.meta`) as JSON."""

    name: ClassVar[str] = "trace"
    json: str

    def apply(self, func: tirx.PrimFunc) -> tirx.PrimFunc:
        """Replay it."""
        return replay(func, self.json)


STRATEGIES = {
    "plain": "hpctc.lower.cpu.strategy:Plain",
    "trace": "hpctc.lower.cpu.strategy:Trace",
    "tile": "hpctc.lower.cpu.strategy:Tile",
    "rules": "hpctc.lower.cpu.strategy:Rules",
}


def read(text: str) -> Strategy:
    """The strategy that a schedule text names."""
    return load(STRATEGIES, text, "schedule", Strategy)  # type: ignore[type-abstract]
