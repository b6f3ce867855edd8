"""A transformers causal LM as a decoding target: trees of many requests in one pass.

What each request has computed is kept in a slot. The next pass finds out by the settled tokens how
much of it still holds: the accepted path of the last tree is moved behind the settled part, the
rest is forgotten. A new request takes over the longest prefix that any slot holds, so a shared
prompt is computed once.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from hpctc.decode.base import ROOT, Ask, Draft, Key
from hpctc.decode.cost import Learned
from hpctc.models.hf.cache import Plan, Slots
from hpctc.models.hf.linear import products

ALONE = 48
"""New tokens from which a request gets a pass of its own: it would pad all the others."""

SHARED = 16
"""A common prefix of fewer tokens is computed again."""

ASSUMED = {"cpu": 0.05, "cuda": 0.001}
"""The share of a pass that a token more costs, by device, as long as nothing was measured."""


@dataclass
class _Slot:
    """What one row of the cache holds."""

    number: int
    tokens: list[int] = field(default_factory=list)
    """Settled tokens whose keys lie in the first places."""
    tree: Draft = field(default_factory=Draft)
    """The last draft; its nodes lie behind them."""
    used: int = 0
    """When it was used last."""


@dataclass(frozen=True)
class _Row:
    """One request's part of a pass."""

    slot: _Slot
    start: int
    """Places that are filled already."""
    pending: Sequence[int]
    """Settled tokens that are not in the cache yet; the last one is the root of the draft."""
    draft: Draft

    @property
    def length(self) -> int:
        return len(self.pending) + len(self.draft)


