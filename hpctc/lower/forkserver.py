"""The process that imports TVM once and forks a child for every task; :mod:`worker` talks to it.

It has one thread and never runs a task itself, so that a fork copies no lock and no thread pool.
It ends, and everything below it, when the other end of its connection closes: also when its
owner was killed.
"""

import contextlib
import ctypes
import gc
import os
import pickle
import resource
import signal
import tempfile
import time
import traceback
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import IO, Any

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

WORDS = 2000
"""Characters kept of what a failed task wrote."""


@dataclass(frozen=True)
class Failure:
    """Why a task has no result."""

    reason: str
    """One line: ``killed by SIGSEGV``, ``took more than 60 s``, ``ValueError: ...``."""
    detail: str = ""
    """The end of what the task wrote, or its traceback."""


@dataclass(frozen=True)
class Order:
    """A task on its way to a child."""

    number: int
    payload: bytes
    """The pickled pair (function, item): opened in the child only."""
    seconds: float
    memory: int | None
    """Bytes of data the child may have beyond what it inherits; None: no limit."""


@dataclass
class _Child:
    """A task that runs."""

    order: Order
    pid: int
    pipe: Connection
    deadline: float
    output: IO[bytes]


def main(descriptor: int, modules: list[str]) -> None:
    """Import ``modules``, say so on the connection, then fork a child an order until it closes.

    ``module:function`` also calls the function, for what children would each make again.
    """
    # what a task leaves behind becomes a child of this process, which ends it
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with Connection(descriptor) as owner:
        try:
            for module in modules:
                name, _, function = module.partition(":")
                found = import_module(name)
                if function:
                    getattr(found, function)()
        except BaseException as problem:  # noqa: BLE001 - the owner raises it
            owner.send(f"{type(problem).__name__}: {problem}")
            return
        gc.freeze()
        owner.send(None)
        _Server(owner).serve()


class _Server:
    """The loop: orders in, children forked, results and failures out."""

    def __init__(self, owner: Connection) -> None:
        self.owner = owner
        self.children: dict[Connection, _Child] = {}

    def serve(self) -> None:
        """Serve until the owner closes its end; then end all children."""
        try:
            while True:
                for ready in wait([self.owner, *self.children], self.patience()):
                    if ready is self.owner:
                        self.fork(self.owner.recv())
                    else:
                        self.collect(self.children.pop(ready))  # type: ignore[call-overload]
                self.expire()
        except (EOFError, OSError):
            pass
        finally:
            for child in self.children.values():
                _kill(child.pid)
            _sweep(set())

    def patience(self) -> float | None:
        """Seconds until the next deadline; None: nothing runs."""
        deadlines = [c.deadline for c in self.children.values()]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def fork(self, order: Order) -> None:
        """Start a child on ``order``."""
        ours, theirs = Pipe(duplex=False)
        output = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the child is collected
        pid = os.fork()
        if pid == 0:
            self.owner.close()
            ours.close()
            _run(order, theirs, output)
        theirs.close()
        deadline = time.monotonic() + order.seconds
        self.children[ours] = _Child(order, pid, ours, deadline, output)

    def expire(self) -> None:
        """End the children whose time is up."""
        now = time.monotonic()
        for pipe, child in list(self.children.items()):
            if child.deadline <= now:
                del self.children[pipe]
                _kill(child.pid)
                os.waitpid(child.pid, 0)
                self.fail(child, f"took more than {child.order.seconds:g} s")

    def collect(self, child: _Child) -> None:
        """Take a child's result, or find out how it ended without one."""
        result = None
        with contextlib.suppress(EOFError, OSError):
            result = child.pipe.recv_bytes()
        status = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        if result is None:
            self.fail(child, _ending(status))
            return
        self.owner.send_bytes(result)
        self.close(child)

    def fail(self, child: _Child, reason: str) -> None:
        """Report a child that gave no result, once nothing of it runs any more."""
        child.output.seek(0)
        words = child.output.read().decode(errors="replace")[-WORDS:]
        self.close(child)
        self.owner.send_bytes(pickle.dumps((child.order.number, Failure(reason, words))))

    def close(self, child: _Child) -> None:
        """Let go of what a child used, and end what it left behind."""
        child.pipe.close()
        child.output.close()
        _sweep({c.pid for c in self.children.values()})


def _run(order: Order, pipe: Connection, output: IO[bytes]) -> None:
    """The child: run the task, send (number, result or Failure), never return."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setsid()
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        if order.memory is not None:
            limit = order.memory + _data_bytes()
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        pipe.send_bytes(_outcome(order))
        status = 0
    finally:
        os._exit(status)


def _outcome(order: Order) -> bytes:
    """The pickled answer to an order; an exception becomes a :class:`Failure`."""
    try:
        function, item = pickle.loads(order.payload)
        result: Any = function(item)
    except MemoryError:
        return pickle.dumps((order.number, Failure("MemoryError: it needs more than allowed")))
    except BaseException as problem:  # noqa: BLE001 - the edge: whatever happens costs one task
        words = traceback.format_exc()[-WORDS:]
        first = str(problem).strip().partition("\n")[0]
        reason = f"{type(problem).__name__}: {first}" if first else type(problem).__name__
        return pickle.dumps((order.number, Failure(reason, words)))
    try:
        return pickle.dumps((order.number, result))
    except Exception as problem:  # noqa: BLE001 - pickling runs foreign code
        return pickle.dumps((order.number, Failure(f"its result cannot be sent: {problem}")))


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status} and no result"
    return f"killed by {signal.Signals(-status).name}"


def _data_bytes() -> int:
    """Bytes of private data this process has now, as RLIMIT_DATA counts them."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


def _kill(pid: int) -> None:
    """Kill a child and all its descendants, in whatever group or session they are."""
    with contextlib.suppress(psutil.NoSuchProcess):
        child = psutil.Process(pid)
        for process in [*child.children(recursive=True), child]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _sweep(tasks: set[int]) -> None:
    """Kill and reap the processes that tasks, now gone, have left to this one."""
    for orphan in psutil.Process().children():
        if orphan.pid not in tasks:
            _kill(orphan.pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphan.pid, 0)
