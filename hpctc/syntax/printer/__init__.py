"""Tree to source text: two spaces a level, parentheses only where C needs or gcc asks for them."""

from hpctc.syntax import tree
from hpctc.syntax.printer import expressions  # noqa: F401  (it registers the kinds of expressions)
from hpctc.syntax.printer.declarations import variable
from hpctc.syntax.printer.items import whole
from hpctc.syntax.printer.statements import lines_of
from hpctc.syntax.printer.strength import expr
from hpctc.syntax.printer.types import declare


def show(node: tree.Node) -> str:
    """Source of a unit, item, statement (with newline), or of an expression, type, variable."""
    if isinstance(node, tree.Unit):
        return whole(node)
    if isinstance(node, tree.Type):
        return declare(node, "")
    if isinstance(node, tree.Expr):
        return expr(node)[0]
    if isinstance(node, tree.Variable):
        return variable(node, declare(node.type, node.name))
    return "\n".join(lines_of(node)) + "\n"


__all__ = ["show"]
