"""An OpenAI-compatible server as a model: vLLM, SGLang, llama.cpp, or a hosted one.

Requests run side by side, answers come in the order of the prompts. What a server does wrong in one
request (no answer in time, a broken stream, junk, too long a prompt) is that answer's reason, and
the run goes on; what is wrong with every request (no server, no such key or model) ends it, and the
same command goes on later.
"""

import asyncio
import json
import os
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import httpx2 as httpx

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Answer, Prompt, Task, Usage
from hpctc.models.base import Model, Sampling

LARGEST = 16 << 20
"""Bytes of a reply; more is not read."""

BACKOFF = 0.5, 60.0
"""Seconds before the first repetition, and the most before any."""

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""States of a server that may pass."""

CONFIGURATION = {
    401: "the server wants another key",
    403: "the key may not do this",
    404: "the server has no such address or model",
}
"""States that no repetition changes."""

Api = Literal["chat", "completions"]


class _Failed(Exception):
    """One request came to nothing; the words are the answer's reason."""


class _Busy(Exception):
    """The server may answer later; ``wait`` is what it asks for, in seconds."""

    def __init__(self, words: str, wait: float | None = None, gone: bool = False) -> None:
        super().__init__(words)
        self.wait = wait
        self.gone = gone
        """Whether there is no server at all, so that asking for the other answers is no use."""


@dataclass(frozen=True)
class Http(Model):
    """``POST url/chat/completions`` (or ``/completions``) for every sample."""

    name: ClassVar[str] = "http"
    about: ClassVar[str] = "an OpenAI-compatible server: vLLM, SGLang, llama.cpp, hosted"
    example: ClassVar[str] = "http://localhost:8000/v1#qwen2.5-coder"
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
        self, prompts: Iterable[Prompt], tasks: Mapping[str, Task], sampling: Sampling
    ) -> Iterator[Answer]:
        """One request a sample; sample ``n`` is drawn with seed ``seed + n``."""
        client = httpx.AsyncClient(base_url=self._base(), headers=self._headers(), timeout=None)
        line = _Line(client, asyncio.Semaphore(self.concurrency), _Pace(self.per_minute))
        work = (
            self._answered(line, prompt, sample, sampling)
            for prompt in prompts
            for sample in range(sampling.samples)
        )
        yield from _in_order(work, 2 * self.concurrency, client.aclose)

    def _base(self) -> str:
        if not self.url.startswith(("http://", "https://")):
            raise UsageError(f"{self.url!r} is no address", "write http://localhost:8000/v1#MODEL")
        return self.url.rstrip("/") + "/"

    def _headers(self) -> dict[str, str]:
        key = os.environ.get(self.key, "")
        return {"Authorization": f"Bearer {key}"} if key else {}

    async def _answered(
        self, line: "_Line", prompt: Prompt, sample: int, sampling: Sampling
    ) -> Answer:
        text, reason, usage = None, "", None
        async with line.places:
            began = time.monotonic()
            try:
                text, usage = await self._text(line, self._body(prompt, sample, sampling))
            except _Failed as problem:
                reason = str(problem)
            seconds = time.monotonic() - began
        return Answer.make(
            of=prompt.id,
            model=str(self),
            sample=sample,
            text=text,
            reason=reason,
            seconds=seconds,
            usage=usage,
        )

    def _body(self, prompt: Prompt, sample: int, sampling: Sampling) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "temperature": sampling.temperature,
            "seed": sampling.seed + sample,
            "max_tokens": self.most_tokens,
        }
        if self.api == "chat":
            return {**body, "messages": [{"role": "user", "content": prompt.text}]}
        return {**body, "prompt": prompt.text}

    async def _text(self, line: "_Line", body: Mapping[str, Any]) -> tuple[str, Usage | None]:
        """Ask until the server answers or the retries are spent."""
        for turn in range(self.retries + 1):
            await line.pace.wait()
            try:
                return self._read(await _post(line.client, self._path(), body, self.timeout))
            except _Busy as problem:
                if turn < self.retries:
                    await asyncio.sleep(_pause(turn, problem.wait))
                    continue
                words = f"{problem}, {self.retries + 1} times"
                if problem.gone:
                    raise HpctcError(words, "start the server; what was answered is kept") from None
                raise _Failed(words) from None
        raise AssertionError

    def _path(self) -> str:
        return "chat/completions" if self.api == "chat" else "completions"

    def _read(self, reply: bytes) -> tuple[str, Usage | None]:
        try:
            said = json.loads(reply)
            choice = said["choices"][0]
            text = choice["message"]["content"] if self.api == "chat" else choice["text"]
            if not isinstance(text, str):
                raise TypeError(f"the content is {text!r}")
        except (ValueError, KeyError, IndexError, TypeError) as problem:
            shown = reply[:200].decode(errors="replace")
            raise _Failed(f"the reply is no completion ({problem!r}): {shown}") from None
        return text, self._usage(said.get("usage"))

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
    places: asyncio.Semaphore
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


