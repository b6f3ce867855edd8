"""The parent's side of a running candidate: it calls, holds the clock, and believes nothing.

The child runs only while a call is under way: it is stopped before the parent looks at its outputs
and while another child is being timed. So a thread that goes on working behind the answer has
delivered nothing, and cannot slow down the baseline either.
"""

import os
import select
import signal
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NoReturn, Self

from hpctc.core.errors import HpctcError
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.launcher import settings
from hpctc.sandbox.layers import given, names
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.watch import Watch, busy_of

REPLY = struct.Struct("=QQQ")
READY, DONE, NO_LIBRARY, NO_ENTRY, NO_MEMORY, STARTED, REFUSED = 1, 2, 3, 4, 5, 6, 7
MOST_ARGUMENTS = 64
MOST_WORDS = 16384
"""Bytes of its standard error that are looked at."""
START_SECONDS = 60.0
"""For the runner itself, before anything of the candidate runs: only a broken host needs longer."""
LOOK_SECONDS = 0.1
"""How often a child is looked at while its answer is awaited."""

Failure = Literal["crashed", "timed out", "not built"]


@dataclass(frozen=True, slots=True)
class Called:
    """A call that came back."""

    child_ns: int
    """What the runner measured around the call."""
    parent_ns: int
    """What the parent measured around request and reply: never less than the truth."""
    cpu_ns: int
    """What the kernel says all its threads computed, this call and the way to and from it."""
    busy_ns: int = 0
    """What the thread computed that computed most; 0: this kernel does not tell. Waiting for a core
    that others use is not in it, and neither is waiting for each other."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A child that is no more: what it died of, in words."""

    failure: Failure
    detail: str
    words: str = field(default="", compare=False)
    """What it wrote as errors, cut: a sanitizer's report, if it was built with one."""


@dataclass(frozen=True)
class Setup:
    """How candidates are run: equal for all that are compared."""

    runner: Path
    limits: Limits = field(default_factory=Limits)
    cores: tuple[int, ...] = (0,)
    more: Mapping[str, str] = field(default_factory=dict)
    """Further variables of a child: which sanitizer to load, and how it is set."""
    layers: tuple[str, ...] | None = None
    """The layers of the jail; None: all that this host gives."""

    @property
    def jail(self) -> tuple[str, ...]:
        """The layers by name. One that the kernel refuses after all is an error, not a gap."""
        return given(self.runner) if self.layers is None else self.layers

    @property
    def threads(self) -> int:
        """How many threads a child may have at one time."""
        return self.limits.threads + len(self.cores)

    @property
    def environment(self) -> dict[str, str]:
        """All that a child sees of an environment."""
        # Passive: waiting threads sleep, so that the two sides of a timing leave each other alone.
        return {
            "OMP_NUM_THREADS": str(len(self.cores)),
            "OMP_THREAD_LIMIT": str(len(self.cores)),
            "OMP_PROC_BIND": "true",
            "OMP_PLACES": ",".join(f"{{{core}}}" for core in self.cores),
            "OMP_WAIT_POLICY": "passive",
            "OMP_DYNAMIC": "false",
            **self.more,
        }


