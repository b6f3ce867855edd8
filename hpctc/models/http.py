"""An OpenAI-compatible server as a model: vLLM, SGLang, llama.cpp, or a hosted one.

Requests run side by side, and answers come as the server gives them. What a server does wrong in
one request (no answer in time, a broken stream, junk, too long a prompt) is that answer's reason,
and the run goes on; what is wrong with every request (no server, no such key or model) ends it, and
the same command goes on later.
"""

import asyncio
import os
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, ClassVar

import httpx2 as httpx

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Answer, Task, Usage
from hpctc.models import wire
from hpctc.models.base import Hear, Model, Question, Sampling, messages, transcript
from hpctc.models.completion import Api, Pieces, Said, read
from hpctc.models.wire import Busy, Failed

BACKOFF = 0.5, 60.0
"""Seconds before the first repetition, and the most before any."""


@dataclass(frozen=True)
class Http(Model):
    """``POST url/chat/completions`` (or ``/completions``) for every sample."""

    name: ClassVar[str] = "http"
    about: ClassVar[str] = "an OpenAI-compatible server: vLLM, SGLang, llama.cpp, hosted"
    example: ClassVar[str] = "http://localhost:8000/v1#qwen2.5-coder"
    converses: ClassVar[bool] = True
    url: str
    """Up to and with ``/v1``."""
    model: str
    api: Api = "chat"
    key: str = "OPENAI_API_KEY"
    """The environment variable that holds the key; it may be unset where no key is needed."""
    most_tokens: int = 4096
    concurrency: int = 8
    """Requests under way at once."""
    per_minute: float = 0.0
    """Requests started in a minute, at most; 0: no limit of ours."""
    timeout: float = 600.0
    """Seconds for one request, from its first byte to the last byte of the reply."""
    retries: int = 5
    price_in: float = 0.0
    """Dollars per million prompt tokens, for the cost of a solved kernel."""
    price_out: float = 0.0
    """Dollars per million completion tokens."""

    def answer(
        self,
        questions: Iterable[Question],
        tasks: Mapping[str, Task],
        sampling: Sampling,
        hear: Hear | None = None,
    ) -> Iterator[Answer]:
        """One request a question; sample ``n`` is drawn with seed ``seed + n``."""
        client = httpx.AsyncClient(base_url=self._base(), headers=self._headers(), timeout=None)
        line = _Line(client, _Pace(self.per_minute))
        work = (self._answered(line, asked, sampling, hear) for asked in questions)
        yield from _as_they_come(work, self.concurrency, client.aclose)

    def _base(self) -> str:
        if not self.url.startswith(("http://", "https://")):
            raise UsageError(f"{self.url!r} is no address", "write http://localhost:8000/v1#MODEL")
        return self.url.rstrip("/") + "/"

    def _headers(self) -> dict[str, str]:
        key = os.environ.get(self.key, "")
        return {"Authorization": f"Bearer {key}"} if key else {}

    async def _answered(
        self, line: "_Line", asked: Question, sampling: Sampling, hear: Hear | None
    ) -> Answer:
        said, reason = Said(None), ""
        listen = partial(hear, asked) if hear else None
        began = time.monotonic()
        try:
            said = await self._said(line, self._body(asked, sampling), listen)
        except Failed as problem:
            reason = str(problem)
        seconds = time.monotonic() - began
        return Answer.make(
            of=asked.prompt.id,
            model=str(self),
            sample=asked.sample,
            text=said.text,
            reason=reason or said.cut,
            seconds=seconds,
            usage=self._usage(said.usage),
        )

    def _body(self, asked: Question, sampling: Sampling) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "temperature": sampling.temperature,
            "seed": sampling.seed + asked.sample,
            "max_tokens": self.most_tokens,
        }
        if self.api == "chat":
            return {**body, "messages": messages(asked.prompt)}
        return {**body, "prompt": transcript(asked.prompt)}

    async def _said(
        self, line: "_Line", body: Mapping[str, Any], listen: Callable[[str], None] | None
    ) -> "Said":
        """Ask until the server answers or the retries are spent."""
        for turn in range(self.retries + 1):
            await line.pace.wait()
            try:
                return await self._reply(line.client, body, listen)
            except Busy as problem:
                if turn < self.retries:
                    await asyncio.sleep(_pause(turn, problem.wait))
                    continue
                words = f"{problem}, {self.retries + 1} times" if self.retries else str(problem)
                if problem.gone:
                    raise HpctcError(words, "start the server; what was answered is kept") from None
                raise Failed(words) from None
        raise AssertionError

    async def _reply(
        self,
        client: httpx.AsyncClient,
        body: Mapping[str, Any],
        listen: Callable[[str], None] | None,
    ) -> "Said":
        """One request; streamed where somebody listens."""
        if listen is None:
            return read(await wire.post(client, self._path(), body, self.timeout), self.api)
        pieces = Pieces(self.api, listen)
        more = {"stream": True, "stream_options": {"include_usage": True}}
        try:
            reply = await wire.post(
                client, self._path(), {**body, **more}, self.timeout, pieces.add
            )
        except Busy as problem:
            if pieces.count:  # what was heard cannot be taken back by asking again
                raise Failed(f"{problem}, after {pieces.count:,} characters") from None
            raise
        if reply:  # a server that does not stream
            said = read(reply, self.api)
            listen(said.text or "")
            return said
        return pieces.whole()

    def _path(self) -> str:
        return "chat/completions" if self.api == "chat" else "completions"

    def _usage(self, told: object) -> Usage | None:
        if not isinstance(told, dict):
            return None
        spent = told.get("prompt_tokens"), told.get("completion_tokens")
        if not isinstance(spent[0], int) or not isinstance(spent[1], int):
            return None
        cost = (spent[0] * self.price_in + spent[1] * self.price_out) / 1e6
        return Usage(prompt_tokens=spent[0], completion_tokens=spent[1], dollars=cost)


