"""The translation unit around a CUDA source: the source itself, unchanged, and a table of kernels.

Nothing here parses CUDA; g++ does. Two facts that g++ cannot tell us in time are found by regular
expressions over the text without comments: the names of dynamic shared arrays (they must be defined
somewhere) and, for messages only, the names of kernels.
"""

import re
from collections.abc import Sequence

COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)
DYNAMIC = re.compile(r"\bextern\b[^;(){}]*?\b__shared__\b([^;{}]*?)\b([A-Za-z_]\w*)\s*\[\s*\]\s*;")
KERNEL = re.compile(
    r"\b__global__\b(?:\s|\b__launch_bounds__\s*\([^()]*(?:\([^()]*\)[^()]*)*\)|[\w:<>*&]|,)*?"
    r"\b(?!__launch_bounds__\b)([A-Za-z_]\w*)\s*\("
)
PAGE = 4096
ALIGNMENT = 16


def without_comments(code: str) -> str:
    """The text with comments blanked out; strings stay, and so do line numbers."""

    def blank(found: re.Match[str]) -> str:
        text = found.group()
        return text if text[0] in "\"'" else re.sub(r"[^\n]", " ", text)

    return COMMENT.sub(blank, code)


def kernels(code: str) -> list[str]:
    """Names of the ``__global__`` functions, in order, each once."""
    return list(dict.fromkeys(KERNEL.findall(without_comments(code))))


def dynamic_arrays(code: str) -> list[str]:
    """Names that ``extern __shared__`` declares, each once."""
    return list(dict.fromkeys(name for _, name in DYNAMIC.findall(without_comments(code))))


def unit(code: str, entries: Sequence[str], shared_bytes: int, asan: bool) -> str:
    """The text to compile: ``code``, then a table of the kernels ``entries`` (C++ expressions)."""
    arrays = dynamic_arrays(code)
    rows = [f'    hpctc::entry<{e}>("{_quoted(e)}"),' for e in entries]
    lines = [
        _plainly_stored(code) if asan else code,
        '#line 1 "launches"',
        'extern "C" const hpctc::Kernel hpctc_kernels[] = {',
        *rows,
        "    {nullptr, nullptr, 0, nullptr}};",
        *_dynamic_memory(arrays, 0 if asan else shared_bytes),
        *(_asan_memory(arrays, shared_bytes) if asan else []),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _dynamic_memory(arrays: Sequence[str], bytes_: int) -> list[str]:
    """Thread-local memory for all dynamic arrays (they are one), up to a page to be forbidden."""
    held = -(-bytes_ // ALIGNMENT) * ALIGNMENT
    names = ["hpctc_dynamic", *(arrays if bytes_ else ())]
    return [
        f'extern "C" const std::size_t hpctc_dynamic_bytes = {held};',
        'asm(".section .tbss.hpctc,\\"awT\\",%nobits\\n"',
        f'    ".balign {PAGE if held else 1}\\n.skip {-held % PAGE}\\n"',
        *(f'    ".globl {name}\\n{name}:\\n"' for name in names),
        f'    ".skip {held}\\n.globl hpctc_dynamic_guard\\nhpctc_dynamic_guard:\\n"',
        f'    ".skip {PAGE if held else 0}\\n.text\\n");',
    ]


def _asan_memory(arrays: Sequence[str], bytes_: int) -> list[str]:
    size = max(bytes_, 1)
    memory = f'extern "C" alignas(16) char hpctc_plain[{size}] = {{}};'
    aliases = [f'asm(".globl {name}\\n.set {name}, hpctc_plain");' for name in arrays]
    return ["#undef alignas", memory, *aliases] if arrays else []


def _plainly_stored(code: str) -> str:
    """``extern __shared__`` as ``extern``, and so on: under asan ``__shared__`` means static."""
    return re.sub(r"\b(extern|static)\b([^;(){}]*?)\b__shared__\b", r"\1\2", code)
