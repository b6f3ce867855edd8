"""Runs of a pair's C under AddressSanitizer and UndefinedBehaviorSanitizer.

The guard pages of an ordinary run see the arguments alone; this sees the function's own arrays,
leaks, and arithmetic that C leaves undefined. The program is its own process in the jail: reading
its inputs from a file, calling the entry, giving everything back.

The leak sanitizer would need to trace the process, which the jail denies. So the entry is called
twice, and what the second call leaves allocated is lost: OpenMP's threads and their like, which
stay, came with the first.
"""

import math
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hpctc.core.records import Pair, Tensor
from hpctc.native.call import ALIGNMENT, C_TYPES, Array, prototype
from hpctc.native.compiler import find
from hpctc.sandbox.compiling import run_jailed
from hpctc.sandbox.limits import COMPILE

FLAGS = (
    "-std=gnu11 -O1 -g1 -march=native -fopenmp "
    "-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all"
)

THREADS = 2

_MAIN = """
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

{declared};
size_t __sanitizer_get_current_allocated_bytes(void);

/* In the text, for a sanitizer reads its variables from /proc, which the jail does not have. */
const char *__asan_default_options(void) {{ return "detect_leaks=0"; }}

static void *hpctc_room(size_t bytes) {{
  void *room = NULL;
  if (posix_memalign(&room, {alignment}, bytes) != 0) exit(3);
  return room;
}}

int main(int argc, char **argv) {{
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!file) return 3;
{given}
  {call}
  size_t before = __sanitizer_get_current_allocated_bytes();
  {call}
  size_t after = __sanitizer_get_current_allocated_bytes();
  if (after > before) {{
    fprintf(stderr, "a call leaks %zu bytes\\n", after - before);
    return 4;
  }}
{freed}
  fclose(file);
  return 0;
}}
"""


def sanitize(
    pair: Pair, inputs: Sequence[Array], folder: Path, runner: Path, seconds: float
) -> str | None:
    """Run the C on ``inputs``; what a sanitizer objects to, or None where nothing is wrong.

    Source, program and data lie in a folder of their own below ``folder``, which is all that the
    jail lets them write to; ``seconds`` bounds the build and the run, each.
    """
    limits = replace(COMPILE, wall_seconds=seconds, cpu_seconds=math.ceil(seconds))
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        source, program, data = (place / part for part in ("code.c", "code", "inputs"))
        source.write_text(pair.c_code + program_text(pair), encoding="utf-8")
        data.write_bytes(b"".join(np.ascontiguousarray(a).tobytes() for a in inputs))
        command = [find("gcc"), *FLAGS.split(), "-o", str(program), str(source), "-lm"]
        status, words = run_jailed(command, place, runner, limits)
        if status:
            return f"it does not compile: {words[:500]}"
        if status == 0:
            # The sanitizer reserves terabytes of addresses for its shadow.
            more = replace(limits, memory_bytes=0, cpu_seconds=THREADS * limits.cpu_seconds)
            command = ["env", f"OMP_NUM_THREADS={THREADS}", str(program), str(data)]
            status, words = run_jailed(command, place, runner, more)
    if status is None:
        return f"it took more than {seconds:g} s"
    return None if status == 0 else _complaint(words, status)


def program_text(pair: Pair) -> str:
    """The C that follows the pair's own: a main that reads, calls and frees."""
    lines = []
    for tensor in (*pair.inputs, *pair.outputs):
        kind, bytes_ = C_TYPES[tensor.dtype], _nbytes(tensor)
        lines.append(f"{kind} *hpctc_{tensor.name} = hpctc_room({bytes_});")
    for tensor in pair.inputs:
        name, bytes_ = f"hpctc_{tensor.name}", _nbytes(tensor)
        lines.append(f"if (fread({name}, 1, {bytes_}, file) != {bytes_}) return 3;")
    names = [f"hpctc_{t.name}" for t in (*pair.inputs, *pair.outputs)]
    return _MAIN.format(
        declared=prototype(pair.entry, pair.inputs, pair.outputs),
        alignment=ALIGNMENT,
        given="\n".join(f"  {line}" for line in lines),
        call=f"{pair.entry}({', '.join(names)});",
        freed="\n".join(f"  free({name});" for name in names),
    )


def _nbytes(tensor: Tensor) -> int:
    return int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(tensor.dtype).itemsize


def _complaint(text: str, status: int) -> str:
    found = re.search(r"(runtime error: .*|ERROR: \w+Sanitizer: .*|a call leaks .*)", text)
    return found.group(1)[:300] if found else f"it ended with exit code {status}: {text[:300]}"
