"""What a CUDA source declares: functions with their templates, types, constants, globals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hpctc.syntax import edit, tree
from hpctc.transpile import intrinsics
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.fold import Folder, constant, number

GEOMETRY = frozenset({"threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize"})

_TOGETHER = frozenset(
    {*intrinsics.COLLECTIVES, *intrinsics.BARRIERS, *GEOMETRY, "__match_all_sync",
     "this_thread_block", "coalesced_threads", "tiled_partition", "load_matrix_sync",
     "store_matrix_sync", "mma_sync", "fill_fragment", "sync", "thread_rank"}
)  # fmt: skip


@dataclass(frozen=True)
class Defined:
    """A function, kernel or struct with its template parameters."""

    item: tree.Function
    parameters: tuple[tree.TemplateParameter, ...] = ()
    """Of the template; a specialisation has none, its arguments stand in the function."""


@dataclass
class Program:
    """The declarations of one source by name; namespaces are opened."""

    functions: dict[str, list[Defined]] = field(default_factory=dict)
    records: dict[str, tuple[tree.Record, tuple[tree.TemplateParameter, ...]]] = field(
        default_factory=dict
    )
    aliases: dict[str, tree.Alias] = field(default_factory=dict)
    variables: dict[str, tree.Variable] = field(default_factory=dict)
    enumerators: dict[str, int] = field(default_factory=dict)
    """By their own names, and with their enum's before them."""
    enums: set[str] = field(default_factory=set)

    def kernels(self) -> list[str]:
        """Names of the ``__global__`` functions, in source order."""
        return [
            name
            for name, found in self.functions.items()
            if any("__global__" in f.item.storage for f in found)
        ]

    def kernel(self, name: str) -> Defined:
        """The kernel of that name; a :class:`Diagnosed` names those that there are."""
        there = self.kernels()
        if not there:
            raise Diagnosed("HPC0002")
        if name not in there:
            raise Diagnosed("HPC0003", f"{name}; there {'is' if len(there) == 1 else 'are'} "
                            + ", ".join(there))  # fmt: skip
        return next(f for f in self.functions[name] if "__global__" in f.item.storage)

    def uses_threads(self, name: str) -> bool:
        """Whether a function, or one that it calls, asks who it is or waits for others."""
        seen: set[str] = set()
        pending = [name]
        while pending:
            for defined in self.functions.get(pending.pop(), ()):
                words = _words(defined.item)
                if words & _TOGETHER or any(
                    isinstance(n, tree.Asm) for n in tree.walk(defined.item)
                ):
                    return True
                calls = (words & set(self.functions)) - seen
                seen |= calls
                pending += calls
        return False


def _words(node: tree.Node) -> set[str]:
    names = {last(n.name) for n in tree.walk(node) if isinstance(n, tree.Name)}
    return names | {n.name for n in tree.walk(node) if isinstance(n, tree.Member)}


def last(name: str) -> str:
    """A name without its namespaces."""
    return name.rpartition("::")[2]


def collect(unit: tree.Unit) -> Program:
    """Sort the items of a source by kind."""
    program = Program()
    _collect(unit.items, program)
    return program


def _collect(items: Iterable[tree.Node], program: Program) -> None:
    for item in items:
        match item:
            case tree.Linkage():
                _collect(item.items, program)
            case tree.Template(parameters, tree.Function() as function):
                _add(program, function, parameters)
            case tree.Template(parameters, tree.Record() as record):
                program.records[record.name] = (record, parameters)
            case tree.Function():
                _add(program, item, ())
            case tree.Record():
                program.records.update({n: (item, ()) for n in (item.name, item.alias) if n})
            case tree.Alias():
                program.aliases[item.name] = item
            case tree.Declaration():
                program.variables.update({v.name: v for v in item.variables})
            case tree.Enum():
                enumerate_values(item, program)


def _add(
    program: Program, function: tree.Function, parameters: Sequence[tree.TemplateParameter]
) -> None:
    if function.body is not None:
        found = program.functions.setdefault(function.name, [])
        found.append(Defined(function, tuple(parameters)))


def enumerate_values(item: tree.Enum, program: Program) -> None:
    """Note the constants of an enum; a value may mention those before it."""
    following = 0
    program.enums |= {item.name} - {""}
    for name, value in item.values:
        if value is not None:
            known = {n: number(v) for n, v in program.enumerators.items()}
            found = constant(evaluated(edit.substitute(value, known)))
            if found is None:
                raise Diagnosed("HPC0027", f"the value of {name}", item.at)
            following = found
        program.enumerators[name] = following
        if item.name:
            program.enumerators[f"{item.name}::{name}"] = following
        following += 1


def evaluated(node: tree.Expr) -> tree.Expr:
    """Integer arithmetic on constants, done."""
    fold = Folder()

    def change(part: tree.Node) -> tree.Node:
        match part:
            case tree.Binary(op, left, right):
                return fold.binary(op, left, right)
            case tree.Text(text) if len(text) == 3:
                return number(ord(text[1]))
            case _:
                return part

    return edit.transform(node, change)
