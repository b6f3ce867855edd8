"""C types as the transpiler reasons about them: canonical names, ranks, vectors."""

from hpctc.syntax import tree

INTEGERS = (
    "bool", "int8_t", "uint8_t", "int16_t", "uint16_t", "int", "index", "unsigned", "int64_t",
    "uint64_t",
)  # fmt: skip
"""``index`` is what threadIdx is made of: unsigned in CUDA, written as int in C."""
FLOATS = ("bf16", "_Float16", "float", "double")
RANK = {name: rank for rank, name in enumerate((*INTEGERS, *FLOATS))}

_SYNONYMS: dict[str, str] = {
    "bool": "bool|_Bool",
    "int8_t": "char|signed char|int8_t",
    "uint8_t": "unsigned char|uint8_t|uchar",
    "int16_t": "short|short int|signed short|int16_t",
    "uint16_t": "unsigned short|short unsigned|unsigned short int|uint16_t|ushort",
    "int": "int|signed|signed int|int32_t",
    "unsigned": "unsigned|unsigned int|uint32_t|uint",
    "int64_t": "long|long long|long int|long long int|int64_t|ssize_t|ptrdiff_t|intptr_t|longlong"
    "|signed long long|clock_t",
    "uint64_t": "unsigned long|unsigned long long|unsigned long int|unsigned long long int"
    "|long unsigned int|uint64_t|size_t|uintptr_t|ulong|ulonglong",
    "_Float16": "half|__half|_Float16|float16_t",
    "bf16": "__nv_bfloat16|nv_bfloat16|bfloat16",
    "float": "float",
    "double": "double|long double",
    "void": "void",
}
CANONICAL = {word: name for name, words in _SYNONYMS.items() for word in words.split("|")}
"""How C and CUDA spell a scalar -> how we do."""

BYTES = {"bool": 1, "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int": 4,
         "unsigned": 4, "index": 4, "int64_t": 8, "uint64_t": 8, "bf16": 2, "_Float16": 2,
         "float": 4, "double": 8}  # fmt: skip

_VECTOR_BASES = {
    "char": "int8_t", "uchar": "uint8_t", "short": "int16_t", "ushort": "uint16_t", "int": "int",
    "uint": "unsigned", "long": "int64_t", "ulong": "uint64_t", "longlong": "int64_t",
    "ulonglong": "uint64_t", "float": "float", "double": "double",
}  # fmt: skip
VECTORS: dict[str, tuple[str, int]] = {
    f"{base}{width}": (element, width)
    for base, element in _VECTOR_BASES.items()
    for width in (1, 2, 3, 4)
} | {"half2": ("_Float16", 2), "half4": ("_Float16", 4), "dim3": ("unsigned", 3),
     "bf162": ("bf16", 2)}  # fmt: skip
"""Vector type -> its element and width."""

_VECTOR_SYNONYMS = {
    "__half2": "half2", "__nv_bfloat162": "bf162", "nv_bfloat162": "bf162",
}  # fmt: skip

VOID = tree.Named("void")
INT = tree.Named("int")
INDEX = tree.Named("index")
UNSIGNED = tree.Named("unsigned")
FLOAT = tree.Named("float")
DOUBLE = tree.Named("double")
BOOL = tree.Named("bool")
HALF = tree.Named("_Float16")
BF16 = tree.Named("bf16")
LONG = tree.Named("int64_t")
ULONG = tree.Named("uint64_t")


def scalar(name: str) -> str | None:
    """The canonical name of a scalar or vector type, None where it is neither."""
    name = name.removeprefix("std::").removeprefix("::")
    if name in _VECTOR_SYNONYMS:
        return _VECTOR_SYNONYMS[name]
    return CANONICAL.get(name) or (name if name in VECTORS else None)


def bare(kind: tree.Type) -> tree.Type:
    """A type without qualifiers and references at its top."""
    while isinstance(kind, tree.Qualified | tree.Reference):
        kind = kind.of if isinstance(kind, tree.Qualified) else kind.to
    return kind


def name(kind: tree.Type) -> str:
    """The name of a named type, the empty text for pointers and arrays."""
    kind = bare(kind)
    return kind.name if isinstance(kind, tree.Named) else ""


def is_integer(kind: tree.Type) -> bool:
    """Whether a value of this type is an integer."""
    return name(kind) in INTEGERS


def is_float(kind: tree.Type) -> bool:
    """Whether a value of this type is a floating-point scalar."""
    return name(kind) in FLOATS


def is_pointer(kind: tree.Type) -> bool:
    """Whether a value of this type can be dereferenced."""
    return isinstance(bare(kind), tree.Pointer | tree.Array)


def element(kind: tree.Type) -> tree.Type:
    """What a pointer or array holds."""
    kind = bare(kind)
    if isinstance(kind, tree.Pointer):
        return kind.to
    assert isinstance(kind, tree.Array), kind
    return kind.of


def promoted(kind: tree.Type) -> tree.Type:
    """Integer promotion: what is narrower than int becomes int."""
    return INT if is_integer(kind) and RANK[name(kind)] < RANK["int"] else bare(kind)


def common(left: tree.Type, right: tree.Type) -> tree.Type:
    """The type of ``left + right`` by C's usual arithmetic conversions."""
    if is_pointer(left):
        return decayed(left)
    if is_pointer(right):
        return decayed(right)
    a, b = promoted(left), promoted(right)
    if name(a) in VECTORS:
        return a
    if name(b) in VECTORS:
        return b
    if name(a) not in RANK or name(b) not in RANK:
        return a
    return a if RANK[name(a)] >= RANK[name(b)] else b


def decayed(kind: tree.Type) -> tree.Type:
    """An array as the pointer that it becomes in an expression."""
    kind = bare(kind)
    return tree.Pointer(kind.of) if isinstance(kind, tree.Array) else kind


def extent(kind: tree.Type) -> int | None:
    """Elements of an array over all its dimensions; None where one is not a number."""
    count = 1
    kind = bare(kind)
    while isinstance(kind, tree.Array):
        if not isinstance(kind.size, tree.Number):
            return None
        count *= int(kind.size.text, 0)
        kind = bare(kind.of)
    return count
