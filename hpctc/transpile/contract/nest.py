"""A perfect nest: ``array[index] = value`` for all values of some digits."""

from collections.abc import Callable
from dataclasses import dataclass

from hpctc.syntax import tree
from hpctc.transpile.contract.forms import Form, Space
from hpctc.transpile.contract.kinds import Kinds
from hpctc.transpile.contract.values import Op, Sum, Test, Value, forms, reformed, retested, walk


@dataclass
class Nest:
    """``array[index] = value`` for all free digits, where the test holds."""

    space: Space
    array: str
    index: Form
    value: Value
    """Holds one Sum, over ``over``, once or more often."""
    test: Test
    free: list[str]
    over: list[str]
    kinds: Kinds
    kind: str
    """The type of the sum: float or int."""

    @property
    def zero(self) -> Value:
        """The literal 0 of the sum's type."""
        return self.zero_of(self.kind)

    @staticmethod
    def zero_of(kind: str) -> Value:
        """The literal 0 of a type."""
        return Op(tree.Number("0.0f" if kind == "float" else "0"))

    @property
    def sum(self) -> Sum:
        """The one sum of the value, wherever it is used."""
        return next(part for part in walk(self.value) if isinstance(part, Sum))

    def forms(self) -> list[Form]:
        """Every form of the nest."""
        return [self.index, *forms(self.value), *(b.form for b in self.test)]

    def apply(self, change: Callable[[Form], Form]) -> None:
        """Change every form."""
        self.index = change(self.index)
        self.value = reformed(self.value, change)
        self.test = retested(self.test, change)
