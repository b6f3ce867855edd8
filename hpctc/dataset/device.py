"""Checks of a pair's CUDA side, none of which needs a GPU; where there is one, it is asked too.

It must be launchable from the record alone. Where NVRTC or nvcc is there, it must compile for sm_80
and sm_90. Where g++ is there, the emulator carries the launches out, forward with the buffers' ends
guarded and in reverse with their starts guarded, and every output is compared with the meaning.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from hpctc.core.errors import MissingTool
from hpctc.core.records import Check, Pair
from hpctc.dataset import gpu
from hpctc.dataset.launches import problems
from hpctc.dataset.rejection import Rejection
from hpctc.dataset.trials import Trial, rounded
from hpctc.dataset.votes import Votes, judged
from hpctc.emulate import Emulation, check_pair
from hpctc.native import cuda
from hpctc.native.call import Array
from hpctc.native.compiler import find
from hpctc.sandbox.compiling import around, refuse_broken

Demand = Literal["auto", "off", "require"]
"""What to do about compiling and emulating: what the machine can, nothing, or insist on both."""

ORDERS = (Emulation(), Emulation(order="reverse", guard="left"))
"""One a trial; results that depend on the order of threads cannot be right in both."""

EMULABLE = 1_000_000_000
"""Operations and bytes above which emulation would take minutes."""


def insist(demand: Demand) -> None:
    """Raise :class:`MissingTool` where both checks are required and this machine cannot do one."""
    if demand != "require":
        return
    if cuda.tool() is None:
        raise MissingTool(
            "there is neither NVRTC nor nvcc to compile CUDA with",
            "pip install 'hpctc[cuda]', or --cuda-check auto",
        )
    find("g++")


def device_checks(
    pair: Pair, votes: Votes, demand: Demand, runner: Path
) -> tuple[list[Check], dict[str, float]]:
    """All checks of the CUDA side, and what its compiler measured; raises :class:`Rejection`."""
    insist(demand)
    if found := problems(pair):
        raise Rejection("cuda", "the launches are not complete", "; ".join(found[:3]))
    complete = Check(what="launches are complete")
    if demand == "off":
        return [complete, Check(what="cuda not tried", detail="it was not asked for")], {}
    jail = around("nvcc", runner, cuda.SECONDS) if shutil.which("nvcc") else ()
    compiled, figures = _compile(pair, jail)
    return [complete, compiled, _emulate(pair, votes), gpu.vote(pair, votes, jail)], figures


def _compile(pair: Pair, jail: Sequence[str]) -> tuple[Check, dict[str, float]]:
    if (using := cuda.tool(pair.cuda_code)) is None:
        return Check(what="cuda not compiled", detail="there was neither NVRTC nor nvcc"), {}
    built = cuda.compile_check(pair.cuda_code, using, wrap=jail)
    if not built.ok:
        refuse_broken(built.log)
        raise Rejection("cuda", "the CUDA does not compile", built.log[:500])
    figures = {"registers": float(built.registers), "spill_bytes": float(built.spill_bytes)}
    return Check(what="cuda compiles", detail=f"{using}, {' '.join(cuda.ARCHS)}"), figures


def _emulate(pair: Pair, votes: Votes) -> Check:
    if shutil.which("g++") is None:
        return Check(what="cuda not emulated", detail="there was no g++")
    if pair.flops + pair.bytes > EMULABLE:
        return Check(what="cuda not emulated", detail="it would take minutes")
    runs = list(zip(votes.trials, ORDERS, strict=True))
    worst = 0.0
    for trial, how in runs:
        outputs = _run(pair, trial, how)
        worst = max(worst, judged("the CUDA", "cuda", outputs, trial))
        votes.cast("cuda", outputs)
    return Check(
        what="cuda == float64",
        seeds=tuple(trial.seed for trial, _ in runs),
        max_error=rounded(worst),
        tolerance=rounded(max(trial.right.tolerance for trial, _ in runs)),
        detail="; ".join(f"{trial.distribution}, {how}" for trial, how in runs),
    )


def _run(pair: Pair, trial: Trial, how: Emulation) -> Mapping[str, Array]:
    """Carry the launches out once."""
    ran = check_pair(pair, trial.inputs, how)
    if not ran.ok:
        worst = next(f for f in ran.findings if not f.harmless)
        raise Rejection("cuda", f"the CUDA goes wrong: {worst.kind}", f"{worst} ({trial}, {how})")
    return ran.outputs
