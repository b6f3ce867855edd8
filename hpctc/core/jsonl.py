"""Record files: one JSON object a line, append-safe, readable again after kill -9.

A process that dies in the middle of a write leaves at most one line without its newline at the end;
:class:`Appender` cuts it off when it opens the file, and :func:`read` ignores it. Any other damage
is a :class:`~hpctc.core.errors.CorruptRecord` that names the line.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from hpctc.core.codec import CodecError, decode, encode
from hpctc.core.errors import CorruptRecord, HpctcError
from hpctc.core.records import Record

R = TypeVar("R", bound=Record)


def dumps(record: Record) -> str:
    """The line of a record, without newline; field order is the class's."""
    return json.dumps(encode(record), ensure_ascii=False, allow_nan=False)


def read(path: Path, kind: type[R]) -> Iterator[R]:
    """The records of a file in order; a missing file is an error, a half last line is skipped."""
    try:
        handle = path.open("rb")
    except OSError as problem:
        raise HpctcError(f"cannot read {path}: {problem.strerror}") from None
    with handle:
        for number, line in enumerate(handle, 1):
            if line.endswith(b"\n"):
                yield _record(line, kind, path, number)


def write(path: Path, records: Iterable[Record]) -> None:
    """Write a whole file at once: it is either the old one or the new one, never half."""
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_text("".join(dumps(r) + "\n" for r in records), encoding="utf-8")
        draft.replace(path)
    except OSError as problem:
        raise HpctcError(f"cannot write {path}: {problem.strerror}") from None


class Appender(Generic[R]):
    """Adds records to a file, each flushed to the disk before the next; knows what is in it."""

    def __init__(self, path: Path, kind: type[R], *, keep: bool = True) -> None:
        """Open ``path`` for appending, cut a half last line, and load the records already there.

        Without ``keep`` only their ids stay in memory: for files that grow for hours.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = path.open("a+b", buffering=0)
            _cut_half_line(self._handle.fileno())
        except OSError as problem:
            raise HpctcError(f"cannot write {path}: {problem.strerror}") from None
        try:
            self.records: list[R] = list(read(path, kind)) if keep else []
            self.ids: set[str] = {r.id for r in (self.records if keep else read(path, kind))}
        except HpctcError:
            self._handle.close()
            raise
        self._keep = keep

    def add(self, record: R) -> R:
        """Append one record unless a record with its id is there; return it."""
        if record.id in self.ids:
            return record
        try:
            rest = memoryview(dumps(record).encode() + b"\n")
            while rest:  # unbuffered, so that close has nothing left to fail on
                rest = rest[self._handle.write(rest) :]
        except OSError as problem:
            raise HpctcError(
                f"cannot write {self.path}: {problem.strerror}",
                "make room and run the same command again: it continues where it stopped",
            ) from None
        if self._keep:
            self.records.append(record)
        self.ids.add(record.id)
        return record

    def close(self) -> None:
        """Close the file; what was added is on it already."""
        self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _record(line: bytes, kind: type[R], path: Path, number: int) -> R:
    try:
        return decode(kind, json.loads(line))
    except (ValueError, CodecError) as problem:
        raise CorruptRecord(
            f"{path}:{number} is not a {kind.__name__} record: {problem}",
            "restore the file, or delete that line to make the record again",
        ) from None


def _cut_half_line(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    end = size
    while end > 0:
        start = max(0, end - 65536)
        chunk = os.pread(descriptor, end - start, start)
        newline = chunk.rfind(b"\n")
        if newline >= 0:
            os.ftruncate(descriptor, start + newline + 1)
            return
        end = start
    os.ftruncate(descriptor, 0)
