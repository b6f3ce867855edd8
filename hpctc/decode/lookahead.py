"""Lookahead decoding: n-grams from a Jacobi window, verified in the same pass (Fu et al., 2024).

The window has ``ngram - 1`` levels of ``window`` columns. In each pass every column of the last
level guesses one token more; the columns read downwards are n-grams, which go to a pool by their
first token. N-grams of the pool that begin with the last settled token are the draft. Window and
guesses are one tree: level 0 is a chain, each later level hangs off the one above (its mask is
causal along level 0 and diagonal below), and all of the window are probes, so that nothing of it is
accepted.

The window costs arithmetic in every pass. Where a device has none to spare (a CPU in float32) it is
turned off and the pool is left: n-grams of the prompt and of the text so far.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from hpctc.decode.base import ROOT, Draft, Drafter, Key, State, Step, Strategy, Target
from hpctc.decode.chances import Chances
from hpctc.decode.trees import expected, worth

WIDTH = 5
"""Columns of a window that nobody asked for by number."""

FRESH, STALE = (0.3, 0.6, 0.7), (0.08, 0.5, 0.6)
"""Believed at first of the first, second and further tokens of the latest n-gram and of others."""

HOPED, PATIENCE = 0.5, 16
"""Tokens a pass that a window is believed to bring at first, and for how many passes."""


@dataclass(frozen=True)
class Lookahead(Strategy):
    """``window=0`` leaves the pool alone; no number: a window where it earns its place."""

    name: ClassVar[str] = "lookahead"
    about: ClassVar[str] = "n-grams from a Jacobi window and the text, verified in the same pass"
    window: int | None = None
    ngram: int = 4
    """Tokens of an n-gram, the one that it is found by included."""
    guesses: int = 5

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """One window and one pool a request."""
        return _Lookahead(self, target)


@dataclass
class _Window:
    pool: dict[int, OrderedDict[tuple[int, ...], bool]] = field(default_factory=dict)
    """First token -> the rest of its n-grams, the latest last -> whether a window found it."""
    levels: list[list[int]] = field(default_factory=list)
    """Tokens of each level; a level of the window is as long as the one above."""
    read: int = 0
    guessed: frozenset[tuple[int, ...]] = frozenset()
    """Beginnings of n-grams in the last draft that a window found."""


class _Lookahead:
    def __init__(self, how: Lookahead, target: Target) -> None:
        self.how = how
        self.cost = target.cost
        self.chances = Chances(FRESH + STALE)
        self.width = WIDTH if how.window is None else how.window
        self._brought, self._passes = HOPED * PATIENCE, float(PATIENCE)
        self._windows: dict[Key, _Window] = {}

    def propose(self, states: Sequence[State]) -> list[Draft]:
        return [self._propose(state, len(states)) for state in states]

    def _propose(self, state: State, rows: int) -> Draft:
        here = self._windows.setdefault(state.request.key, _Window())
        self._learn_text(here, state)
        guesses = worth(self._guesses(here, state), self.cost, rows)
        if not self._pays(guesses, rows):
            here.levels = []
            return guesses
        if not here.levels:
            # Copies of the prompt's end: the paper starts with random tokens of the prompt.
            source = state.settled[-self.width :]
            here.levels = [(source * self.width)[: self.width]]
        return self._joined(here.levels, guesses)

    def _pays(self, guesses: Draft, rows: int) -> bool:
        """Whether a window brings more tokens than its time would without it."""
        if self.how.window is not None:
            return self.how.window > 0
        window = self.width * (self.how.ngram - 1)
        plain = self.cost.seconds(rows * (1 + len(guesses)))
        more = self.cost.seconds(rows * (1 + len(guesses) + window)) - plain
        return self._brought / self._passes * plain > more * (1 + expected(guesses))

    def _joined(self, levels: list[list[int]], guesses: Draft) -> Draft:
        """The window, level by level, and behind it the guesses."""
        tokens: list[int] = []
        parents: list[int] = []
        above: list[int] = []
        for depth, level in enumerate(levels):
            row: list[int] = []
            for column, token in enumerate(level):
                along = row[-1] if row else ROOT
                row.append(len(tokens))
                tokens.append(token)
                parents.append(above[column] if depth else along)
            above = row
        size = len(tokens)
        return Draft(
            (*tokens, *guesses.tokens),
            (*parents, *(p if p == ROOT else p + size for p in guesses.parents)),
            frozenset(range(size)),
            (*(0.0,) * size, *guesses.chances),
            (self.how.name,) * (size + len(guesses)),
        )

    def _guesses(self, here: _Window, state: State) -> Draft:
        """The pool's n-grams as branches; what two of them share is one node."""
        tokens: list[int] = []
        parents: list[int] = []
        places: list[int] = []
        known: dict[tuple[int, ...], int] = {}
        found: set[tuple[int, ...]] = set()
        pool = list(here.pool.get(state.settled[-1], OrderedDict()).items())
        for rank, (ngram, ours) in enumerate(pool[-self.how.guesses :][::-1]):
            parent = ROOT
            for depth in range(1, min(len(ngram), state.room - 1) + 1):
                prefix = ngram[:depth]
                if prefix not in known:
                    known[prefix] = len(tokens)
                    tokens.append(ngram[depth - 1])
                    parents.append(parent)
                    places.append(len(FRESH) * min(rank, 1) + min(depth, len(FRESH)) - 1)
                    if ours:
                        found.add(prefix)
                parent = known[prefix]
        here.guessed = frozenset(found)
        key = state.request.key
        draft = Draft(
            tuple(tokens),
            tuple(parents),
            chances=tuple(self.chances.of(key, place) for place in places),
            sources=(self.how.name,) * len(tokens),
        )
        self.chances.proposed(key, draft, places)
        return draft

    def observe(self, state: State, step: Step) -> None:
        """Read the window's new level off the logits; move it on by what was settled."""
        here = self._windows[state.request.key]
        self.chances.learn(state.request.key, step.tokens)
        window = sorted(step.draft.probes)
        if not here.levels or len(window) != self.width * len(here.levels):
            return
        path = tuple(step.draft.tokens[n] for n in step.path)
        self._brought += sum(path[:d] in here.guessed for d in range(1, len(path) + 1))
        self._passes += 1
        made = [int(step.logits[node + 1].argmax()) for node in window[-self.width :]]
        if len(here.levels) < self.how.ngram - 1:
            here.levels.append(made)
            return
        for column in range(self.width):
            chain = [level[column] for level in here.levels] + [made[column]]
            self._add(here, chain[0], tuple(chain[1:]), True)
        here.levels = [*here.levels[1:], made]

    def _learn_text(self, here: _Window, state: State) -> None:
        """N-grams of the prompt and of the text so far."""
        n = self.how.ngram
        for end in range(max(here.read + 1, n), len(state.settled) + 1):
            gram = state.settled[end - n : end]
            self._add(here, gram[0], tuple(gram[1:]), False)
        here.read = len(state.settled)

    def _add(self, here: _Window, first: int, rest: tuple[int, ...], ours: bool) -> None:
        grams = here.pool.setdefault(first, OrderedDict())
        ours &= grams.pop(rest, True)
        grams[rest] = ours
        if len(grams) > 4 * self.how.guesses:
            grams.popitem(last=False)

    def close(self, key: Key) -> None:
        self._windows.pop(key, None)
        self.chances.close(key)
