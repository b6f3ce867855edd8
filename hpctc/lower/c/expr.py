"""TIR expressions as C, with no more parentheses than C and its warnings ask for."""

from collections.abc import Callable
from typing import Any, Protocol

from tvm import ir, sym, tirx

from hpctc.lower.c import maths
from hpctc.lower.c.tree import constant, substitute
from hpctc.lower.c.types import C_TYPES, dtype_of, floating, integer, is_float

ATOM, UNARY, MUL, ADD, SHIFT, RELATION, EQUALITY = 15, 14, 13, 12, 11, 10, 9
BIT_AND, BIT_XOR, BIT_OR, AND, OR, CHOICE = 8, 7, 6, 5, 4, 3

Piece = tuple[str, int]
"""C text and the precedence of its outermost operator."""

BINARY: dict[Any, tuple[str, int]] = {
    tirx.Add: ("+", ADD),
    tirx.Sub: ("-", ADD),
    tirx.Mul: ("*", MUL),
    tirx.Div: ("/", MUL),
    tirx.Mod: ("%", MUL),
    tirx.EQ: ("==", EQUALITY),
    tirx.NE: ("!=", EQUALITY),
    tirx.LT: ("<", RELATION),
    tirx.LE: ("<=", RELATION),
    tirx.GT: (">", RELATION),
    tirx.GE: (">=", RELATION),
    tirx.And: ("&&", AND),
    tirx.Or: ("||", OR),
    tirx.BitwiseAnd: ("&", BIT_AND),
    tirx.BitwiseOr: ("|", BIT_OR),
    tirx.BitwiseXor: ("^", BIT_XOR),
    tirx.LShift: ("<<", SHIFT),
    tirx.RShift: (">>", SHIFT),
}
"""Nodes that are a C operator."""

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The same comparison with its operands exchanged."""

CALLS = {
    "bitwise_and": ("&", BIT_AND),
    "bitwise_or": ("|", BIT_OR),
    "bitwise_xor": ("^", BIT_XOR),
    "shift_left": ("<<", SHIFT),
    "shift_right": (">>", SHIFT),
}
"""Calls that are a C operator."""

WRAPPING = (tirx.Add, tirx.Sub, tirx.Mul)
"""Integer operators whose narrow results C leaves in int, where TVM and numpy wrap."""

MIXED = frozenset({AND, OR, SHIFT, BIT_AND, BIT_XOR, BIT_OR})
"""Operators whose mixing with others gcc -Wall wants in parentheses."""


class Environment(Protocol):
    """What an expression needs to know about where it stands."""

    analyzer: Any
    """A tvm.sym.Analyzer that knows the ranges of the loop variables in scope."""

    def name(self, var: Any) -> str:
        """The C name of a variable or buffer."""
        ...

    def element(self, buffer: Any, indices: Any) -> Piece:
        """An element of a buffer as an lvalue."""
        ...

    def known(self, expr: Any) -> str | None:
        """The variable that holds an expression's value already, if there is one."""
        ...

    def helper(self, name: str, kind: str) -> str:
        """Ask for a helper function for an element or vector type; its C name."""
        ...

    def vector_type(self, dtype: str, lanes: int) -> str:
        """Ask for a vector type; its C name."""
        ...


