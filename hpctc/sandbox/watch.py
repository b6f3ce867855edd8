"""What the parent sees of a child from outside, and the child cannot deny.

Seccomp cannot look behind the pointer of ``sched_setaffinity``, which OpenMP needs to bind its
threads; limits on address space do not fit programs that reserve much and use little; and threads
can be bounded by the kernel only where the child has users of its own. So the parent looks: after
every call, while the child is stopped, and a few times a second while it waits.
"""

import mmap
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


def busy_of(pid: int) -> dict[int, int]:
    """Thread -> nanoseconds that it has computed; none where the kernel does not tell."""
    found = {}
    with suppress(FileNotFoundError, ProcessLookupError):
        for name in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            text = Path(f"/proc/{pid}/task/{name}/schedstat").read_text()
            found[int(name)] = int(text.split()[0])
    return found


@dataclass(frozen=True)
class Watch:
    """What one child may be seen to do."""

    pid: int
    cores: frozenset[int]
    threads: int
    resident_bytes: int

    def complaint(self) -> str | None:
        """What it does that it may not; None: nothing, or it has just ended."""
        try:
            threads = [int(name) for name in os.listdir(f"/proc/{self.pid}/task")]  # noqa: PTH208
            if len(threads) > self.threads:
                return f"it runs {len(threads)} threads; {self.threads} are allowed"
            for thread in threads:
                if not self.cores.issuperset(where := os.sched_getaffinity(thread)):
                    return f"it left its cores: a thread of it may run on {sorted(where)}"
            resident = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * mmap.PAGESIZE
        except (FileNotFoundError, ProcessLookupError):
            return None
        if resident > self.resident_bytes:
            return (
                f"it uses {resident >> 20} MiB of memory; {self.resident_bytes >> 20} are allowed"
            )
        return None
