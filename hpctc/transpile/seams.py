"""What the parts of the translator ask of each other, where one is written before the other."""

from abc import abstractmethod
from collections.abc import Sequence

from hpctc.syntax import tree
from hpctc.transpile.program import Defined
from hpctc.transpile.scope import Scopes, Typed


class Seams(Scopes):
    """Each promise names the module that keeps it."""

    @abstractmethod
    def shared_by_name(self, variable: tree.Variable) -> Typed:
        """A file's ``__shared__`` variable (:mod:`hpctc.transpile.declarations`)."""

    @abstractmethod
    def fragment_member(self, given: Typed, kind: tree.Type, member: str) -> Typed:
        """``fragment.x`` and ``fragment.num_elements`` (:mod:`hpctc.transpile.groups`)."""

    @abstractmethod
    def elementwise(self, op: str, args: list[Typed]) -> Typed:
        """An operation on vectors, place by place (:mod:`hpctc.transpile.vectors`)."""

    @abstractmethod
    def overloaded(self, op: str, given: Sequence[Typed], node: tree.Expr) -> Typed | None:
        """An operator that the source defines (:mod:`hpctc.transpile.objects`)."""

    @abstractmethod
    def made(self, kind: tree.Type, args: Sequence[tree.Expr], node: tree.Node) -> Typed | None:
        """An object from a constructor of the source (:mod:`hpctc.transpile.objects`)."""

    @abstractmethod
    def blank(self, kind: tree.Type) -> tree.Expr | None:
        """What a struct's members say they start with (:mod:`hpctc.transpile.objects`)."""

    @abstractmethod
    def static_call(self, node: tree.Call, holder: tree.Type, name: str) -> Typed:
        """``Struct<T>::function(args)`` (:mod:`hpctc.transpile.objects`)."""

    @abstractmethod
    def called_value(self, node: tree.Call, given: Typed) -> Typed:
        """``f(args)`` where ``f`` is an object (:mod:`hpctc.transpile.objects`)."""

    @abstractmethod
    def inline(
        self, defined: Defined, args: list[Typed],
        bound: dict[str, tree.Type | tree.Expr], node: tree.Node,
    ) -> Typed:  # fmt: skip
        """Put a function's body here (:mod:`hpctc.transpile.inlining`)."""

    @abstractmethod
    def emitted(
        self, defined: Defined, args: list[Typed],
        bound: dict[str, tree.Type | tree.Expr], node: tree.Node,
    ) -> Typed:  # fmt: skip
        """Call a function that the C has as well (:mod:`hpctc.transpile.inlining`)."""

    @abstractmethod
    def method(self, node: tree.Call, function: tree.Member) -> Typed:
        """A call of a method: of a group (:mod:`hpctc.transpile.groups`) or of a struct."""

    @abstractmethod
    def group_call(self, node: tree.Call, name: str) -> Typed | None:
        """A function of cooperative groups or wmma (:mod:`hpctc.transpile.groups`)."""
