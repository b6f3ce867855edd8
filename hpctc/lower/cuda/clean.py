"""TVM's CUDA text as a person would have written it: self-contained, without what carries nothing.

Away go the preamble, forward declarations, ``_ptr`` suffixes, hexadecimal floats, arrays of one
element, loops of one round, superfluous parentheses and casts of thread indices. What is computed
stays the same instruction for instruction.
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hpctc.lower.cuda import loops
from hpctc.lower.cuda.parentheses import minimal

KERNEL = re.compile(
    r'^extern "C" __global__ void (?:(?P<bounds>__launch_bounds__\(\d+\)) )?(?P<name>\w+)'
    r"\((?P<params>[^)]*)\) \{\n(?P<body>.*?)^\}$",
    re.MULTILINE | re.DOTALL,
)

ONE_THREAD = "__launch_bounds__(1)"
"""The bounds of a kernel for which TVM states none."""

FLOAT = re.compile(r"(?P<sign>-?)0x(?P<digits>[0-9a-f.]+p[+-]\d+)(?P<suffix>f?)/\*[^*]*\*/")
LOCAL = re.compile(r"^ *alignas\(\d+\) (?P<type>[\w ]+?) (?P<name>\w+)\[1\];$", re.MULTILINE)
GATHER = re.compile(
    r"^ *int[234] (?P<vector>v_\w*) = make_int[234]\((?P<first>.*?)\+\((?P<step>\d+)\*0\), .*\);\n",
    re.MULTILINE,
)
"""``int2 v_ = make_int2((i)+(24*0), (i)+(24*1));``"""

SQUEEZED = re.compile(r"(\.[xyzw])([+*/-])(?=\w)")
"""An operation on a lane, written without spaces."""

PUNNED = re.compile(r"\(\*\(float \*\)\(&\((\w+)\)\)\)")
"""``(*(float *)(&(v_)))``: the bits of an int as a float, in a form that C++ leaves undefined."""

APPENDED = re.compile(r"_(?:reindex|pad|ptr)(?=_|$)")
"""What TVM adds to the names of buffers."""

WORD = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
"""An identifier that is no member of something."""

TYPES = {"uint": "unsigned int", "uchar": "unsigned char", "ushort": "unsigned short"} | {
    "int64_t": "long long",
    "uint64_t": "unsigned long long",
}
"""TVM's abbreviations of types, which its preamble defines."""

INDICES = {
    f"{kind}Idx.{axis}": f"{kind[0]}{axis}" for kind in ("block", "thread") for axis in "xyz"
}
"""``threadIdx.x`` -> ``tx``."""

HALF = r"\bhalf\b|\bhalf2\b|__half"

INCLUDES = {
    HALF: "#include <cuda_fp16.h>",
    r"\bnvcuda::": "#include <mma.h>",
}
"""Use in a kernel -> the header it needs."""

HALF_HELPERS = {
    "max": "static __device__ half max(half a, half b) { return __hgt(a, b) ? a : b; }",
    "min": "static __device__ half min(half a, half b) { return __hlt(a, b) ? a : b; }",
    "__pack_half2": "static __device__ unsigned int __pack_half2(half x, half y) {\n"
    "  return (unsigned int)__half_as_ushort(y) << 16 | __half_as_ushort(x);\n}",
    "make_half4": "struct __align__(8) half4 {\n  half x, y, z, w;\n};\n"
    "static __device__ half4 make_half4(half x, half y, half z, half w) {\n"
    "  return {x, y, z, w};\n}",
}
"""What cuda_fp16.h lacks and TVM's text may use; other types have their own max and min."""


@dataclass(frozen=True)
class Title:
    """What a kernel is called and said to do."""

    name: str
    comment: str


def clean(text: str, titles: Mapping[str, Title]) -> tuple[list[str], list[str]]:
    """Includes with helper functions, and the kernels, of a text that TVM made.

    ``titles`` gives every kernel of the text its name and its line of comment.
    """
    start = text.index('extern "C" __global__')
    preamble, rest = text[:start], text[start:]
    found = list(KERNEL.finditer(rest))
    if {m["name"] for m in found} != set(titles):
        raise ValueError(f"expected kernels {sorted(titles)}, not {[m['name'] for m in found]}")
    kernels = [_kernel(m, titles[m["name"]]) for m in found]
    body = "\n".join(kernels)
    head = [line for pattern, line in INCLUDES.items() if re.search(pattern, body)]
    return head + helpers(preamble, body), kernels


def helpers(preamble: str, body: str) -> list[str]:
    """The device functions that the kernels call: ours for half, TVM's for the rest."""
    half = re.search(HALF, body) is not None
    ours = {name: text for name, text in HALF_HELPERS.items() if half}
    theirs = {name: text for name, text in _functions(preamble) if name not in HALF_HELPERS}
    used = set(re.findall(r"\b(\w+)\s*\(", body))
    defined = ours | theirs
    return [_typed(text) for name, text in defined.items() if name in used]


