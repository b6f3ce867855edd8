"""A library in its child, with the shared memory through which it is given inputs and read."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from hpctc.core.records import Pair
from hpctc.native.call import Array
from hpctc.native.evict import evict
from hpctc.sandbox.arena import Arena, Flush
from hpctc.sandbox.process import Called, Candidate, Ended, Setup


class Seat:
    """One side of a comparison; leaving the ``with`` ends the child and frees the memory."""

    def __init__(self, setup: Setup, library: Path, pair: Pair, flush: Flush = "end") -> None:
        """Load ``library`` for the arguments of ``pair``; ``flush``: see :class:`Arena`."""
        self._setup, self._library, self._pair, self._flush = setup, library, pair, flush
        self._scratch = library.parent
        self._open()

    def _open(self) -> None:
        with ExitStack() as opened:
            self._inputs = opened.enter_context(Arena(self._pair.inputs, False, self._flush))
            self.outputs = opened.enter_context(Arena(self._pair.outputs, True, self._flush))
            self.child = opened.enter_context(
                Candidate(self._setup, self._library, self._pair.entry, self._inputs, self.outputs)
            )
            self._opened = opened.pop_all()

    def restart(self) -> None:
        """End the child and start another one, in memory of its own."""
        self._opened.close()
        self._open()

    def call(self, values: Sequence[Array], turn: int, cold: bool = False) -> Called | Ended:
        """One call on these inputs; the outputs are poisoned first, by ``turn``.

        ``cold``: when it begins, no cache holds any of the arrays.
        """
        self._inputs.store(values)
        self.outputs.poison(turn)
        if cold:
            for arena in (self._inputs, self.outputs):
                evict(arena.pages, self._scratch)
        return self.child.call()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()
