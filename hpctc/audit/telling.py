"""Whether a published record's outputs tell a right program from one that computes nothing."""

from collections.abc import Mapping, Sequence

import numpy as np

from hpctc.audit.findings import Notes
from hpctc.audit.launches import Runnable
from hpctc.audit.trials import TRIALS, equal
from hpctc.core.records import Tensor
from hpctc.dataset.admission import MIMICS
from hpctc.native.call import Array, poisoned

Arrays = Mapping[str, Array]


def no_numbers(record: Runnable, results: Sequence[Arrays], notes: Notes) -> None:
    """Outputs that are NaN on what the benchmark draws, with their share on every trial."""
    for tensor in record.outputs:
        if np.dtype(tensor.dtype).kind != "f":
            continue
        shares = [float(np.isnan(made[tensor.name]).mean()) for made in results]
        if shares and (shares[0] > 0 or min(shares) > 0):
            listed = ", ".join(
                f"{share:.0%} on {trial.name}" for share, trial in zip(shares, TRIALS, strict=False)
            )
            notes.add("nan", f"{tensor.name} is NaN: {listed}")


def empty_programs(record: Runnable, results: Sequence[Arrays], notes: Notes) -> None:
    """Outputs that an empty program gets right on every trial."""
    if len(results) < len(TRIALS):
        return
    for tensor in record.outputs:
        made = [r[tensor.name] for r in results]
        if all(np.array_equal(m, made[0], equal_nan=m.dtype.kind == "f") for m in made[1:]):
            notes.add("vacuous", f"{tensor.name} is the same whatever the inputs that were drawn")
            continue
        for what, written in _mimics(record, tensor, made[0]).items():
            if all(equal(w, m) for w, m in zip(written, made, strict=True)):
                notes.add("vacuous", f"a program passes that would {what}, as {tensor.name}")
                break


def _mimics(record: Runnable, tensor: Tensor, made: Array) -> Mapping[str, Sequence[Array]]:
    """What empty programs leave in an output, trial by trial; as in ``hpctc generate``."""
    count = len(TRIALS)
    zeros = np.zeros(tensor.shape, tensor.dtype)
    constant = np.full(tensor.shape, made.reshape(-1)[0])
    found: dict[str, Sequence[Array]] = {
        MIMICS[0]: [poisoned(tensor.shape, tensor.dtype)] * count,
        MIMICS[1]: [zeros] * count,
        MIMICS[2]: [constant] * count,
    }
    for given in record.inputs:
        if np.prod(given.shape) == np.prod(tensor.shape) and given.dtype == tensor.dtype:
            copies = [t.draw(record.inputs)[given.name].reshape(tensor.shape) for t in TRIALS]
            found[f"{MIMICS[3]} ({given.name})"] = copies
    return found
