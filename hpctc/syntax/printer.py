"""Tree to source text: two spaces a level, parentheses only where C needs or gcc asks for them."""

from collections.abc import Iterable
from functools import singledispatch

from hpctc.syntax import tree

_BINARY = {
    ",": 1, "||": 4, "&&": 5, "|": 6, "^": 7, "&": 8, "==": 9, "!=": 9, "<": 10, ">": 10,
    "<=": 10, ">=": 10, "<<": 11, ">>": 11, "+": 12, "-": 12, "*": 13, "/": 13, "%": 13,
}  # fmt: skip
_ASSIGN, _SELECT, _UNARY, _POSTFIX, _PRIMARY = 2, 3, 14, 15, 16

_CONFUSING = {
    "||": {"&&"},
    "|": {"+", "-", "&", "^", "<<", ">>"},
    "^": {"+", "-", "&"},
    "&": {"+", "-", "==", "!=", "<", ">"},
    "<<": {"+", "-"},
    ">>": {"+", "-"},
}
"""Outer operator -> inner ones whose mix is legal and misread: they get parentheses."""


def show(node: tree.Node) -> str:
    """Source of a unit, item, statement (with newline), or of an expression, type, variable."""
    if isinstance(node, tree.Unit):
        return _unit(node)
    if isinstance(node, tree.Type):
        return _declare(node, "")
    if isinstance(node, tree.Expr):
        return _expr(node)[0]
    if isinstance(node, tree.Variable):
        return _variable(node, _declare(node.type, node.name))
    return "\n".join(_lines(node)) + "\n"


# --- expressions: text and binding strength -----------------------------------------------------


@singledispatch
def _expr(node: tree.Node) -> tuple[str, int]:
    raise TypeError(f"{type(node).__name__} is no expression")


def _at_least(node: tree.Expr, strength: int) -> str:
    text, mine = _expr(node)
    return text if mine >= strength else f"({text})"


def _list(args: Iterable[tree.Expr]) -> str:
    return ", ".join(_at_least(a, _ASSIGN) for a in args)


@_expr.register
def _(node: tree.Name) -> tuple[str, int]:
    return node.name, _PRIMARY


@_expr.register(tree.Number)
@_expr.register(tree.Text)
def _(node: tree.Number | tree.Text) -> tuple[str, int]:
    return node.text, _PRIMARY


@_expr.register
def _(node: tree.Unary) -> tuple[str, int]:
    inner = _at_least(node.operand, _UNARY)
    space = " " if inner[:1] in "+-&" and inner[:1] == node.op[-1] else ""
    return f"{node.op}{space}{inner}", _UNARY


@_expr.register
def _(node: tree.Postfix) -> tuple[str, int]:
    return f"{_at_least(node.operand, _POSTFIX)}{node.op}", _POSTFIX


@_expr.register
def _(node: tree.Binary) -> tuple[str, int]:
    strength = _BINARY[node.op]
    left = _operand(node.op, node.left, strength)
    right = _operand(node.op, node.right, strength + 1)
    return (f"{left}, {right}" if node.op == "," else f"{left} {node.op} {right}"), strength


def _operand(op: str, node: tree.Expr, strength: int) -> str:
    if isinstance(node, tree.Binary) and node.op in _CONFUSING.get(op, ()):
        return f"({_expr(node)[0]})"
    return _at_least(node, strength)


@_expr.register
def _(node: tree.Assign) -> tuple[str, int]:
    target, value = _at_least(node.target, _UNARY), _at_least(node.value, _ASSIGN)
    return f"{target} {node.op} {value}", _ASSIGN


@_expr.register
def _(node: tree.Select) -> tuple[str, int]:
    condition, yes = _at_least(node.condition, _SELECT + 1), _at_least(node.yes, _SELECT)
    return f"{condition} ? {yes} : {_at_least(node.no, _SELECT)}", _SELECT


@_expr.register
def _(node: tree.Call) -> tuple[str, int]:
    templates = _templates(node.templates)
    return f"{_at_least(node.function, _POSTFIX)}{templates}({_list(node.args)})", _POSTFIX


@_expr.register
def _(node: tree.Construct) -> tuple[str, int]:
    opening, closing = "{}" if node.braces else "()"
    return f"{_declare(node.type, '')}{opening}{_list(node.args)}{closing}", _POSTFIX


