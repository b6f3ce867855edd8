"""Schedules chosen by measuring them on a GPU, this machine's or one behind a TVM RPC tracker.

Never run on a GPU so far: there was none where it was written. It starts MetaSchedule's own search
with its own builder and runner; only the choice between them is ours.
"""

import tempfile
from typing import Any

import tvm
from tvm import tirx
from tvm.s_tir import meta_schedule as ms

from hpctc.core.errors import UsageError
from hpctc.lower.cuda.how import Cuda
from hpctc.lower.cuda.source import target


def tuned(func: tirx.PrimFunc, how: Cuda) -> tuple[tirx.PrimFunc, str] | None:
    """The fastest schedule that ``how.trials`` measurements found and its trace, or None."""
    module = tvm.IRModule({"main": func.with_attr("global_symbol", "main")})
    gpu = target(how.arch, host="llvm")
    with tempfile.TemporaryDirectory() as folder:
        database = ms.tune_tir(
            module,
            target=gpu,
            work_dir=folder,
            max_trials_global=how.trials,
            num_trials_per_iter=min(how.trials, 16),
            runner=runner(how),
            seed=how.seed + 1,
        )
        found = database.query_schedule(module, gpu, "main")
    if found is None:
        return None
    return found.mod["main"], "\n".join(found.trace.as_python())


def runner(how: Cuda) -> Any:
    """MetaSchedule's runner for ``how.runner``."""
    if how.runner == "local":
        if not tvm.cuda(0).exist:
            raise UsageError(
                "cuda{runner=local} needs an NVIDIA GPU, and there is none on this machine",
                "leave the runner out, or use a machine with a GPU: cuda{runner=rpc,tracker=...}",
            )
        return ms.runner.LocalRunner()
    host, _, port = how.tracker.rpartition(":")
    if not host or not port.isdigit():
        raise UsageError(
            f"tracker {how.tracker!r} is not HOST:PORT", "write tracker='gpu-box:9190'"
        )
    return ms.runner.RPCRunner(
        rpc_config=ms.runner.RPCConfig(
            tracker_host=host,
            tracker_port=int(port),
            tracker_key=how.key,
            session_timeout_sec=60,
        )
    )