class Candidate:
    """One library, loaded in a child of its own."""

    def __init__(
        self, setup: Setup, library: Path, entry: str, inputs: Arena, outputs: Arena
    ) -> None:
        """Start the child; :attr:`ended` says whether it came up."""
        if (arity := len(inputs.tensors) + len(outputs.tensors)) > MOST_ARGUMENTS:
            raise HpctcError(f"{entry} has {arity} arguments; the runner takes {MOST_ARGUMENTS}")
        self.setup = setup
        self.layers: tuple[str, ...] = ()
        self.ended: Ended | None = None
        self._entry = entry
        self._nonce = 0
        self._init = 0
        """The first process of its namespace, with which all others end; 0: there is none."""
        self._starter = 0
        """The process that made both, and has ended; it is buried with them."""
        self._watch: Watch | None = None
        self._open(library, inputs, outputs)
        self._await_start()
        self._await_ready(inputs.nbytes + outputs.nbytes)

    def call(self) -> Called | Ended:
        """Call the entry once; on return the child is stopped, or it has ended."""
        if self.ended is not None:
            return self.ended
        if self._readable(0):
            return self._end("crashed", "it wrote to the runner's replies")
        self._nonce = int.from_bytes(os.urandom(8), "little")
        try:
            os.write(self._requests, struct.pack("=Q", self._nonce))
        except BrokenPipeError:
            return self._bury()
        computed, busy = self._cpu_ns(), busy_of(self.pid)
        began = time.perf_counter_ns()
        os.kill(self.pid, signal.SIGCONT)
        reply = self._reply(self.setup.limits.wall_seconds)
        parent_ns = time.perf_counter_ns() - began
        if isinstance(reply, Ended):
            return reply
        nonce, status, child_ns = reply
        if (nonce, status) != (self._nonce, DONE):
            return self._end("crashed", "it forged a reply of the runner")
        if (stopped := self._stop()) is not None:
            return stopped
        if self._watch is not None and (complaint := self._watch.complaint()) is not None:
            return self._end("crashed", complaint)
        until = busy_of(self.pid)
        most = max((until[thread] - busy.get(thread, 0) for thread in until), default=0)
        return Called(child_ns, parent_ns, self._cpu_ns() - computed, most)

    def close(self) -> None:
        """End the child and all that it may have started."""
        if self.ended is None:
            self._end("crashed", "it was ended")

    def _open(self, library: Path, inputs: Arena, outputs: Arena) -> None:
        request_end, self._requests = os.pipe2(os.O_CLOEXEC)
        self._replies, reply_end = os.pipe2(os.O_CLOEXEC)
        self._errors = os.memfd_create("stderr", os.MFD_CLOEXEC)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        setup = self.setup
        held = settings(setup.limits, setup.jail, inputs.nbytes + outputs.nbytes)
        # The namespace's init counts among the threads, too.
        more = [f"threads={setup.threads + 1}", f"cores={','.join(map(str, setup.cores))}", "--"]
        command = [str(setup.runner), "call", *held, *more, str(library), self._entry]
        passed = (null, null, self._errors, request_end, reply_end, inputs.fd, outputs.fd)
        try:
            self.pid = os.posix_spawn(
                setup.runner,
                [*command, *inputs.words(), *outputs.words()],
                setup.environment,
                file_actions=_descriptors(passed),
                **_apart(setup.jail),
            )
        finally:
            for descriptor in (request_end, reply_end, null):
                os.close(descriptor)

    def _await_start(self) -> None:
        """Learn which process it is that serves: in a namespace not the one that was started."""
        reply = self._reply(START_SECONDS)
        if isinstance(reply, Ended):
            raise HpctcError(f"the sandbox does not start: {reply.detail}")
        init, status, value = reply
        if status == REFUSED:
            self._refused(value)
        if init:
            self._starter, self.pid, self._init = self.pid, value, init

    def _await_ready(self, buffers: int) -> None:
        reply = self._reply(self.setup.limits.start_seconds)
        if isinstance(reply, Ended):
            return
        _, status, value = reply
        if status == READY:
            jail = self.setup.jail
            self.layers = tuple(n for n in jail if n == "watch" or n in names(value))
            if self._stop() is None and "watch" in jail:
                resident = self.setup.limits.resident_bytes + buffers
                cores = frozenset(self.setup.cores)
                self._watch = Watch(self.pid, cores, self.setup.threads, resident)
        elif status == REFUSED:
            self._refused(value)
        elif status == NO_LIBRARY:
            self._end("not built", f"the library does not load: {self._complaint()}")
        elif status == NO_ENTRY:
            self._end("not built", f"the library has no function {self._entry!r}")
        elif status == NO_MEMORY:
            self._end("crashed", "there is no memory for its arguments")
        else:
            self._end("crashed", "it forged a reply of the runner")

    def _refused(self, layers: int) -> NoReturn:
        """A layer that this host gave before is not to be had: nothing runs in half a jail."""
        reason = self._complaint()
        self._end("crashed", "its jail was refused")
        raise HpctcError(f"the kernel refused {', '.join(names(layers))}: {reason}")

    def _reply(self, seconds: float) -> tuple[int, int, int] | Ended:
        deadline = time.monotonic() + seconds
        while not self._readable(min(max(deadline - time.monotonic(), 0), LOOK_SECONDS)):
            if time.monotonic() >= deadline:
                return self._end("timed out", f"no answer within {seconds:g} s")
            if self._watch is not None and (complaint := self._watch.complaint()) is not None:
                return self._end("crashed", complaint)
        data = os.read(self._replies, REPLY.size)
        if not data:
            return self._bury()
        if len(data) != REPLY.size:
            return self._end("crashed", "it forged a reply of the runner")
        nonce, status, value = REPLY.unpack(data)
        return nonce, status, value

    def _readable(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._replies, select.POLLIN | select.POLLHUP)
        return bool(poll.poll(seconds * 1000))

    def _stop(self) -> Ended | None:
        os.kill(self.pid, signal.SIGSTOP)
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        return None if os.WIFSTOPPED(status) else self._died(status)

    def _cpu_ns(self) -> int:
        """The child's processor clock, which the kernel keeps (the id is made as in glibc)."""
        return time.clock_gettime_ns((~self.pid << 3) | 2)

    def _bury(self) -> Ended:
        """The reply pipe is closed: the child has ended, or closed it and is ended now."""
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return self._died(status)
            time.sleep(0.001)
        return self._end("crashed", "it closed the runner's replies")

    def _died(self, status: int) -> Ended:
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            detail = f"{signal.Signals(number).name} ({signal.strsignal(number)})"
        else:
            detail = f"it ended the process with exit code {os.WEXITSTATUS(status)}"
        if complaint := self._complaint():
            detail += f": {complaint}"
        return self._release(Ended("crashed", detail, self._words()))

    def _end(self, failure: Failure, detail: str) -> Ended:
        if self._init:
            os.kill(self.pid, signal.SIGKILL)
            os.kill(self._init, signal.SIGKILL)  # and with it all that may be left
        else:
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return self._release(Ended(failure, detail))

    def _release(self, ended: Ended) -> Ended:
        self.ended = ended
        if self._init:
            # It ends when the last process of its namespace is buried, as the child was just now.
            os.kill(self._init, signal.SIGKILL)
            for pid in (self._starter, self._init):
                os.waitpid(pid, 0)
        for descriptor in (self._requests, self._replies, self._errors):
            os.close(descriptor)
        return ended

    def _complaint(self) -> str:
        """The first words on its standard error."""
        return " ".join(self._words()[:300].split())

    def _words(self) -> str:
        return os.pread(self._errors, MOST_WORDS, 0).decode(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def cores(count: int | None = None) -> tuple[int, ...]:
    """The first ``count`` cores that this process may use (None: all); too few are an error."""
    usable = sorted(os.sched_getaffinity(0))
    if count is not None and count > len(usable):
        raise HpctcError(
            f"{count} threads were asked for, and this process may use {len(usable)} cores",
            f"say --threads {len(usable)} or fewer",
        )
    return tuple(usable[:count])


def _apart(jail: Sequence[str]) -> dict[str, Any]:
    """A process group of its own, and a session only where the terminal could be opened.

    The kernel shares its time out among sessions: a new one waits long for its first turn.
    """
    return {"setpgroup": 0} if {"landlock", "mounts"} & set(jail) else {"setsid": True}


def _descriptors(passed: Sequence[int]) -> list[tuple[int, ...]]:
    """Make ``passed`` the child's 0, 1, 2, ...; first aside, so that none is overwritten."""
    above = max(passed) + 1
    moves: list[tuple[int, ...]] = []
    for i, descriptor in enumerate(passed):
        moves.append((os.POSIX_SPAWN_DUP2, descriptor, above + i))
    for i in range(len(passed)):
        moves.append((os.POSIX_SPAWN_DUP2, above + i, i))
        moves.append((os.POSIX_SPAWN_CLOSE, above + i))
    return moves
