"""What an OpenAI-compatible server says, whole or in pieces."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from hpctc.models.wire import Failed

Api = Literal["chat", "completions"]


@dataclass(frozen=True, slots=True)
class Said:
    """A completion."""

    text: str | None
    usage: object = None
    """As the server counts; None: it does not."""
    cut: str = ""
    """Why the text ends before its end; empty: it does not."""


def read(reply: bytes, api: Api) -> Said:
    """A reply that came whole; one that is no completion is a :class:`Failed`."""
    try:
        told = json.loads(reply)
        choice = told["choices"][0]
        text = choice["message"]["content"] if api == "chat" else choice["text"]
        if not isinstance(text, str):
            raise TypeError(f"the content is {text!r}")
        return Said(text, told.get("usage"), _cut(choice, told.get("usage")))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
        raise _junk("the reply is no completion", problem, reply[:200]) from None


class Pieces:
    """A completion that comes as events: each is heard at once, all are put together."""

    def __init__(self, api: Api, listen: Callable[[str], None]) -> None:
        self.count = 0
        """Characters so far."""
        self._chat = api == "chat"
        self._listen = listen
        self._parts: list[str] = []
        self._usage: object = None
        self._last: dict[str, Any] | None = None
        self._ended = False

    def add(self, data: str) -> None:
        """Take the data of one event: a chunk as JSON, or ``[DONE]``."""
        if data == "[DONE]":
            self._ended = True
            return
        try:
            told = json.loads(data)
            if "error" in told:
                error = told["error"]
                raise Failed(str(error["message"] if isinstance(error, dict) else error)[:300])
            self._usage = told.get("usage") or self._usage
            for choice in told["choices"][:1]:  # none in the chunk that only counts
                self._take(choice)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise _junk("an event is no completion", problem, data[:200].encode()) from None

    def _take(self, choice: dict[str, Any]) -> None:
        piece = choice["delta"].get("content") if self._chat else choice["text"]
        if piece:
            self._parts.append(piece)
            self.count += len(piece)
            self._listen(piece)
        if choice.get("finish_reason"):
            self._last = choice

    def whole(self) -> Said:
        """What was said; a stream that ended without saying so is a :class:`Failed`."""
        if not (self._ended or self._last):
            raise Failed(f"the stream ended after {self.count:,} characters, in the middle")
        return Said("".join(self._parts), self._usage, _cut(self._last or {}, self._usage))


def _cut(choice: dict[str, Any], usage: object) -> str:
    if choice.get("finish_reason") != "length":
        return ""
    count = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return f"cut off after {count:,} tokens" if isinstance(count, int) else "cut off for its length"


def _junk(what: str, problem: Exception, shown: bytes) -> Failed:
    return Failed(f"{what} ({problem!r}): {shown.decode(errors='replace')}")


__all__ = ["Api", "Pieces", "Said", "read"]
