"""Names in emitted C: all legal, no two in one scope the same, the choice repeatable."""

import re
from collections.abc import Iterable


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


def identifier(name: str) -> str:
    """The nearest legal C identifier: ``"max pool/1"`` -> ``max_pool_1``, ``int`` -> ``int_``."""
    text = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
    if text[0].isdigit():
        text = f"v{text}"
    if text.startswith("__") or re.match(r"_[A-Z]", text):
        text = f"v{text}"  # the implementation's own names
    return f"{text}_" if text in RESERVED else text


class Scope:
    """The names visible at one place of a C file; a nested scope sees its parents' names."""

    def __init__(self, taken: Iterable[str] = (), parent: "Scope | None" = None) -> None:
        self.taken = set(taken)
        self.parent = parent

    def __contains__(self, name: str) -> bool:
        return name in self.taken or (self.parent is not None and name in self.parent)

    def fresh(self, *wanted: str) -> str:
        """Take the first of ``wanted`` that is free here, else the last one with a number."""
        options = [identifier(name) for name in wanted]
        numbered = (f"{options[-1].rstrip('_')}_{n}" for n in range(2, 1 << 20))
        name = next(n for n in (*options, *numbered) if n not in self)
        self.taken.add(name)
        return name

    def inner(self) -> "Scope":
        """A scope for a block inside this one."""
        return Scope(parent=self)
