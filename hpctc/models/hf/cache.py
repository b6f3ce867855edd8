"""Keys and values of many requests in one place, each row with a length of its own.

A pass writes the new tokens of each row behind what the row holds and lets attention see all rows
up to the longest; the mask hides what is not theirs. Built on transformers' cache classes: the
model calls :meth:`SlotLayer.update` as it would on any other cache.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

GROWTH = 256
"""Tokens by which rows grow, at least."""


@dataclass(frozen=True)
class Plan:
    """Where the tokens of one pass go."""

    rows: Tensor
    """``[batch]`` int64: the slot of each row of the pass."""
    places: Tensor
    """``[batch, length]`` int64: where each token's keys go; the last place is nobody's."""
    width: int
    """Places that attention looks at."""


class SlotLayer(CacheLayerMixin):  # type: ignore[misc]
    """One layer: keys and values as ``[slots, places + 1, heads, width of a head]``."""

    is_sliding = False

    def __init__(self, owner: "Slots") -> None:
        super().__init__()
        self.owner = owner

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Allocate what the first pass needs."""
        self.keys = self._empty(key_states)
        self.values = self._empty(value_states)
        self.is_initialized = True

    def _empty(self, like: Tensor) -> Tensor:
        _, heads, _, width = like.shape
        return like.new_zeros(self.owner.slots, self.owner.places + 1, heads, width)

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write ``[batch, heads, length, width]`` and give back all that the pass may look at."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        plan = self.owner.plan
        assert plan is not None
        made = []
        for held, new in ((self.keys, key_states), (self.values, value_states)):
            held[plan.rows[:, None], plan.places] = new.transpose(1, 2)
            made.append(self.owner.seen(held).transpose(1, 2))
        return made[0], made[1]

    def move(self, slot: int, start: int, sources: Tensor) -> None:
        """Put what lies at ``sources`` of a slot at ``start`` and behind."""
        if not self.is_initialized:
            return
        for held in (self.keys, self.values):
            held[slot, start : start + len(sources)] = held[slot, sources]

    def copy(self, source: int, target: int, count: int) -> None:
        """Copy the first places of one slot to another."""
        if not self.is_initialized:
            return
        for held in (self.keys, self.values):
            held[target, :count] = held[source, :count]

    def resize(self) -> None:
        """Take over the owner's slots and places; what is held stays."""
        if not self.is_initialized:
            return
        for name in ("keys", "values"):
            held = getattr(self, name)
            slots, places = min(held.shape[0], self.owner.slots), held.shape[1] - 1
            made = held.new_zeros(self.owner.slots, self.owner.places + 1, *held.shape[2:])
            made[:slots, :places] = held[:slots, :places]
            setattr(self, name, made)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Asked by models that make their own mask; ours is given."""
        return self.owner.plan.width if self.owner.plan else query_length, 0

    def get_seq_length(self) -> int:
        """Rows differ; positions are given to the model outright."""
        return 0

    def get_max_length(self) -> int:
        """It grows."""
        return -1


class Slots(Cache):  # type: ignore[misc]
    """The cache of all layers."""

    def __init__(self, layers: int) -> None:
        self.slots = 0
        self.places = 0
        self.plan: Plan | None = None
        self._all = False
        super().__init__(layers=[SlotLayer(self) for _ in range(layers)])

    def reserve(self, slots: int, places: int) -> None:
        """Have at least so many rows and so many places in each."""
        if slots <= self.slots and places <= self.places:
            return
        self.slots = max(slots, self.slots)
        if places > self.places:
            self.places = max(places, self.places + self.places // 2, self.places + GROWTH)
        for layer in self.layers:
            layer.resize()

    def begin(self, plan: Plan) -> None:
        """Set where the next pass writes."""
        self.plan = plan
        count = len(plan.rows)
        first = int(plan.rows[0])
        run = torch.arange(first, first + count, device=plan.rows.device)
        self._all = bool((plan.rows == run).all())

    def seen(self, held: Tensor) -> Tensor:
        """The rows of the pass: a view where they are neighbours, else a copy."""
        assert self.plan is not None
        rows = self.plan.rows
        if self._all:
            first = int(rows[0])
            return held[first : first + len(rows), : self.plan.width]
        return held[rows, : self.plan.width]


__all__ = ["Plan", "Slots"]
