"""C with a kernel's own parameters beside the kernel itself, emulated: do they leave the same?

The emulator runs the CUDA once for every trial, and what it leaves in each array is what is right;
two results agree as in an audit (:mod:`hpctc.audit.trials`). The C runs in the jail: a function
around it copies what the kernel may write, so that what the C reads first is what the CUDA read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hpctc.audit.trials import TRIALS, Trial, disagreement
from hpctc.core.errors import UsageError
from hpctc.core.records import Pair, Provenance, Tensor
from hpctc.emulate import Emulation, emulate
from hpctc.emulate.request import read_arguments
from hpctc.emulate.run import Buffers
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.seat import Seat
from hpctc.evaluate.verify import Finding
from hpctc.native.call import Array
from hpctc.sandbox.arena import Flush
from hpctc.sandbox.process import Ended
from hpctc.transpile.launched import Launched, Parameter

AROUND = "hpctc_around"
"""The function that the jail calls."""

GIVEN = (Trial(1, "as given", 0.0, 1.0), Trial(2, "as given", 0.0, 1.0))
"""The trials where the user says what an array holds; its random values differ by the seed."""


class Sides:
    """A kernel with all that running it takes, as far as that is known."""

    def __init__(self, kernel: Launched, texts: Sequence[str], folder: Path) -> None:
        """``texts`` are the user's ``NAME=VALUE``, which count before what the file says.

        ``folder`` is where the file's own headers lie. A text that fits no parameter is a
        :class:`UsageError`.
        """
        self.kernel = kernel
        self.folder = folder
        self._texts = {text.partition("=")[0]: text for text in texts}
        names = [p.name for p in kernel.parameters]
        if strange := sorted(set(self._texts) - set(names)):
            raise UsageError(
                f"{kernel.name} has no parameter {strange[0]!r}", f"it has {', '.join(names)}"
            )
        self.arrays = tuple(p for p in kernel.parameters if p.is_array)
        self.values = self._values()
        self.launch = kernel.launch(self.values)
        self.unknown = self._unknown()
        """Why nothing can be run; empty: nothing stands in the way."""

    def trials(self) -> Sequence[Trial]:
        """Ways to fill the arrays."""
        return GIVEN if any(p.name in self._texts for p in self.arrays) else TRIALS[:2]

    def filled(self, trial: Trial) -> dict[str, Array]:
        """What every array holds at first, in the order of the parameters."""
        told = [self._texts[p.name] for p in self.arrays if p.name in self._texts]
        drawn = [
            Tensor(name=p.name, shape=(p.elements or 0,), dtype=p.dtype or "")
            for p in self.arrays
            if p.name not in self._texts
        ]
        made = {**read_arguments(told, trial.seed).arrays, **trial.draw(drawn)}
        return {p.name: made[p.name] for p in self.arrays}

    def tensors(self, filled: Mapping[str, Array]) -> tuple[list[Tensor], list[Tensor]]:
        """All arrays, and those of them that the kernel may write."""
        known = {n: Tensor(name=n, shape=a.shape, dtype=a.dtype.name) for n, a in filled.items()}
        return list(known.values()), [known[p.name] for p in self.arrays if not p.is_const]

    def _values(self) -> dict[str, int | float]:
        """The scalars that are known."""
        found: dict[str, int | float] = {}
        told = read_arguments(list(self._texts.values()), 0)
        given = dict(zip(self._texts, told.args, strict=True))
        for parameter in self.kernel.parameters:
            value = given.get(parameter.name, parameter.value)
            if parameter.name in given and parameter.is_array != isinstance(value, str):
                form = "NAME=f32[1024]:random" if parameter.is_array else "NAME=1024"
                raise UsageError(
                    f"{parameter.name} is {'an' if parameter.is_array else 'no'} array",
                    f"write {form.replace('NAME', parameter.name)}",
                )
            if isinstance(value, str):
                _fit(parameter, told.arrays[value].dtype.name)
            elif value is not None:
                found[parameter.name] = value
        return found

    def _unknown(self) -> str:
        strange = [p.name for p in self.kernel.parameters if p.dtype is None]
        if strange:
            return f"{', '.join(strange)}: there are no values of such a type here"
        lacks = [p for p in self.kernel.parameters if not self._is_known(p)]
        if lacks:
            wanted = " ".join(f"--arg {p.name}={_example(p)}" for p in lacks)
            return f"the file does not say what {self.kernel.name} is given; add {wanted}"
        return "" if self.launch else "the extents of the launch do not come out as numbers"

    def _is_known(self, parameter: Parameter) -> bool:
        if parameter.is_array and parameter.name not in self._texts:
            return parameter.elements is not None
        return parameter.is_array or parameter.name in self.values


def judge(code: str, sides: Sides, bench: Bench) -> Finding | str:
    """Run ``code`` beside the CUDA on every trial; a text says why nothing can be told."""
    if sides.unknown:
        return sides.unknown
    trials = []
    for trial in sides.trials():
        before = sides.filled(trial)
        right = _emulated(sides, before, bench.setup.limits.wall_seconds)
        if isinstance(right, str):
            return right
        trials.append(Tried(trial, before, right))
    tensors, written = sides.tensors(trials[0].before)
    built = bench.compile(f"{code}\n{around(sides, tensors, written)}")
    if built.library is None:
        return Finding("not built", f"it cannot be called as {sides.kernel.signature}: {built.log}")
    flushes: tuple[Flush, ...] = ("end", "start")
    for flush in flushes:
        with Seat(bench.setup, built.library, _pair(sides, tensors, written), flush) as seat:
            for turn, tried in enumerate(trials):
                if (wrong := _compared(seat, tried, turn)) is not None:
                    return wrong
    shown = "; ".join(str(tried.trial) for tried in trials)
    return Finding("correct", f"it leaves what the emulated CUDA leaves ({shown})")


@dataclass(frozen=True)
class Tried:
    """A trial with what every array holds before and what those that are written hold after."""

    trial: Trial
    before: Mapping[str, Array]
    right: Mapping[str, Array]


def _compared(seat: Seat, tried: Tried, turn: int) -> Finding | None:
    """One call of the C, and what is wrong with it."""
    outcome = seat.call(list(tried.before.values()), turn)
    if isinstance(outcome, Ended):
        return Finding(outcome.failure, outcome.detail)
    if (where := seat.outputs.trespass()) is not None:
        return Finding("out-of-bounds", where)
    for tensor, got in zip(seat.outputs.tensors, seat.outputs.arrays, strict=True):
        sides = [(tried.trial, got, tried.right[tensor.name])]
        if wrong := disagreement(tensor.name, sides, "beside the emulated CUDA"):
            return Finding("wrong", wrong)
    return None


def _emulated(
    sides: Sides, before: Mapping[str, Array], seconds: float
) -> Mapping[str, Array] | str:
    """What the CUDA leaves in the arrays that it may write; a text says what is wrong with it."""
    tensors, written = sides.tensors(before)
    read = tuple(t for t in tensors if t not in written)
    buffers = Buffers(inputs=read, outputs=tuple(written))
    assert sides.launch is not None
    how = Emulation(seconds=seconds)
    run = emulate(sides.kernel.source, [sides.launch], buffers, before, how, sides.folder)
    bad = next((f for f in run.findings if not f.harmless), None)
    return run.outputs if bad is None else f"the CUDA itself does not run as it should: {bad}"


def around(sides: Sides, tensors: Sequence[Tensor], written: Sequence[Tensor]) -> str:
    """C of a function of arrays alone that calls the kernel's function with its scalars."""
    heads = [f"const void *in_{t.name}" for t in tensors] + [f"void *out_{t.name}" for t in written]
    copies = [f"    __builtin_memcpy(out_{t.name}, in_{t.name}, {_bytes(t)});\n" for t in written]
    args = ", ".join(_passed(p, sides.values) for p in sides.kernel.parameters)
    body = "".join(copies) + f"    {sides.kernel.name}({args});\n"
    return f'#line 1 "around.c"\nvoid {AROUND}({", ".join(heads)}) {{\n{body}}}\n'


