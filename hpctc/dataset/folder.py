"""A dataset while it grows: a folder of JSONL files that survives kill -9 and goes on by itself.

======================  ============================================================================
``generate.json``       the settings that made the folder; another command is refused
``pairs.jsonl``         one :class:`~hpctc.core.records.Pair` a line, in the order of the work list
``failures.jsonl``      graphs that gave no pair, with stage and reason
``measurements.jsonl``  what varies from run to run: host, seconds, date; one line a pair
======================  ============================================================================

The first three are the same bytes for the same command, whatever the number of jobs and however
often the run was interrupted.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Self

from hpctc.core.codec import CodecError, decode, encode
from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.jsonl import Appender, R, read
from hpctc.core.records import Pair, Record

SCHEMA = 1
"""Version of the record layout; a release states it, and a reader refuses a later one."""

PAIRS = "pairs.jsonl"
FAILURES = "failures.jsonl"
MEASUREMENTS = "measurements.jsonl"
SETTINGS = "generate.json"

Stage = Literal["lower", "compile", "run", "compare", "admission", "cuda", "transpile"]
"""Where a graph was lost on its way to a pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Record):
    """A graph that gave no pair, and why."""

    KEY: ClassVar[tuple[str, ...]] = ("graph",)
    graph: str
    name: str
    source: str
    """As in :class:`~hpctc.core.records.Provenance`."""
    stage: Stage
    reason: str
    """A few words without figures, so that failures can be counted by it."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Record):
    """What is known of a pair's making that another run or host would not repeat."""

    KEY: ClassVar[tuple[str, ...]] = ("of",)
    of: str
    """The pair's id."""
    date: str
    """UTC, ISO 8601, to the second."""
    seconds: Mapping[str, float]
    """Stage -> wall seconds it took."""
    host: Mapping[str, str]
    figures: Mapping[str, float] = field(default_factory=dict)
    """Name -> number measured on this host: spills, registers, nanoseconds a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was asked of ``hpctc generate``; together with hpctc's version it names the bytes."""

    schema: int = SCHEMA
    hpctc: str
    """hpctc's version."""
    sources: tuple[str, ...]
    """Operator names, ``all``, ``grown``, or the contents' hash of a file: ``mlp.graph@1f0c..``."""
    count: int | None
    seed: int
    effort: str
    size: str | None
    rewrites: int
    cuda_check: Literal["auto", "off", "require"]
    oracle: float | None = None
    """Least share of a pair's mutants that its inputs must tell apart; None: nobody looks."""
    engine: Literal["walk", "saturate"] = "walk"
    """Who rewrites, see :data:`hpctc.flow.work.Engine`."""
    variants: int = 0
    """Further pairs of every graph, grouped and scheduled otherwise."""


class Folder:
    """The open files of a growing dataset; of what is in them only the ids stay in memory."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Open or create the folder for these settings; other settings are a ``UsageError``."""
        self.path = path
        with contextlib.ExitStack() as opened:
            opened.callback(os.close, _lock(path))
            _agree(path, settings)
            self.measurements = opened.enter_context(_appender(path / MEASUREMENTS, Measurement))
            self.failures = opened.enter_context(_appender(path / FAILURES, Failure))
            self.pairs = opened.enter_context(_appender(path / PAIRS, Pair))
            self._opened = opened.pop_all()

    def told(self) -> "Told":
        """What the files hold already."""
        return Told(self.path)

    def land(self, outcome: Pair | Failure, measurement: Measurement | None = None) -> None:
        """Append one outcome; the measurement goes first, so a pair is never without its own."""
        if measurement is not None:
            self.measurements.add(measurement)
        if isinstance(outcome, Pair):
            self.pairs.add(outcome)
        else:
            self.failures.add(outcome)

    def close(self) -> None:
        """Close the files; everything landed is on disk already."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Told:
    """The outcomes of before, asked for one by one in the order of the work list.

    Each file has that order, so it is read once, from its beginning, and none is kept.
    """

    def __init__(self, path: Path) -> None:
        files: tuple[Iterator[Pair | Failure], ...] = (
            read(path / PAIRS, Pair), read(path / FAILURES, Failure),
        )  # fmt: skip
        self._ahead = [(next(file, None), file) for file in files]

    def of(self, name: str) -> Pair | Failure | None:
        """What became of the graph of this name, the next of the work list; None: not made yet."""
        for place, (record, file) in enumerate(self._ahead):
            if record is not None and record.name == name:
                self._ahead[place] = (next(file, None), file)
                return record
        return None


def settings_of(path: Path) -> Settings | None:
    """The settings a folder was made with; None where it was not made by ``hpctc generate``."""
    file = path / SETTINGS
    if not file.is_file():
        return None
    try:
        return decode(Settings, json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, CodecError) as problem:
        raise CorruptRecord(
            f"{file} cannot be read: {problem}", "restore it, or give another --out folder"
        ) from None


def command_of(settings: Settings) -> str:
    """The command that these settings are of, as a user would type it; files by name and hash."""
    words = ["hpctc", "generate", *settings.sources]
    for name in ("count", "seed", "effort", "size", "rewrites", "engine", "variants"):
        value = getattr(settings, name)
        if value is not None and value != _USUAL.get(name):
            words += [f"--{name}", str(value)]
    return " ".join(words)


_USUAL = {"seed": 0, "effort": "none", "rewrites": 0, "engine": "walk", "variants": 0}
"""What the command line takes where nothing is said."""


def _appender(path: Path, kind: type[R]) -> Appender[R]:
    return Appender(path, kind, keep=False)


def _lock(path: Path) -> int:
    """Make the folder and be the one process that writes it; the lock dies with the process."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
    except OSError as problem:
        raise HpctcError(
            f"cannot write {path}: {problem.strerror}", "name another folder with --out"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise UsageError(
            f"another process is writing {path}", "wait for it, or name another folder with --out"
        ) from None
    return descriptor


def _agree(path: Path, settings: Settings) -> None:
    """Write the settings of a new folder, or hold them against those of an old one."""
    before = settings_of(path)
    if before is None:
        if (path / PAIRS).exists():
            raise UsageError(
                f"{path} holds pairs but no {SETTINGS}", "give another folder with --out"
            )
        _write(path, settings)
        return
    differ = [
        f"{f.name} was {_say(getattr(before, f.name))}, is {_say(getattr(settings, f.name))}"
        for f in fields(Settings)
        if getattr(before, f.name) != getattr(settings, f.name)
        and not (f.name == "count" and _grows(before.count, settings.count))
    ]
    if differ:
        raise UsageError(
            f"{path} was made by another command: {'; '.join(differ)}",
            "give another folder with --out, or the settings it was made with (--count may grow)",
        )
    if before != settings:
        _write(path, settings)


def _grows(before: int | None, now: int | None) -> bool:
    """A longer run of the same work list begins with the shorter one."""
    return before is not None and now is not None and now >= before


def _write(path: Path, settings: Settings) -> None:
    draft = path / f"{SETTINGS}.part"
    try:
        draft.write_text(json.dumps(encode(settings), indent=1) + "\n", encoding="utf-8")
        draft.replace(path / SETTINGS)
    except OSError as problem:
        raise HpctcError(f"cannot write {path}: {problem.strerror}") from None


def _say(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
