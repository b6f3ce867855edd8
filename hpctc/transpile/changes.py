"""What statements change, as far as their text tells: names, and what stands behind them."""

from collections.abc import Sequence

from hpctc.syntax import tree
from hpctc.transpile.scope import Collective, Warped


def unless(condition: tree.Expr) -> tree.If:
    """``if (!condition) break;``."""
    return tree.If(tree.Unary("!", condition), tree.Block((tree.Jump("break"),)))


def continues(body: tree.Node) -> bool:
    """Whether a loop's body goes to the next round before its end."""
    if isinstance(body, tree.Jump):
        return body.kind == "continue"
    if isinstance(body, tree.For | tree.While | tree.Do):
        return False
    return any(continues(child) for child in tree.children(body))


def formula(body: tree.Block) -> tree.Expr | None:
    """The value of a function that is nothing but one, and does nothing besides."""
    match body.body:
        case (tree.Return(value),) if value is not None and not isinstance(value, tree.Braces):
            acts = any(isinstance(n, tree.Assign | tree.Postfix | tree.Lambda)
                       or (isinstance(n, tree.Unary) and n.op in ("++", "--"))
                       for n in tree.walk(value))  # fmt: skip
            return None if acts else value
        case _:
            return None


def passed_to_lambdas(body: tree.Node) -> set[str]:
    """Names that are passed to reference parameters of lambdas and methods of this body."""
    lambdas = {
        v.name: v.value.parameters
        for v in tree.walk(body)
        if isinstance(v, tree.Variable) and isinstance(v.value, tree.Lambda)
    }
    found: set[str] = set()
    for call in tree.walk(body):
        if isinstance(call, tree.Call) and isinstance(call.function, tree.Name):
            for parameter, arg in zip(lambdas.get(call.function.name, ()), call.args, strict=False):
                if isinstance(parameter.type, tree.Reference):
                    found.add(variable_of(arg))
        elif isinstance(call, tree.Call) and isinstance(call.function, tree.Member):
            found |= {variable_of(arg) for arg in call.args}
    return found


def reassigned(body: tree.Node) -> set[str]:
    """Names that are given another value themselves; what is stored behind them does not count."""
    found: set[str] = set()
    for node in tree.walk(body):
        match node:
            case tree.Assign(_, tree.Name(name), _):
                found.add(name)
            case tree.Postfix(_, tree.Name(name)) | tree.Unary("++" | "--" | "&", tree.Name(name)):
                found.add(name)
            case tree.Variable(_, tree.Reference(), _, _, tree.Name(name)):
                found.add(name)
            case _:
                pass
    return found


def address(node: tree.Expr) -> tree.Expr:
    """``&node``; of ``*p`` it is ``p``."""
    return (
        node.operand if isinstance(node, tree.Unary) and node.op == "*" else tree.Unary("&", node)
    )


def mutated(body: tree.Node) -> set[str]:
    """Names that something below assigns, steps, or takes the address of."""
    found: set[str] = set()
    for node in tree.walk(body):
        match node:
            case tree.Assign(_, target, _):
                found.add(variable_of(target))
            case tree.Postfix(_, operand) | tree.Unary("++" | "--" | "&", operand):
                found.add(variable_of(operand))
            case tree.Call(tree.Member(base, _), _):
                found.add(variable_of(base))
            case tree.Variable(_, tree.Reference(), _, _, value) if value is not None:
                found.add(variable_of(value))
            case Collective(_, target, _, _):
                found.add(target.name)
            case Warped():
                found |= {n.name for n in tree.walk(node) if isinstance(n, tree.Name)}
            case _:
                pass
    return found - {""}


def variable_of(node: tree.Expr) -> str:
    """The variable that an lvalue is a part of; empty where it lies behind a pointer's value."""
    while True:
        match node:
            case tree.Name(name):
                return name
            case tree.Index(inner, _) | tree.Member(inner, _) | tree.Cast(_, inner):
                node = inner
            case tree.Unary("&" | "*", inner):
                node = inner
            case _:
                return ""


def counts(step: tree.Expr, up: bool) -> bool:
    """Whether a loop's step surely moves its variable upwards (or downwards)."""
    match step:
        case tree.Unary(op, _) | tree.Postfix(op, _):
            return op == ("++" if up else "--")
        case tree.Assign("+=", _, value):
            return up and not isinstance(value, tree.Unary)
        case tree.Assign(op, _, _):
            return not up and op in ("-=", "/=", ">>=")
        case _:
            return False


def loads(node: tree.Expr) -> bool:
    """Whether an expression calls or changes something, so that it cannot be written twice."""
    return any(isinstance(n, tree.Call | tree.Postfix | tree.Assign) for n in tree.walk(node))


def names_of(statements: Sequence[tree.Node]) -> set[str]:
    """Names mentioned in statements."""
    return {n.name for s in statements for n in tree.walk(s) if isinstance(n, tree.Name)}