def _functions(preamble: str) -> Iterator[tuple[str, str]]:
    """Name and text of every device function that the preamble defines."""
    head = re.compile(r"^[^\n#/]*__device__[^;{}#]*?\b(\w+)\s*\([^)]*\)\s*\{", re.MULTILINE)
    for match in head.finditer(preamble):
        depth, end = 1, match.end()
        while depth and end < len(preamble):
            depth += {"{": 1, "}": -1}.get(preamble[end], 0)
            end += 1
        yield match[1], preamble[match.start() : end]


def _kernel(match: re.Match[str], title: Title) -> str:
    """One kernel, cleaned."""
    body = _typed(_gathers(match["body"]))
    params, body = _renamed(_typed(match["params"]), FLOAT.sub(decimal, body))
    body = PUNNED.sub(r"__int_as_float(\1)", body)
    body = re.sub(r",(?=\S)", ", ", SQUEEZED.sub(r"\1 \2 ", _scalars(body)))
    lines = loops.renamed(loops.indented(loops.unrolled(body.splitlines())))
    lines, indices = _indexed(lines, {p.split()[-1] for p in params})
    lines = [minimal(line) for line in lines]
    bounds = match["bounds"] or ONE_THREAD
    head = f'extern "C" __global__ void {bounds}\n{title.name}('
    signature = _wrapped(head, [_const(p, lines) for p in params], ") {")
    return "\n".join([f"// {title.comment}", signature, *indices, *lines, "}"]) + "\n"


def _wrapped(head: str, params: Sequence[str], tail: str) -> str:
    line = head + ", ".join(params) + tail
    if len(line.rpartition("\n")[2]) <= 100:
        return line
    return head + "\n    " + ",\n    ".join(params) + tail


def _gathers(body: str) -> str:
    """Vectors of equally spaced indices, written out where they are used."""
    while (match := GATHER.search(body)) is not None:
        vector, first, step = match["vector"], match["first"], int(match["step"])
        body = body[: match.start()] + body[match.end() :]
        for n, lane in enumerate("xyzw"):
            # In parentheses: where it is used there may be a division next to it.
            place = f"({first} + {n * step})" if n else f"({first})"
            body = re.sub(rf"\b{vector}\.{lane}\b", lambda _, p=place: p, body)  # type: ignore[misc]
    return body


def _renamed(params: str, body: str) -> tuple[list[str], str]:
    """Names without what TVM appends to them, where the shorter name is free."""
    whole = f"{params}\n{body}"
    new: dict[str, str] = {}
    taken = set(WORD.findall(whole))
    given = WORD.findall(params)
    # parameters first, and only their last suffix: the rest of the name is the plan's
    for word in [*given, *sorted(taken - set(given))]:
        short = word.removesuffix("_ptr") if word in given else APPENDED.sub("", word)
        if short != word and short not in taken and re.match(r"[A-Za-z_]", short):
            new[word] = short
            taken.add(short)
    whole = WORD.sub(lambda m: new.get(m[0], m[0]), whole)
    head, _, rest = whole.partition("\n")
    return [p.strip() for p in head.split(",")], rest


def decimal(match: re.Match[str]) -> str:
    """A hexadecimal float as the shortest decimal one that is the same number."""
    value = float.fromhex(f"{match['sign']}0x{match['digits']}")
    if not match["suffix"]:
        return repr(value)
    return _shortest(value) + "f"


def _shortest(value: float) -> str:
    """The fewest digits that are read back as this number, rounded to float32."""
    value = _single(value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if _single(float(text)) == value:
            break
    return repr(float(text))


def _single(value: float) -> float:
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return float("inf")
    return rounded


def _typed(text: str) -> str:
    return re.sub(r"\b(uint|uchar|ushort|u?int64_t)\b", lambda m: TYPES[m[0]], text)


def _scalars(body: str) -> str:
    """Local arrays of one element as plain variables."""
    for match in LOCAL.finditer(body):
        name = match["name"]
        uses = len(re.findall(rf"\b{name}\b", body)) - 1
        if uses == len(re.findall(rf"\b{name}\[0\]", body)):
            body = re.sub(rf"\b{name}\[0\]", name, body)
            body = re.sub(rf"alignas\(\d+\) ([\w ]+?) {name}\[1\];", rf"\1 {name};", body)
    return body


def _indexed(lines: list[str], taken: set[str]) -> tuple[list[str], list[str]]:
    """Name the indices of thread and block that are used; the lines, and what declares them."""
    text = "\n".join(lines)
    words = taken | set(WORD.findall(text))
    declared = []
    for index, short in INDICES.items():
        if f"(int){index}" not in text:
            continue
        name = short if short not in words else f"{short}_"
        text = re.sub(rf"\(\(int\){re.escape(index)}\)", name, text)
        declared.append(f"  const int {name} = {index};")
    return text.splitlines(), declared


def _const(param: str, lines: Sequence[str]) -> str:
    """A parameter that the kernel only reads is const."""
    name = re.escape(param.split()[-1])
    written = re.compile(
        rf"^\s*(?:{name}\[|\*\([\w ]+\*\)\(?{name}\b|\(\([\w ]+\*\){name}\))[^=]*[^=!<>]=[^=]"
        rf"|^\s*(?:nvcuda::|tvm_|atomic)\w.*\b{name}\b|&\(?{name}\b"
    )
    return param if any(written.search(line) for line in lines) else f"const {param}"