async def _post(
    client: httpx.AsyncClient, path: str, body: Mapping[str, Any], seconds: float
) -> bytes:
    """The whole reply to one request, within a time and a size."""
    try:
        async with asyncio.timeout(seconds), client.stream("POST", path, json=body) as reply:
            parts, size = [], 0
            async for part in reply.aiter_bytes():
                size += len(part)
                if size > LARGEST:
                    raise _Failed(f"the reply has more than {LARGEST:,} bytes")
                parts.append(part)
            return _judged(reply, b"".join(parts), path)
    except TimeoutError:
        raise _Failed(f"no whole reply within {seconds:g} s") from None
    except httpx.ConnectError as problem:
        raise _Busy(f"cannot connect to {client.base_url}: {problem}", gone=True) from None
    except httpx.TransportError as problem:
        raise _Busy(f"the connection broke: {problem or type(problem).__name__}") from None


def _judged(reply: httpx.Response, body: bytes, path: str) -> bytes:
    status = reply.status_code
    words = f"{status} from {path}: {_message(body)}"
    if status in CONFIGURATION:
        raise HpctcError(words, CONFIGURATION[status])
    if status in AGAIN:
        raise _Busy(words, _retry_after(reply))
    if status != 200:
        raise _Failed(words)
    return body


def _message(body: bytes) -> str:
    """What an error's body says."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)[:300]
    except (ValueError, KeyError, TypeError):
        return body[:300].decode(errors="replace")


def _retry_after(reply: httpx.Response) -> float | None:
    try:
        return float(reply.headers.get("retry-after", ""))
    except ValueError:
        return None


def _pause(turn: int, wanted: float | None) -> float:
    """Seconds before the next try: what the server says, or doubled each time, with jitter."""
    first, most = BACKOFF
    if wanted is not None:
        return min(max(wanted, 0.0), most)
    doubled: float = first * 2**turn
    return min(doubled, most) * random.uniform(0.5, 1.0)


def _in_order(
    work: Iterator[Coroutine[Any, Any, Answer]],
    ahead: int,
    close: Callable[[], Coroutine[Any, Any, None]],
) -> Iterator[Answer]:
    """Results in the order of the work, of which at most ``ahead`` pieces have been begun.

    When the reader stops or a piece raises, what is under way is cancelled.
    """
    loop = asyncio.new_event_loop()
    pending: deque[asyncio.Task[Answer]] = deque()
    try:
        for piece in work:
            pending.append(loop.create_task(piece))
            if len(pending) >= ahead:
                yield loop.run_until_complete(pending[0])
                pending.popleft()
        while pending:
            yield loop.run_until_complete(pending[0])
            pending.popleft()
    finally:
        for task in pending:
            task.cancel()

        async def end() -> None:
            await asyncio.gather(*pending, return_exceptions=True)
            await close()

        loop.run_until_complete(end())
        loop.close()


__all__ = ["Http"]