@dataclass(frozen=True)
class _Line:
    """What the requests of one run share."""

    client: httpx.AsyncClient
    pace: "_Pace"


class _Pace:
    """Lets so many pass in a minute, evenly."""

    def __init__(self, per_minute: float) -> None:
        self._gap = 60.0 / per_minute if per_minute > 0 else 0.0
        self._next = time.monotonic()

    async def wait(self) -> None:
        """Return when the next request may start."""
        now = time.monotonic()
        start = max(now, self._next)
        self._next = start + self._gap
        await asyncio.sleep(start - now)


def _pause(turn: int, wanted: float | None) -> float:
    """Seconds before the next try: what the server says, or doubled each time, with jitter."""
    first, most = BACKOFF
    if wanted is not None:
        return min(max(wanted, 0.0), most)
    doubled: float = first * 2**turn
    return min(doubled, most) * random.uniform(0.5, 1.0)


def _as_they_come(
    work: Iterator[Coroutine[Any, Any, Answer]],
    most: int,
    close: Callable[[], Coroutine[Any, Any, None]],
) -> Iterator[Answer]:
    """The results of the pieces of work, of which at most ``most`` are under way at once.

    When the reader stops or a piece raises, what is under way is cancelled.
    """
    loop = asyncio.new_event_loop()
    pending: set[asyncio.Task[Answer]] = set()
    try:
        while True:
            for piece in islice(work, most - len(pending)):
                pending.add(loop.create_task(piece))
            if not pending:
                return
            waiting = asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            done, pending = loop.run_until_complete(waiting)
            for task in sorted(done, key=lambda task: task.exception() is not None):
                yield task.result()  # what ends the run comes after what was answered
    finally:
        for task in pending:
            task.cancel()

        async def end() -> None:
            await asyncio.gather(*pending, return_exceptions=True)
            await close()

        loop.run_until_complete(end())
        loop.close()


__all__ = ["Http"]
