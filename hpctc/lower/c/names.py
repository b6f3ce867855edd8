"""Names in emitted C: all legal, no two in one scope the same, the choice repeatable."""

import re
from collections.abc import Iterable
from itertools import chain


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


KEYWORDS = words(
    """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef typeof union
    unsigned void volatile while asm _Alignas _Alignof _Atomic _Bool _Complex _Float16 _Generic
    _Imaginary _Noreturn _Static_assert _Thread_local main
    """
)
"""What C11 and GNU C reserve, and the one function name that is not ours to take."""

MACROS = words(
    """
    bool true false NULL NAN INFINITY HUGE_VAL HUGE_VALF I EOF near far unix linux errno assert
    isnan isinf isfinite isnormal signbit fpclassify offsetof alloca stdin stdout stderr
    FLT_MAX FLT_MIN FLT_EPSILON DBL_MAX DBL_MIN INT32_MIN INT64_MIN INT8_MIN INT16_MIN
    """
)
"""Names that a header may turn into something else before the compiler sees them."""

LIBRARY = words(
    """
    free malloc calloc realloc aligned_alloc abort exit abs labs memcpy memset div
    exp log pow sqrt sin cos tan asin acos atan sinh cosh tanh floor ceil round trunc rint fabs
    fmod fma fmin fmax erf gamma lgamma tgamma j0 j1 jn y0 y1 yn index hypot ldexp frexp
    int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t
    """
)
"""Functions and types of the headers that a unit may include: shadowing them reads badly."""

RESERVED = KEYWORDS | MACROS | LIBRARY

INNER = RESERVED - {"j0", "j1", "jn", "y0", "y1", "yn", "index", "div", "gamma"}
"""What stays reserved inside functions, where nobody takes ``j0`` for a Bessel function."""


def identifier(name: str, reserved: frozenset[str] = RESERVED) -> str:
    """The nearest legal C identifier: ``"max pool/1"`` -> ``max_pool_1``, ``int`` -> ``int_``."""
    text = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
    if text[0].isdigit():
        text = f"v{text}"
    if text.startswith("__") or re.match(r"_[A-Z]", text):
        text = f"v{text}"  # the implementation's own names
    return f"{text}_" if text in reserved else text


class Scope:
    """The names visible at one place of a C file; a nested scope sees its parents' names."""

    def __init__(self, taken: Iterable[str] = (), parent: "Scope | None" = None) -> None:
        self.taken = set(taken)
        self.parent = parent
        self.reserved = RESERVED if parent is None else INNER

    def __contains__(self, name: str) -> bool:
        return name in self.taken or (self.parent is not None and name in self.parent)

    def fresh(self, *wanted: str) -> str:
        """Take the first of ``wanted`` that is free here, else the last one with a number."""
        options = [identifier(name, self.reserved) for name in wanted]
        numbered = (f"{options[-1].rstrip('_')}_{n}" for n in range(2, 1 << 20))
        name = next(n for n in chain(options, numbered) if n not in self)
        self.taken.add(name)
        return name

    def inner(self) -> "Scope":
        """A scope for a block inside this one."""
        return Scope(parent=self)


def tidy(name: str) -> str:
    """A buffer's or a bound value's name without TVM's decoration."""
    text = re.sub(r"^(T_|v_(?=\w))", "", name)
    return re.sub(r"[._](local|global)$", "", text)


LETTERS = "ijklmn"
"""What the axes of a tensor are called in loops."""


def loop_names(name: str) -> tuple[str, ...]:
    """What a loop variable may be called, the best first.

    TVM's ``ax1`` is ``j``; ``ax1_0``, the outer part of a split one, ``j0``; fused ones are joined.
    """
    text = re.sub(r"_(init|fused)(?=_|$)", "", name)
    parts = re.findall(r"[A-Za-z]+\d*(?:_(?:\d+|v(?![A-Za-z])))*", text)
    short = [axis_name(part) for part in parts] or [text]
    if all(name in LETTERS for name in short):
        return (short[0], *LETTERS)
    return ("_".join(short),)


def axis_name(name: str) -> str:
    """``ax2_1`` -> ``k1``; names that mean something stay, without underscores in the suffix."""
    found = re.fullmatch(r"(ax|i|v)(\d)((?:_\w+)?)", name)
    if found and int(found[2]) < len(LETTERS):
        return LETTERS[int(found[2])] + found[3].replace("_", "")
    head, _, tail = name.partition("_")
    return head + tail.replace("_", "")


def unfused(name: str) -> tuple[str, str]:
    """Names for the outer and the inner loop of a fused one."""
    text = re.sub(r"_fused(?=_|$)", "", name)
    parts = re.findall(r"[A-Za-z]+\d*(?:_\d+)*", text)
    if len(parts) < 2:
        return f"{text}_outer", f"{text}_inner"
    return "_".join(parts[:-1]), parts[-1]
