"""The loop: propose, score all requests in one pass, verify, learn; until every text has ended."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hpctc.decode.base import TARGET, Ask, Drafter, Request, State, Step, Target
from hpctc.decode.schedule import Memory
from hpctc.decode.verify import Choose, Constraint, greedy, verify


@dataclass
class Decoded:
    """A text and how it came about."""

    request: Request
    tokens: list[int] = field(default_factory=list)
    """New tokens, without the one that ended the text."""
    ended: bool = False
    """Whether the text came to its end; else the room was used up or a stop string was met."""
    passes: int = 0
    """Target passes that this request took part in, the prefill included."""
    proposed: int = 0
    """Draft tokens that were scored, probes left out."""
    spans: list[tuple[str, int]] = field(default_factory=list)
    """Who proposed the tokens, in order, as runs ``(source, count)``; see
    :data:`~hpctc.decode.base.TARGET`."""
    first_seconds: float = 0.0
    """From the start of its first pass to its first token."""
    seconds: float = 0.0
    """From the start of its first pass to its last token."""

    @property
    def sources(self) -> dict[str, int]:
        """Accepted tokens by who proposed them."""
        found: dict[str, int] = {}
        for source, count in self.spans:
            if source != TARGET:
                found[source] = found.get(source, 0) + count
        return found

    @property
    def accepted(self) -> int:
        """Tokens that were proposed and accepted."""
        return sum(self.sources.values())

    def add(self, token: int, source: str) -> None:
        """A token was settled."""
        self.tokens.append(token)
        before = self.spans[-1] if self.spans else (source, 0)
        if before[0] == source:
            self.spans[-1:] = [(source, before[1] + 1)]
        else:
            self.spans.append((source, 1))

    @property
    def acceptance_length(self) -> float:
        """Tokens settled a target pass."""
        return len(self.tokens) / self.passes if self.passes else 0.0


UNBOUND = Memory()


@dataclass(frozen=True)
class How:
    """What is common to the requests of one call."""

    batch: int = 8
    """Requests in one pass, at most."""
    memory: Memory = UNBOUND
    """What the requests of one pass may hold together."""
    choose: Callable[[Request], Choose] = lambda request: greedy
    constrain: Callable[[Request], Constraint | None] = lambda request: None
    stop: Callable[[Request, Sequence[int]], bool] = lambda request, tokens: False
    """Asked after every pass with all new tokens: has a stop string appeared?"""


@dataclass
class _Open:
    state: State
    made: Decoded
    choose: Choose
    constraint: Constraint | None
    began: float


def decode(
    target: Target, drafter: Drafter, requests: Iterable[Request], how: How | None = None
) -> Iterator[Decoded]:
    """Continue every request; each is given as soon as it is done.

    As many requests share a pass as ``how.batch`` and ``how.memory`` allow, in their order; a place
    that becomes free is taken by the next one at once. The text of a request does not depend on
    its neighbours in the batch (but for the rounding of the target's arithmetic).
    """
    how = how or How()
    waiting = iter(requests)
    request = next(waiting, None)
    running: list[_Open] = []
    try:
        while True:
            while request is not None and _fits(running, request, how):
                running.append(_opened(request, how))
                request = next(waiting, None)
            if not running:
                return
            for done in _step(target, drafter, running, how):
                running.remove(done)
                _close(target, drafter, done)
                yield done.made
    finally:
        for one in running:
            _close(target, drafter, one)


def _fits(running: Sequence[_Open], request: Request, how: How) -> bool:
    held = [one.state.request for one in running]
    return len(running) < how.batch and how.memory.fits(held, request)


def _opened(request: Request, how: How) -> _Open:
    if not request.prompt:
        raise ValueError(f"request {request.key} has no prompt")
    state = State(request, list(request.prompt))
    made = Decoded(request)
    return _Open(state, made, how.choose(request), how.constrain(request), time.perf_counter())


def _close(target: Target, drafter: Drafter, one: _Open) -> None:
    target.close(one.state.request.key)
    drafter.close(one.state.request.key)


def _step(target: Target, drafter: Drafter, running: Sequence[_Open], how: How) -> list[_Open]:
    """One target pass over all running requests; those that are done."""
    drafts = drafter.propose([one.state for one in running])
    asks = [
        Ask(one.state.request.key, one.state.settled, draft)
        for one, draft in zip(running, drafts, strict=True)
    ]
    rows = target.score(asks)
    done = []
    for one, draft, logits in zip(running, drafts, rows, strict=True):
        ends = one.state.request.ends
        step = verify(logits, draft, one.choose, one.constraint, ends)
        if _settle(one, step, how):
            done.append(one)
        else:
            drafter.observe(one.state, step)
    return done


def _settle(one: _Open, step: Step, how: How) -> bool:
    """Take over what a pass settled; whether the text is over."""
    made, request = one.made, one.state.request
    now = time.perf_counter()
    if made.passes == 0:
        made.first_seconds = now - one.began
    made.seconds = now - one.began
    made.passes += 1
    made.proposed += len(step.draft) - len(step.draft.probes)
    tokens = list(step.tokens)
    ended = tokens[-1] in request.ends
    if ended:
        tokens.pop()
    tokens = tokens[: one.state.room]
    sources = [*(step.draft.source(node) for node in step.path), TARGET]
    for token, source in zip(tokens, sources, strict=False):  # what was cut has no token
        made.add(token, source)
    one.state.settled += tokens
    made.ended = ended and len(tokens) == len(step.tokens) - 1
    return made.ended or one.state.room <= 0 or how.stop(request, made.tokens)


__all__ = ["Decoded", "How", "decode"]
