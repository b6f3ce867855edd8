"""One request to a server and its reply, within a time and a size; what went wrong, in words.

A reply comes whole, or as server-sent events (WHATWG HTML, 9.2) whose data is handed on at once.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2 as httpx

from hpctc.core.errors import HpctcError

LARGEST = 16 << 20
"""Bytes of a reply; more is not read."""

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""States of a server that may pass."""

CONFIGURATION = {
    401: "the server wants another key",
    403: "the key may not do this",
    404: "the server has no such address or model",
}
"""States that no repetition changes."""


class Failed(Exception):
    """One request came to nothing; the words are the answer's reason."""


class Busy(Exception):
    """The server may answer later; ``wait`` is what it asks for, in seconds."""

    def __init__(self, words: str, wait: float | None = None, gone: bool = False) -> None:
        super().__init__(words)
        self.wait = wait
        self.gone = gone
        """Whether there is no server at all, so that asking for the other answers is no use."""


async def post(
    client: httpx.AsyncClient,
    path: str,
    body: Mapping[str, Any],
    seconds: float,
    event: Callable[[str], None] | None = None,
) -> bytes:
    """The whole reply to one request; empty where it came as events, each given to ``event``."""
    try:
        async with asyncio.timeout(seconds), client.stream("POST", path, json=body) as reply:
            kind = reply.headers.get("content-type", "")
            if event is not None and reply.status_code == 200 and "text/event-stream" in kind:
                await _events(reply, event)
                return b""
            parts, size = [], 0
            async for part in reply.aiter_bytes():
                size = _grown(size, len(part))
                parts.append(part)
            return _judged(reply, b"".join(parts), path)
    except TimeoutError:
        raise Failed(f"no whole reply within {seconds:g} s") from None
    except httpx.ConnectError as problem:
        raise Busy(f"cannot connect to {client.base_url}: {problem}", gone=True) from None
    except httpx.TransportError as problem:
        raise Busy(f"the connection broke: {problem or type(problem).__name__}") from None


async def _events(reply: httpx.Response, event: Callable[[str], None]) -> None:
    """Hand on the ``data`` of every event; servers of completions put each on one line."""
    size = 0
    async for line in reply.aiter_lines():
        size = _grown(size, len(line) + 1)
        if line.startswith("data:"):
            event(line.removeprefix("data:").strip())


def _grown(size: int, more: int) -> int:
    if size + more > LARGEST:
        raise Failed(f"the reply has more than {LARGEST:,} bytes")
    return size + more


def _judged(reply: httpx.Response, body: bytes, path: str) -> bytes:
    status = reply.status_code
    words = f"{status} from {path}: {_message(body)}"
    if status in CONFIGURATION:
        raise HpctcError(words, CONFIGURATION[status])
    if status in AGAIN:
        raise Busy(words, _retry_after(reply))
    if status != 200:
        raise Failed(words)
    return body


def _message(body: bytes) -> str:
    """What an error's body says."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)[:300]
    except (ValueError, KeyError, TypeError):
        return body[:300].decode(errors="replace")


def _retry_after(reply: httpx.Response) -> float | None:
    """Seconds, as ``Retry-After`` gives them or as they are left until the date that it gives."""
    told = reply.headers.get("retry-after", "")
    try:
        return float(told)
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None


__all__ = ["Busy", "Failed", "post"]
