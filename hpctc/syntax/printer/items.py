"""Items of a file as lines, and the whole file."""

from hpctc.syntax import tree
from hpctc.syntax.printer.declarations import attribute, parameter, suffix, variable
from hpctc.syntax.printer.statements import inner, lines_of, under
from hpctc.syntax.printer.strength import expr, listed
from hpctc.syntax.printer.types import declarator, declare, template_argument, templates


@lines_of.register(tree.Directive)
def _(node: tree.Directive) -> list[str]:
    return [node.text]


@lines_of.register(tree.Using)
def _(node: tree.Using) -> list[str]:
    return [f"{node.words};"]


@lines_of.register
def _(node: tree.Alias) -> list[str]:
    if node.typedef:
        return [f"typedef {declare(node.type, node.name)}{suffix(node.attributes)};"]
    return [f"using {node.name} = {declare(node.type, '')};"]


@lines_of.register
def _(node: tree.Enum) -> list[str]:
    values = ", ".join(n if v is None else f"{n} = {expr(v)[0]}" for n, v in node.values)
    base = "" if node.base is None else f" : {declare(node.base, '')}"
    head = f"{node.head}{' ' + node.name if node.name else ''}{base}"
    return [f"{head} {{ {values} }};"]


@lines_of.register
def _(node: tree.StaticAssert) -> list[str]:
    return [f"static_assert({listed(node.args)});"]


@lines_of.register
def _(node: tree.Record) -> list[str]:
    head = f"{'typedef ' if node.alias else ''}{node.head}{' ' + node.name if node.name else ''}"
    names = [variable(v, "".join(declarator(v.type, v.name)[1:])) for v in node.variables]
    tail = f" {node.alias}" if node.alias else f" {', '.join(names)}" if names else ""
    return [f"{head} {{", *inner(node.members), f"}}{suffix(node.attributes)}{tail};"]


@lines_of.register
def _(node: tree.Template) -> list[str]:
    parameters = []
    for p in node.parameters:
        word = f"typename {p.name}".strip() if p.type is None else declare(p.type, p.name)
        parameters.append(word if p.default is None else f"{word} = {template_argument(p.default)}")
    return [f"template <{', '.join(parameters)}>", *lines_of(node.item)]


@lines_of.register
def _(node: tree.Linkage) -> list[str]:
    return [f"{node.head} {{", *spaced(node.items), "}"]


@lines_of.register
def _(node: tree.Function) -> list[str]:
    given = [parameter(p) for p in node.parameters] + (["..."] if node.variadic else [])
    bounds = "".join(f"{attribute(a)} " for a in node.attributes if a.name != "__attribute__")
    storage = "".join(f"{word} " for word in node.storage)
    result = "" if node.maker else f"{declare(node.result, '')} "
    name = f"{node.name}{templates(node.templates)}"
    signature = f"{storage}{result}{bounds}{name}({', '.join(given)})"
    begin = ", ".join(_begin(b) for b in node.begin)
    signature += f" : {begin}" if begin else ""
    signature += "".join(f" {word}" for word in node.suffix) + suffix(node.attributes)
    return [f"{signature};"] if node.body is None else under(signature, node.body)


def _begin(node: tree.Designated) -> str:
    field = node.path[0]
    assert isinstance(field, tree.Member)
    return f"{field.name}{expr(node.value)[0]}"


def whole(unit: tree.Unit) -> str:
    """A whole source."""
    return "".join(f"{line}\n" for line in spaced(unit.items))


def spaced(items: tuple[tree.Item, ...]) -> list[str]:
    """Items, with an empty line around everything that is longer than a line."""
    lines: list[str] = []
    for i, item in enumerate(items):
        mine = lines_of(item)
        if i and (len(mine) > 1 or (lines and lines[-1] == "}")):
            lines.append("")
        lines += mine
    return lines