class Transformer:
    """See :class:`hpctc.decode.base.Target`."""

    def __init__(self, model: Any, share: bool = True) -> None:
        """``share``: whether a new request takes over what another has computed."""
        self.model = model.eval()
        self.share = share
        self.vocab = int(model.config.get_text_config().vocab_size)
        self.context = int(getattr(model.config, "max_position_embeddings", 0)) or None
        """Positions that the model knows; None: it does not say."""
        self.bytes = _token_bytes(model)
        """What keys and values of one token take."""
        self.passes = 0
        """Forward passes."""
        self.computed = 0
        """Tokens that went through the model, padding left out."""
        self.cost = Learned(ASSUMED.get(self.model.device.type, ASSUMED["cuda"]))
        self._cache = Slots(model.config.get_text_config().num_hidden_layers)
        self._open: dict[Key, _Slot] = {}
        self._slots: list[_Slot] = []
        self._clock = 0

    @torch.inference_mode()
    def score(self, asks: Sequence[Ask]) -> list[Tensor]:
        """See :meth:`hpctc.decode.base.Target.score`."""
        self._clock += 1
        results: dict[int, Tensor] = {}
        together: list[tuple[int, _Row]] = []
        for number, ask in enumerate(asks):
            row = self._row(ask)
            if row.length >= ALONE:
                (results[number],) = self._pass([row])
            else:
                together.append((number, row))
        if together:
            scored = self._pass([row for _, row in together])
            results |= {n: logits for (n, _), logits in zip(together, scored, strict=True)}
        return [results[n] for n in range(len(asks))]

    def close(self, key: Key) -> None:
        """The slot is free; what it holds may still serve as another request's prefix."""
        self._open.pop(key, None)

    # --- slots ---

    def _row(self, ask: Ask) -> _Row:
        slot = self._open.get(ask.key)
        if slot is None:
            slot = self._open[ask.key] = self._taken(ask.settled)
        else:
            self._settle(slot, ask.settled)
        slot.used = self._clock
        start = len(slot.tokens)
        self._cache.reserve(len(self._slots), len(ask.settled) + len(ask.draft))
        return _Row(slot, start, ask.settled[start:], ask.draft)

    def _settle(self, slot: _Slot, settled: Sequence[int]) -> None:
        """Keep what the settled tokens confirm; at least the last of them is computed again."""
        kept = _common(slot.tokens, settled)
        most = len(settled) - 1
        if kept == len(slot.tokens):
            children: dict[tuple[int, int], int] = {}
            for node in reversed(range(len(slot.tree))):
                children[slot.tree.parents[node], slot.tree.tokens[node]] = node
            node, path = ROOT, []
            for token in settled[kept:most]:
                if (found := children.get((node, token))) is None:
                    break
                node = found
                path.append(kept + node)
            if path:
                sources = torch.tensor(path, device=self.model.device)
                for layer in self._cache.layers:
                    layer.move(slot.number, kept, sources)
                kept += len(path)
        slot.tokens = list(settled[: min(kept, most)])
        slot.tree = Draft()

    def _taken(self, settled: Sequence[int]) -> _Slot:
        """A free slot that holds as much of the text as any slot does."""
        held = self._slots if self.share else []
        best = max(held, key=lambda s: _common(s.tokens, settled), default=None)
        shared = min(_common(best.tokens, settled), len(settled) - 1) if best else 0
        if best is None or shared < SHARED:
            best, shared = None, 0
        busy = {id(s) for s in self._open.values()}
        free = [s for s in self._slots if id(s) not in busy]
        if best is not None and id(best) not in busy and len(best.tokens) - shared < SHARED:
            slot = best  # nothing is lost by going on in it
        elif free:
            slot = min(free, key=lambda s: (_common(s.tokens, settled), s.used))
        else:
            slot = _Slot(len(self._slots))
            self._slots.append(slot)
            self._cache.reserve(len(self._slots), 0)
        if best is not None and slot is not best:
            for layer in self._cache.layers:
                layer.copy(best.number, slot.number, shared)
        slot.tokens, slot.tree = list(settled[:shared]), Draft()
        return slot

    # --- the pass ---

    def _pass(self, rows: Sequence[_Row]) -> list[Tensor]:
        """One forward pass; rows are padded on the left, so that the wanted logits come last."""
        began = time.perf_counter()
        length = max(row.length for row in rows)
        wanted = max(len(row.draft) for row in rows) + 1
        width = max(row.start + row.length for row in rows)
        device = self.model.device
        ids = torch.zeros(len(rows), length, dtype=torch.long)
        positions = torch.zeros(len(rows), length, dtype=torch.long)
        places = torch.full((len(rows), length), self._cache.places, dtype=torch.long)
        sees = torch.zeros(len(rows), length, width, dtype=torch.bool)
        for i, row in enumerate(rows):
            first = length - row.length
            ids[i, first:] = torch.tensor([*row.pending, *row.draft.tokens])
            places[i, first:] = torch.arange(row.start, row.start + row.length)
            positions[i, first:], sees[i, first:, : row.start + row.length] = _geometry(row)
            sees[i, :first, 0] = True  # padding must see something, or softmax gives NaN
        mask = torch.zeros(sees.shape, dtype=self.model.dtype)
        mask.masked_fill_(~sees, torch.finfo(self.model.dtype).min)
        numbers = torch.tensor([row.slot.number for row in rows], device=device)
        self._cache.begin(Plan(numbers, places.to(device), width))
        with products(self.model):
            out = self.model(
                input_ids=ids.to(device),
                attention_mask=mask[:, None].to(device),
                position_ids=positions.to(device),
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=wanted,
            )
        self.passes += 1
        self.computed += sum(row.length for row in rows)
        for row in rows:  # only now may another request take over what this one holds
            row.slot.tokens = [*row.slot.tokens, *row.pending]
            row.slot.tree = row.draft
        logits = out.logits.float().cpu()
        self.cost.saw(len(rows) * length, time.perf_counter() - began)
        return [logits[i, wanted - 1 - len(row.draft) :] for i, row in enumerate(rows)]


def _geometry(row: _Row) -> tuple[Tensor, Tensor]:
    """Positions ``[length]`` of a row's new tokens, and what each sees: ``[length, places]``."""
    count, nodes = len(row.pending), len(row.draft)
    settled = row.start + count
    positions = torch.arange(row.start, settled)
    sees = torch.zeros(count + nodes, settled + nodes, dtype=torch.bool)
    sees[:count, :settled] = torch.ones(count, settled, dtype=torch.bool).tril(row.start)
    if nodes:
        depths = torch.tensor(row.draft.depths)
        positions = torch.cat([positions, settled - 1 + depths])
        sees[count:, :settled] = True
        for node, parent in enumerate(row.draft.parents):
            if parent != ROOT:
                sees[count + node, settled:] = sees[count + parent, settled:]
            sees[count + node, settled + node] = True
    return positions, sees


def _token_bytes(model: Any) -> int:
    """Keys and values of all layers."""
    known = model.config.get_text_config()
    heads = getattr(known, "num_key_value_heads", None) or known.num_attention_heads
    width = getattr(known, "head_dim", None) or known.hidden_size // known.num_attention_heads
    return int(2 * known.num_hidden_layers * heads * width * model.dtype.itemsize)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the common prefix."""
    least = min(len(one), len(other))
    if list(one[:least]) == list(other[:least]):
        return least
    return next(i for i in range(least) if one[i] != other[i])


__all__ = ["Transformer"]
