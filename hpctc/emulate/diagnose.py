"""Turns what g++ and the driver say into findings a person can act on."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hpctc.core import codec
from hpctc.emulate import toolchain
from hpctc.emulate.records import Emulation, Finding, Kind
from hpctc.emulate.unit import kernels, without_comments

ERROR = re.compile(
    r"^(source\.cu|launches|[^\s:]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$", re.MULTILINE
)
UNKNOWN = re.compile(
    r"[\u2018'](\w[\w:]*)[\u2019'] (?:was not declared|has not been declared|is not a member)"
)
UNRESOLVED = re.compile(r"undefined reference to [`']([^']+)'")
MISSING_HEADER = re.compile(r"(\S+): No such file or directory")
ASSEMBLER = re.compile(r"Error: (?:no such instruction: )?(.*)")
HOST_CODE = re.compile(
    r"<<<|\bcuda(?:Malloc|Memcpy|Free|Launch|DeviceSynchronize)\b|PYBIND11|torch/"
)


@dataclass(frozen=True)
class Raw:
    """A finding, and the machine instruction it was made at where its line is not known."""

    finding: Finding
    instruction: int = 0


@dataclass(frozen=True, slots=True)
class _Said:
    """One line of the driver's findings."""

    kind: Kind
    message: str
    kernel: str
    launch: int
    block: tuple[int, int, int]
    thread: tuple[int, int, int]
    line: int
    buffer: str
    index: int
    instruction: int


def raw(line: str) -> Raw:
    """Read one line of the driver's findings.

    Raises ValueError where the driver cannot have written it: the kernel shares its process.
    """
    try:
        said = codec.decode(_Said, json.loads(line))
    except RecursionError as deep:
        raise ValueError("nested too deep") from deep
    finding = Finding(
        kind=said.kind,
        message=said.message,
        kernel=said.kernel,
        launch=said.launch if said.launch >= 0 else None,
        block=said.block,
        thread=said.thread,
        line=said.line or None,
        buffer=said.buffer or None,
        index=said.index if said.buffer else None,
    )
    return Raw(finding, max(said.instruction, 0))


def with_lines(
    findings: Sequence[Raw], unit: str, how: Emulation, include: Path | None
) -> list[Raw]:
    """Name the source lines of faults.

    The unit is built again with line tables: the same code has the same addresses, and only a run
    that failed pays for them.
    """
    if not any(f.instruction for f in findings) or shutil.which("addr2line") is None:
        return list(findings)
    program = toolchain.build(unit, how.asan, include, lines=True)
    if program.path is None:
        return list(findings)
    lines = {a: _line(program.path, a) for a in {f.instruction for f in findings if f.instruction}}
    return [
        Raw(replace(f.finding, line=lines[f.instruction])) if f.instruction else f for f in findings
    ]


def _line(program: Path, address: int) -> int | None:
    """The line of source.cu that an instruction belongs to, innermost inlined call last."""
    command = ["addr2line", "-i", "-e", str(program), hex(address)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"source\.cu:(\d+)", done.stdout)
    return int(found.group(1)) if found else None


def refused(log: str, code: str) -> Finding:
    """What g++ objects to, in CUDA's words where they are known."""
    errors = ERROR.findall(log)
    place, number, text = errors[0] if errors else ("", "0", log.strip()[:400])
    line = int(number) if place == "source.cu" else None
    return Finding(kind="does not compile", message=_worded(place, text, log, code), line=line)


def _worded(place: str, text: str, log: str, code: str) -> str:
    if HOST_CODE.search(without_comments(code)):
        return (
            f"{text}; the emulator takes device code: leave out <<<launches>>> and host functions"
        )
    if header := MISSING_HEADER.search(text):
        return f"there is no header {header.group(1)}"
    if place == "launches":
        return f"{text}; the source has the kernels {', '.join(kernels(code)) or '(none)'}"
    if unknown := UNKNOWN.search(text):
        name = unknown.group(1)
        if name.startswith("__") or name.startswith(("cuda", "nvcuda", "cg::")):
            return f"the emulator does not know CUDA's {name}"
    if unresolved := UNRESOLVED.search(log):
        return f"{unresolved.group(1)} is declared, but not defined in this source"
    if assembler := ASSEMBLER.search(log):
        return f"inline PTX that the emulator does not know: {assembler.group(1)}"
    return text
