"""The tuning database: what was measured once is not measured again.

One JSON line a result, appended and flushed, so that a killed run loses nothing. A function is
known by two hashes of its text with all names made neutral: ``function`` with its shapes,
``family`` without. The same function on the same host is an answer; the same family is a good
first guess.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tvm import tirx

from hpctc.core.jsonl import Appender
from hpctc.core.records import Record

_WORDS = re.compile(r"(?<![\w.\"])[A-Za-z_]\w*")
_KEPT = frozenset({"T", "for", "in", "with", "def", "range", "and", "or", "not", "True", "False"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned(Record):
    """The best schedule of one function that a search found on one kind of host."""

    KEY: ClassVar[tuple[str, ...]] = ("function", "host", "threads", "schedule", "trials")
    function: str
    family: str
    host: str
    """Signature of the CPU."""
    threads: int
    schedule: str
    """The text from which the schedule is made again."""
    ns: float | None
    """Nanoseconds per call when it was measured; None where the comparison was out of time."""
    trials: int
    """Candidates the search could measure; a longer search does not take a shorter one's word."""


class Database:
    """A file of :class:`Tuned` records; opening a corrupt one is a ``CorruptRecord`` error."""

    def __init__(self, path: Path) -> None:
        """Open or make the file and read what is in it."""
        self._file: Appender[Tuned] = Appender(path, Tuned)

    def find(self, func: tirx.PrimFunc, host: str, threads: int, trials: int) -> Tuned | None:
        """The last result for exactly this function, host and thread count, if thorough enough."""
        wanted = (keys(func)[0], host, threads)
        for record in reversed(self._file.records):
            if (record.function, record.host, record.threads) == wanted:
                return record if record.trials >= trials else None
        return None

    def relatives(self, func: tirx.PrimFunc, host: str, threads: int) -> list[str]:
        """Schedules of functions that differ in their shapes only, newest first."""
        wanted = (keys(func)[1], host, threads)
        found = [
            r.schedule
            for r in reversed(self._file.records)
            if (r.family, r.host, r.threads) == wanted
        ]
        return list(dict.fromkeys(found))

    def add(self, record: Tuned) -> None:
        """Append a result."""
        self._file.add(record)

    def close(self) -> None:
        """Close the file."""
        self._file.__exit__(None, None, None)


def keys(func: tirx.PrimFunc) -> tuple[str, str]:
    """Hashes of a function with and without its shapes; names do not count."""
    names: dict[str, str] = {}

    def neutral(found: re.Match[str]) -> str:
        word = found[0]
        return word if word in _KEPT else names.setdefault(word, f"n{len(names)}")

    text = func.script(show_meta=False)
    text = re.sub(r'"[^"]*"', lambda m: m[0] if m[0].strip('"') in _DTYPES else '""', text)
    text = _WORDS.sub(neutral, re.sub(r"#.*", "", text))
    return _hash(text), _hash(re.sub(r"\b\d+\b", "#", text))


_DTYPES = frozenset({"float32", "float16", "float64", "int32", "int64", "int8", "bool", "uint8"})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
