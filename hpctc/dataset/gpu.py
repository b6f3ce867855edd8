"""The real CUDA as a vote: a pair's launches carried out on this machine's GPU."""

from collections.abc import Mapping, Sequence

from hpctc.core.errors import HpctcError
from hpctc.core.records import Check, Launch, Pair
from hpctc.dataset.launches import Kernel, kernels
from hpctc.dataset.rejection import Rejection
from hpctc.dataset.trials import Trial, rounded
from hpctc.dataset.votes import Votes, judged
from hpctc.native import cuda, gpu
from hpctc.native.call import Array, poisoned


def vote(pair: Pair, votes: Votes, wrap: Sequence[str] = ()) -> Check:
    """Run the CUDA on every voting trial, compare with the float64 meaning and cast the vote.

    ``wrap`` are the words that run nvcc in a jail.
    """
    if (arch := gpu.arch()) is None:
        return Check(what="cuda not run", detail="there was no GPU")
    if (using := cuda.tool(pair.cuda_code)) is None:
        return Check(what="cuda not run", detail="there was neither NVRTC nor nvcc")
    worst = 0.0
    try:
        image = cuda.device_code(pair.cuda_code, arch, using, wrap)
        for trial in votes.trials:
            outputs = gpu.run(job(pair, image, trial))
            worst = max(worst, judged("the CUDA on the GPU", "cuda", outputs, trial))
            votes.cast("gpu", outputs)
    except HpctcError as problem:
        raise Rejection("cuda", "the CUDA goes wrong on the GPU", str(problem)) from None
    return Check(
        what="gpu == float64",
        seeds=tuple(t.seed for t in votes.trials),
        max_error=rounded(worst),
        tolerance=rounded(max(t.right.tolerance for t in votes.trials)),
        detail=f"{using}, {arch}; {', '.join(t.distribution for t in votes.trials)}",
    )


def job(pair: Pair, image: bytes, trial: Trial) -> gpu.Job:
    """A pair's launches on a trial's inputs; everything else is poisoned before."""
    written = (*pair.outputs, *pair.intermediates)
    buffers: dict[str, Array] = {t.name: trial.inputs[t.name] for t in pair.inputs}
    buffers |= {t.name: poisoned(t.shape, t.dtype) for t in written}
    known = kernels(pair.cuda_code)
    steps = [_step(launch, known) for launch in pair.launches]
    return gpu.Job(image, buffers, steps, [t.name for t in pair.outputs])


def _step(launch: Launch, known: Mapping[str, Kernel]) -> gpu.Step:
    types = [p.type for p in known[launch.kernel].parameters]
    args = tuple(
        a if isinstance(a, str) else gpu.Scalar(kind, a)
        for a, kind in zip(launch.args, types, strict=True)
    )
    return gpu.Step(launch.kernel, launch.grid, launch.block, launch.shared_bytes, args)


__all__ = ["job", "vote"]