def _passed(parameter: Parameter, values: Mapping[str, int | float]) -> str:
    if parameter.is_array:
        return f"(void *){'in' if parameter.is_const else 'out'}_{parameter.name}"
    value = values[parameter.name]
    return f"({value.hex()})" if isinstance(value, float) else f"({value})"


def _bytes(tensor: Tensor) -> int:
    return int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(tensor.dtype).itemsize


def _pair(sides: Sides, tensors: Sequence[Tensor], written: Sequence[Tensor]) -> Pair:
    """What a seat needs to know: the function around, what it is given and what it leaves."""
    return Pair.make(
        name=sides.kernel.name, category="elementwise", graph="", c_code="", cuda_code="",
        entry=AROUND, launches=(), inputs=tuple(tensors), outputs=tuple(written), flops=0, bytes=0,
        provenance=Provenance(source="file"),
    )  # fmt: skip


def _fit(parameter: Parameter, dtype: str) -> None:
    """Refuse an array of other elements than the kernel's."""
    if parameter.dtype not in (None, dtype):
        raise UsageError(
            f"{parameter.name} has elements of {parameter.dtype}, and {dtype} was given",
            f"write {parameter.name}={_example(parameter)}",
        )


def _example(parameter: Parameter) -> str:
    """How a user would say what it is given."""
    return f"'{parameter.dtype}[COUNT]:random'" if parameter.is_array else "NUMBER"


__all__ = ["AROUND", "Sides", "around", "judge"]
