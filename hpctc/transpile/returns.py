"""Early returns as branches: ``if (c) return; rest`` becomes ``if (c) {} else { rest }``.

A return inside a loop or a switch leaves it by ``break``; where more follows, a flag says that the
function has returned, and what follows asks it. A ``return`` that stays is the last thing its way
through the function does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hpctc.syntax import tree

FLAG = "has_returned"


def has_return(node: tree.Node) -> bool:
    """Whether a return stands anywhere below; a lambda's returns are its own."""
    if isinstance(node, tree.Return):
        return True
    return not isinstance(node, tree.Lambda) and any(has_return(c) for c in tree.children(node))


def always_returns(statements: Sequence[tree.Node]) -> bool:
    """Whether every way through ends in a return."""
    if not statements:
        return False
    match statements[-1]:
        case tree.Return():
            return True
        case tree.Block(body):
            return always_returns(body)
        case tree.If(_, then, otherwise) if otherwise is not None:
            return always_returns((then,)) and always_returns((otherwise,))
        case _:
            return False


def structured(statements: Sequence[Any], drop: bool) -> tuple[Any, ...]:
    """The same statements without jumps out of them: returns at ends only, loops left by ``break``.

    ``drop`` removes returns altogether: of a kernel, which has no value to return.
    """
    branched = tailed(statements, drop)
    if not any(has_return(s) for s in branched if not isinstance(s, tree.Return)):
        return branched
    made = _Leaving(drop).sequence(branched, 0, last=True)
    if not any(isinstance(n, tree.If) and _asks(n) for s in made for n in tree.walk(s)):
        return tuple(_unflagged(s) for s in made)
    flag = tree.Declaration((tree.Variable(FLAG, tree.Named("int"), value=tree.Number("0")),))
    first = next(i for i, s in enumerate(made) if tree.Name(FLAG) in tree.walk(s))
    return (*made[:first], flag, *made[first:])


def tailed(statements: Sequence[Any], drop: bool) -> tuple[Any, ...]:
    """The same statements with the returns of branches at their ends.

    A return inside a loop stays where it is, and so does one in a branch that may go on.
    """
    made: list[Any] = []
    for i, statement in enumerate(statements):
        if isinstance(statement, tree.Return):
            return (*made, *(() if drop else (statement,)))
        if isinstance(statement, tree.Block) and has_return(statement):
            return (*made, *tailed((*statement.body, *statements[i + 1 :]), drop))
        if isinstance(statement, tree.If) and has_return(statement):
            rest = tuple(statements[i + 1 :])
            branch = _branch(statement, rest, drop)
            if branch is not None:
                return (*made, branch)
        made.append(statement)
    return tuple(made)


def _branch(node: tree.If, rest: tuple[Any, ...], drop: bool) -> tree.If | None:
    then = _parts(node.then)
    other = _parts(node.otherwise) if node.otherwise is not None else ()
    if always_returns(then):
        other = (*other, *rest)
    elif always_returns(other):
        then = (*then, *rest)
    elif rest:
        return None
    first, second = tailed(then, drop), tailed(other, drop)
    return tree.If(
        node.condition, tree.Block(first), tree.Block(second) if second else None,
        node.constexpr, at=node.at,
    )  # fmt: skip


@dataclass(frozen=True)
class _Leaving:
    """Rewrites the returns that :func:`tailed` leaves inside loops and branches."""

    drop: bool

    def sequence(self, statements: Sequence[Any], around: int, last: bool) -> tuple[Any, ...]:
        """Statements inside ``around`` loops and switches; ``last``: nothing follows them."""
        made: list[Any] = []
        gone = False
        for i, statement in enumerate(statements):
            gone = gone and not isinstance(statement, tree.Case)
            if gone:
                continue
            if isinstance(statement, tree.Return):
                made += self._left(statement, around, last)
                gone = True  # up to the next case of a switch
                continue
            if not has_return(statement):
                made.append(statement)
                continue
            rest = statements[i + 1 :]
            inner = self._inside(statement, around, last and not rest)
            leaves = isinstance(statement, tree.For | tree.While | tree.Do | tree.Switch)
            if around and leaves:
                made += [inner, tree.If(tree.Name(FLAG), tree.Block((tree.Jump("break"),)))]
                continue
            if not rest or around:
                made.append(inner)
                continue
            after = tree.Block(self.sequence(rest, around, last))
            return (*made, inner, tree.If(tree.Unary("!", tree.Name(FLAG)), after))
        return tuple(made)

    def _left(self, statement: tree.Return, around: int, last: bool) -> list[Any]:
        kept: list[Any] = [] if self.drop or statement.value is None else [statement]
        if last and not around:
            return kept
        flag = tree.Evaluate(tree.Assign("=", tree.Name(FLAG), tree.Number("1")))
        return [*kept, flag, *([tree.Jump("break")] if around else [])]

    def _inside(self, node: Any, around: int, last: bool) -> Any:
        def body(part: tree.Node, more: int) -> tree.Block:
            return tree.Block(self.sequence(_parts(part), around + more, last))

        match node:
            case tree.Block():
                return body(node, 0)
            case tree.If(_, then, otherwise):
                other = None if otherwise is None else body(otherwise, 0)
                return replace(node, then=body(then, 0), otherwise=other)
            case tree.For() | tree.While() | tree.Do() | tree.Switch():
                return replace(node, body=body(node.body, 1))
            case _:
                return node


def _asks(node: tree.If) -> bool:
    return node.condition in (tree.Name(FLAG), tree.Unary("!", tree.Name(FLAG)))


def _unflagged(node: Any) -> Any:
    """The node without assignments of a flag that nobody asks."""
    from hpctc.syntax import edit

    def change(part: tree.Node) -> tree.Node:
        if not isinstance(part, tree.Block):
            return part
        kept = tuple(s for s in part.body if not _sets_flag(s))
        return replace(part, body=kept) if len(kept) != len(part.body) else part

    return edit.transform(node, change)


def _sets_flag(node: tree.Node) -> bool:
    return (
        isinstance(node, tree.Evaluate)
        and isinstance(node.value, tree.Assign)
        and node.value.target == tree.Name(FLAG)
    )


def _parts(node: tree.Node) -> tuple[Any, ...]:
    return node.body if isinstance(node, tree.Block) else (node,)
