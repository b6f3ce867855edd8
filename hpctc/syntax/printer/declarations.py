"""Declared names, with what stands before and behind them."""

from hpctc.syntax import tree
from hpctc.syntax.printer.strength import ASSIGN, at_least, listed
from hpctc.syntax.printer.types import declarator, declare, template_argument


def attribute(node: tree.Attribute) -> str:
    """As it was written."""
    args = ", ".join(template_argument(a) for a in node.args)
    return f"{node.name}(({args}))" if node.name == "__attribute__" else f"{node.name}({args})"


def prefix(storage: tuple[str, ...], attributes: tuple[tree.Attribute, ...]) -> str:
    """What stands before a type: storage words, and attributes other than gcc's."""
    leading = [attribute(a) for a in attributes if a.name != "__attribute__"]
    return "".join(f"{word} " for word in [*storage, *leading])


def suffix(attributes: tuple[tree.Attribute, ...]) -> str:
    """Gcc's attributes, which stand behind."""
    return "".join(f" {attribute(a)}" for a in attributes if a.name == "__attribute__")


def variable(node: tree.Variable, name: str) -> str:
    """A declarator with its first value."""
    if node.value is not None:
        return f"{name}{suffix(node.attributes)} = {at_least(node.value, ASSIGN)}"
    if node.constructor is not None:
        return f"{name}{suffix(node.attributes)}({listed(node.constructor)})"
    return f"{name}{suffix(node.attributes)}"


def declaration(node: tree.Declaration) -> str:
    """Names declared together, the base type once."""
    first, *rest = node.variables
    head = prefix(first.storage, first.attributes)
    parts = [variable(first, declare(first.type, first.name))]
    for other in rest:
        _, before, after = declarator(other.type, other.name)
        parts.append(variable(other, f"{before}{after}"))
    return f"{head}{', '.join(parts)};"


def parameter(node: tree.Parameter) -> str:
    """A parameter with its default."""
    text = declare(node.type, node.name)
    return text if node.value is None else f"{text} = {at_least(node.value, ASSIGN)}"