@_expr.register
def _(node: tree.Index) -> tuple[str, int]:
    return f"{_at_least(node.base, _POSTFIX)}[{_expr(node.index)[0]}]", _POSTFIX


@_expr.register
def _(node: tree.Member) -> tuple[str, int]:
    dot = "->" if node.arrow else "."
    return f"{_at_least(node.base, _POSTFIX)}{dot}{node.name}", _POSTFIX


@_expr.register
def _(node: tree.Cast) -> tuple[str, int]:
    return f"({_declare(node.type, '')}){_at_least(node.operand, _UNARY)}", _UNARY


@_expr.register
def _(node: tree.SizeOf) -> tuple[str, int]:
    if isinstance(node.operand, tree.Type):
        return f"sizeof({_declare(node.operand, '')})", _UNARY
    if isinstance(node.operand, tree.Unary):
        return f"sizeof {_expr(node.operand)[0]}", _UNARY
    return f"sizeof({_expr(node.operand)[0]})", _UNARY


@_expr.register
def _(node: tree.Braces) -> tuple[str, int]:
    return f"{{{_list(node.items)}}}", _PRIMARY


@_expr.register
def _(node: tree.Designated) -> tuple[str, int]:
    steps = (
        f".{s.name}" if isinstance(s, tree.Member) else f"[{_expr(s.index)[0]}]" for s in node.path
    )
    return f"{''.join(steps)} = {_at_least(node.value, _ASSIGN)}", _ASSIGN


@_expr.register
def _(node: tree.Compound) -> tuple[str, int]:
    return f"({_declare(node.type, '')}){_expr(node.value)[0]}", _POSTFIX


@_expr.register
def _(node: tree.Scoped) -> tuple[str, int]:
    return f"{_declare(node.holder, '')}::{node.name}", _PRIMARY


@_expr.register
def _(node: tree.Lambda) -> tuple[str, int]:
    first = "".join(f" {w}" for w in node.words if w.startswith("__"))
    words = "".join(f" {w}" for w in node.words if not w.startswith("__"))
    result = "" if node.result is None else f" -> {_declare(node.result, '')}"
    given = ", ".join(_parameter(p) for p in node.parameters)
    body = " ".join(line.strip() for line in _lines(node.body))
    opening = f"{first} (" if first else "("
    return f"{node.captures}{opening}{given}){words}{result} {body}", _PRIMARY


# --- types and declarators ----------------------------------------------------------------------


def _templates(args: tuple[tree.Expr | tree.Type, ...] | None) -> str:
    if args is None:
        return ""
    return f"<{', '.join(_template_argument(a) for a in args)}>"


def _template_argument(arg: tree.Expr | tree.Type) -> str:
    if isinstance(arg, tree.Type):
        return _declare(arg, "")
    return _at_least(arg, _BINARY["+"])


def _declare(kind: tree.Type, name: str) -> str:
    """``kind name`` as C spells it: pointers before the name, extents after it."""
    base, before, after = _declarator(kind, name)
    joint = " " if before else ""
    return f"{base}{joint}{before}{after}"


def _declarator(kind: tree.Type, name: str) -> tuple[str, str, str]:
    after = ""
    before = name
    while not isinstance(kind, tree.Named | tree.Qualified | tree.Inner):
        if isinstance(kind, tree.Array):
            if before.startswith(("*", "&")):
                before, after = f"({before}{after})", ""
            after += f"[{_expr(kind.size)[0] if kind.size is not None else ''}]"
            kind = kind.of
        elif isinstance(kind, tree.Pointer):
            words = " ".join(kind.qualifiers)
            joint = " " if words and before and before[0] not in "*&" else ""
            before = f"*{words}{joint or (' ' if words and before else '')}{before}"
            kind = kind.to
        else:
            before = f"{kind.symbol}{before}"
            kind = kind.to
    return _base(kind), before, after


def _base(kind: tree.Named | tree.Qualified | tree.Inner) -> str:
    if isinstance(kind, tree.Inner):
        return f"typename {_declare(kind.holder, '')}::{kind.name}"
    if isinstance(kind, tree.Qualified):
        return f"{' '.join(kind.qualifiers)} {_declare(kind.of, '')}"
    return f"{kind.name}{_templates(kind.args)}"