class Expressions:
    """Prints expressions for one environment."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.by_type: dict[Any, Callable[[Any], Piece]] = {
            ir.Var: lambda e: (self.env.name(e), ATOM),
            tirx.IntImm: self.literal,
            tirx.FloatImm: self.literal,
            ir.TensorLoad: lambda e: self.env.element(e.source, e.indices),
            tirx.Cast: self.cast,
            tirx.Not: self.negation,
            tirx.Select: lambda e: self.select(e.condition, e.true_value, e.false_value),
            tirx.Min: lambda e: self.extreme("min", e),
            tirx.Max: lambda e: self.extreme("max", e),
            tirx.FloorDiv: lambda e: self.floor("floordiv", "/", e),
            tirx.FloorMod: lambda e: self.floor("floormod", "%", e),
            tirx.Let: self.let,
            ir.Call: self.call,
        }

    def text(self, expr: Any, least: int = 0) -> str:
        """C for ``expr``; in parentheses if it binds weaker than ``least``."""
        text, strength = self.piece(expr)
        return f"({text})" if strength < least else text

    def piece(self, expr: Any) -> Piece:
        """C for ``expr`` with its precedence."""
        if name := self.env.known(expr):
            return name, ATOM
        kind = type(expr)
        if kind in BINARY:
            operator, strength = BINARY[kind]
            left, right = expr.a, expr.b
            if strength == RELATION and is_number(left):
                operator, left, right = MIRRORED[operator], right, left
            return self.narrow(expr, self.binary(operator, strength, left, right))
        if kind not in self.by_type:
            raise NotImplementedError(f"the C printer has no rule for {kind.__name__}: {expr}")
        return self.by_type[kind](expr)

    def binary(self, operator: str, strength: int, left: Any, right: Any) -> Piece:
        """``left operator right``; the right operand of an equal operator keeps its parentheses."""
        texts = []
        for operand, least in ((left, strength), (right, strength + 1)):
            text, inner = self.piece(operand)
            apart = strength in MIXED and inner < ATOM and inner in {*MIXED, ADD}
            if inner < least or (apart and inner != strength):
                text = f"({text})"
            texts.append(text)
        return f"{texts[0]} {operator} {texts[1]}", strength

    def narrow(self, expr: Any, piece: Piece) -> Piece:
        """Integers below 32 bits wrap around as numpy's do: C computed them in int."""
        if not isinstance(expr, WRAPPING):
            return piece
        dtype = dtype_of(expr)
        if is_float(dtype) or dtype in {"int32", "int64", "uint32", "uint64", "bool"}:
            return piece
        return f"({C_TYPES[dtype]})({piece[0]})", UNARY

    def literal(self, expr: Any) -> Piece:
        """A number."""
        dtype = dtype_of(expr)
        text = floating(expr.value, dtype) if is_float(dtype) else integer(int(expr.value), dtype)
        return text, UNARY if text[0] in "-(" else ATOM

    def cast(self, expr: Any) -> Piece:
        """``(type)value``; a cast between equal types vanishes."""
        if dtype_of(expr) == dtype_of(expr.value):
            return self.piece(expr.value)
        return f"({C_TYPES[dtype_of(expr)]}){self.text(expr.value, UNARY)}", UNARY

    def negation(self, expr: Any) -> Piece:
        """Logical not; of a comparison of integers the opposite comparison."""
        opposite = {
            tirx.EQ: tirx.NE, tirx.NE: tirx.EQ, tirx.LT: tirx.GE,
            tirx.GE: tirx.LT, tirx.GT: tirx.LE, tirx.LE: tirx.GT,
        }.get(type(expr.a))  # fmt: skip
        if opposite is not None and not is_float(dtype_of(expr.a.a)):
            return self.piece(opposite(expr.a.a, expr.a.b))
        return f"!{self.text(expr.a, UNARY)}", UNARY

    def select(self, condition: Any, yes: Any, no: Any) -> Piece:
        """A choice; an arm may be evaluated in vain but never reads where it must not."""
        parts = (self.text(condition, OR), self.text(yes, CHOICE + 1), self.text(no, CHOICE))
        return f"{parts[0]} ? {parts[1]} : {parts[2]}", CHOICE

    def extreme(self, which: str, expr: Any) -> Piece:
        """Minimum or maximum; NaN wins, as in numpy.

        Against a constant one comparison is enough (``x < 0 ? 0 : x`` is NaN where x is), and gcc
        has an instruction for it; two unknown numbers need the helper.
        """
        number, other = (expr.b, expr.a) if is_number(expr.b) else (expr.a, expr.b)
        text, strength = self.piece(other)
        if is_number(number) and strength == ATOM and "(" not in text:
            limit, operator = self.text(number), "<" if which == "max" else ">"
            return f"{text} {operator} {limit} ? {limit} : {text}", CHOICE
        name = self.env.helper(which, dtype_of(expr))
        return f"{name}({self.text(expr.a)}, {self.text(expr.b)})", ATOM

    def floor(self, helper: str, operator: str, expr: Any) -> Piece:
        """Division towards minus infinity: C's own where nothing is negative."""
        divisor = constant(expr.b)
        if divisor and divisor > 0 and self.lower_bound(expr.a) >= 0:
            return self.binary(operator, MUL, expr.a, expr.b)
        name = self.env.helper(helper, dtype_of(expr))
        return f"{name}({self.text(expr.a)}, {self.text(expr.b)})", ATOM

    def lower_bound(self, expr: Any) -> int:
        """What is known to be the least value of an integer expression."""
        return int(self.env.analyzer.const_int_bound(expr).min_value)

    def let(self, expr: Any) -> Piece:
        """A value bound inside an expression is pure: it is put where it is used."""
        return self.piece(substitute(expr.body, {expr.var: expr.value}))

    def call(self, expr: Any) -> Piece:
        """Intrinsics: operators of C, our vector maths, or the C library."""
        name = expr.op.name.split(".")[-1]
        if name == "likely":
            return self.piece(expr.args[0])
        if name == "if_then_else":
            return self.select(*expr.args)
        if name in CALLS:
            return self.binary(*CALLS[name], *expr.args)
        if name in {"call_pure_extern", "call_extern"}:
            arguments = ", ".join(self.text(a) for a in expr.args[1:])
            return f"{expr.args[0].value}({arguments})", ATOM
        dtype = dtype_of(expr.args[0])
        return self.function(maths.function(name, dtype), dtype, expr)

    def function(self, chosen: "maths.Function", dtype: str, expr: Any) -> Piece:
        """A call of a maths function; half precision computes in float."""
        arguments = ", ".join(self.text(a) for a in expr.args)
        name = self.env.helper(chosen.helper, chosen.dtype) if chosen.helper else chosen.library
        if dtype == chosen.dtype or chosen.boolean:
            return f"{name}({arguments})", ATOM
        return f"({C_TYPES[dtype]}){name}({arguments})", UNARY


def is_number(expr: Any) -> bool:
    """Whether an expression is a literal."""
    return isinstance(expr, tirx.IntImm | tirx.FloatImm)


def row_major(indices: Any, shape: Any, analyzer: Any) -> Any:
    """The flat index of an element of a C-contiguous array, simplified."""
    flat: Any = tirx.IntImm("int32", 0)
    for index, extent in zip(indices, shape, strict=True):
        flat = flat * extent + index
    return analyzer.simplify(flat)


def new_analyzer() -> Any:
    """An empty tvm.sym.Analyzer."""
    return sym.Analyzer()
