"""One run of a pair's C under AddressSanitizer and UndefinedBehaviorSanitizer.

The guard pages of an ordinary run see the arguments alone; this sees the function's own arrays,
leaks, and arithmetic that C leaves undefined. The program is its own process: reading its inputs
from a file, calling the entry once, giving everything back.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hpctc.core.records import Pair, Tensor
from hpctc.native.call import ALIGNMENT, C_TYPES, Array, prototype
from hpctc.native.compiler import find

FLAGS = (
    "-std=gnu11 -O1 -g1 -march=native -fopenmp "
    "-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all"
)

_MAIN = """
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

{declared};

static void *hpctc_room(size_t bytes) {{
  void *room = NULL;
  if (posix_memalign(&room, {alignment}, bytes) != 0) exit(3);
  return room;
}}

int main(int argc, char **argv) {{
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!file) return 3;
{body}
  fclose(file);
  return 0;
}}
"""


def sanitize(pair: Pair, inputs: Sequence[Array], folder: Path, seconds: float) -> str | None:
    """Run the C once on ``inputs``; what a sanitizer objects to, or None where nothing is wrong."""
    source, program, data = (folder / f"{pair.id}.{s}" for s in ("san.c", "san", "bin"))
    source.write_text(pair.c_code + program_text(pair), encoding="utf-8")
    data.write_bytes(b"".join(np.ascontiguousarray(a).tobytes() for a in inputs))
    try:
        command = [find("gcc"), *FLAGS.split(), "-o", str(program), str(source), "-lm"]
        built = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False
        )
        if built.returncode != 0:
            return f"it does not compile: {built.stderr[:500]}"
        done = subprocess.run(
            [str(program), str(data)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "2", "ASAN_OPTIONS": "detect_leaks=1"},
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {seconds:g} s"
    finally:
        for path in (source, program, data):
            path.unlink(missing_ok=True)
    return None if done.returncode == 0 else _complaint(done.stderr, done.returncode)


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
    lines.append(f"{pair.entry}({', '.join(names)});")
    lines += [f"free({name});" for name in names]
    return _MAIN.format(
        declared=prototype(pair.entry, pair.inputs, pair.outputs),
        alignment=ALIGNMENT,
        body="\n".join(f"  {line}" for line in lines),
    )


def _nbytes(tensor: Tensor) -> int:
    return int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(tensor.dtype).itemsize


def _complaint(text: str, status: int) -> str:
    found = re.search(r"(runtime error: .*|ERROR: \w+Sanitizer: .*)", text)
    return found.group(1)[:300] if found else f"it ended with exit code {status}: {text[:300]}"