def _attribute(node: tree.Attribute) -> str:
    args = ", ".join(_template_argument(a) for a in node.args)
    return f"{node.name}(({args}))" if node.name == "__attribute__" else f"{node.name}({args})"


def _prefix(storage: tuple[str, ...], attributes: tuple[tree.Attribute, ...]) -> str:
    leading = [_attribute(a) for a in attributes if a.name != "__attribute__"]
    return "".join(f"{word} " for word in [*storage, *leading])


def _suffix(attributes: tuple[tree.Attribute, ...]) -> str:
    return "".join(f" {_attribute(a)}" for a in attributes if a.name == "__attribute__")


def _variable(node: tree.Variable, name: str) -> str:
    if node.value is not None:
        return f"{name}{_suffix(node.attributes)} = {_at_least(node.value, _ASSIGN)}"
    if node.constructor is not None:
        return f"{name}{_suffix(node.attributes)}({_list(node.constructor)})"
    return f"{name}{_suffix(node.attributes)}"


def _declaration(node: tree.Declaration) -> str:
    first, *rest = node.variables
    head = _prefix(first.storage, first.attributes)
    parts = [_variable(first, _declare(first.type, first.name))]
    for other in rest:
        _, before, after = _declarator(other.type, other.name)
        parts.append(_variable(other, f"{before}{after}"))
    return f"{head}{', '.join(parts)};"


# --- statements and items: lines ----------------------------------------------------------------


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" if line and not line.startswith("#include") else line for line in lines]


def _body(lines: Iterable[tree.Node]) -> list[str]:
    return _indent(line for node in lines for line in _lines(node))


def _under(head: str, body: tree.Stmt) -> list[str]:
    """A statement below its head: a block opens on the head's line."""
    if isinstance(body, tree.Block):
        if not body.body:
            return [f"{head} {{}}"]
        return [f"{head} {{", *_body(body.body), "}"]
    return [f"{head}", *_body([body])]


@singledispatch
def _lines(node: tree.Node) -> list[str]:
    raise TypeError(f"{type(node).__name__} is no statement")


@_lines.register
def _(node: tree.Block) -> list[str]:
    return ["{", *_body(node.body), "}"] if node.body else [";"]


@_lines.register
def _(node: tree.Declaration) -> list[str]:
    return [_declaration(node)]


@_lines.register
def _(node: tree.Evaluate) -> list[str]:
    return [f"{_expr(node.value)[0]};"]


@_lines.register
def _(node: tree.If) -> list[str]:
    word = "if constexpr" if node.constexpr else "if"
    then = node.then
    if node.otherwise is not None and not isinstance(then, tree.Block):
        then = tree.Block((then,))  # or the else would go to an if inside
    lines = _under(f"{word} ({_expr(node.condition)[0]})", then)
    if node.otherwise is None:
        return lines
    tail = _lines(node.otherwise) if isinstance(node.otherwise, tree.If) else None
    if tail is not None:
        return [*lines[:-1], f"{lines[-1]} else {tail[0]}", *tail[1:]]
    rest = _under("else", node.otherwise)
    return [*lines[:-1], f"{lines[-1]} {rest[0]}", *rest[1:]]


@_lines.register
def _(node: tree.For) -> list[str]:
    start = _lines(node.start)[0] if node.start is not None else ";"
    condition = f" {_expr(node.condition)[0]}" if node.condition is not None else ""
    step = f" {_expr(node.step)[0]}" if node.step is not None else ""
    return _under(f"for ({start}{condition};{step})", node.body)


@_lines.register
def _(node: tree.While) -> list[str]:
    return _under(f"while ({_expr(node.condition)[0]})", node.body)


@_lines.register
def _(node: tree.Do) -> list[str]:
    lines = _under("do", node.body)
    return [*lines[:-1], f"{lines[-1]} while ({_expr(node.condition)[0]});"]


@_lines.register
def _(node: tree.Switch) -> list[str]:
    lines = [f"switch ({_expr(node.value)[0]}) {{"]
    for statement in node.body.body:
        mine = _lines(statement)
        lines += mine if isinstance(statement, tree.Case) else _indent(mine)
    return [*lines, "}"]


