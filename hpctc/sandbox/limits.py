"""What a child process may use before it is ended."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The bounds of one child process."""

    wall_seconds: float = 10.0
    """For one call, or for the whole of a compile."""
    start_seconds: float = 20.0
    """For loading a library and mapping its buffers."""
    cpu_seconds: int = 600
    """For the whole life of the process, all its threads together."""
    memory_bytes: int = 4096 * MIB
    """Address space; the buffers of a candidate come on top. 0: no bound, for code that reserves
    far more than it uses (the sanitizers do)."""
    file_bytes: int = MIB
    """The longest file it can write."""
    resident_bytes: int = 4096 * MIB
    """Memory in use, buffers not counted; the parent looks a few times a second."""
    threads: int = 64
    """At one time, besides one for each core."""
    descriptors: int = 64
    """Open files."""
    errors_bytes: int = 256 * 1024
    """What is passed on of a compiler's complaints."""


COMPILE = Limits(
    wall_seconds=60.0,
    cpu_seconds=60,
    memory_bytes=4096 * MIB,
    file_bytes=64 * MIB,
    descriptors=256,
)
"""Enough for any honest translation unit; a source that hangs the compiler ends here."""