@_lines.register
def _(node: tree.Case) -> list[str]:
    return ["default:"] if node.value is None else [f"case {_expr(node.value)[0]}:"]


@_lines.register
def _(node: tree.Label) -> list[str]:
    return [f"{node.name}:"]


@_lines.register
def _(node: tree.Jump) -> list[str]:
    return [f"{node.kind} {node.label};" if node.label else f"{node.kind};"]


@_lines.register
def _(node: tree.Return) -> list[str]:
    return ["return;"] if node.value is None else [f"return {_expr(node.value)[0]};"]


@_lines.register
def _(node: tree.Asm) -> list[str]:
    return [f"{node.text};"]


@_lines.register(tree.Directive)
def _(node: tree.Directive) -> list[str]:
    return [node.text]


@_lines.register(tree.Using)
def _(node: tree.Using) -> list[str]:
    return [f"{node.words};"]


@_lines.register
def _(node: tree.Alias) -> list[str]:
    if node.typedef:
        return [f"typedef {_declare(node.type, node.name)}{_suffix(node.attributes)};"]
    return [f"using {node.name} = {_declare(node.type, '')};"]


@_lines.register
def _(node: tree.Enum) -> list[str]:
    values = ", ".join(n if v is None else f"{n} = {_expr(v)[0]}" for n, v in node.values)
    base = "" if node.base is None else f" : {_declare(node.base, '')}"
    head = f"{node.head}{' ' + node.name if node.name else ''}{base}"
    return [f"{head} {{ {values} }};"]


@_lines.register
def _(node: tree.StaticAssert) -> list[str]:
    return [f"static_assert({_list(node.args)});"]


@_lines.register
def _(node: tree.Record) -> list[str]:
    head = f"{'typedef ' if node.alias else ''}{node.head}{' ' + node.name if node.name else ''}"
    names = [_variable(v, "".join(_declarator(v.type, v.name)[1:])) for v in node.variables]
    tail = f" {node.alias}" if node.alias else f" {', '.join(names)}" if names else ""
    return [f"{head} {{", *_body(node.members), f"}}{_suffix(node.attributes)}{tail};"]


@_lines.register
def _(node: tree.Template) -> list[str]:
    parameters = []
    for p in node.parameters:
        word = f"typename {p.name}".strip() if p.type is None else _declare(p.type, p.name)
        parameters.append(
            word if p.default is None else f"{word} = {_template_argument(p.default)}"
        )
    return [f"template <{', '.join(parameters)}>", *_lines(node.item)]


@_lines.register
def _(node: tree.Linkage) -> list[str]:
    return [f"{node.head} {{", *_spaced(node.items), "}"]


@_lines.register
def _(node: tree.Function) -> list[str]:
    given = [_parameter(p) for p in node.parameters] + (["..."] if node.variadic else [])
    bounds = "".join(f"{_attribute(a)} " for a in node.attributes if a.name != "__attribute__")
    storage = "".join(f"{word} " for word in node.storage)
    result = "" if node.maker else f"{_declare(node.result, '')} "
    name = f"{node.name}{_templates(node.templates)}"
    signature = f"{storage}{result}{bounds}{name}({', '.join(given)})"
    begin = ", ".join(_begin(b) for b in node.begin)
    signature += f" : {begin}" if begin else ""
    signature += "".join(f" {word}" for word in node.suffix) + _suffix(node.attributes)
    return [f"{signature};"] if node.body is None else _under(signature, node.body)


def _begin(node: tree.Designated) -> str:
    field = node.path[0]
    assert isinstance(field, tree.Member)
    return f"{field.name}{_expr(node.value)[0]}"


def _parameter(node: tree.Parameter) -> str:
    text = _declare(node.type, node.name)
    return text if node.value is None else f"{text} = {_at_least(node.value, _ASSIGN)}"


def _unit(unit: tree.Unit) -> str:
    return "".join(f"{line}\n" for line in _spaced(unit.items))


def _spaced(items: tuple[tree.Item, ...]) -> list[str]:
    """Items, with an empty line around everything that is longer than a line."""
    lines: list[str] = []
    for i, item in enumerate(items):
        mine = _lines(item)
        if i and (len(mine) > 1 or (lines and lines[-1] == "}")):
            lines.append("")
        lines += mine
    return lines
