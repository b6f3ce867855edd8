"""The options of the CUDA side."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from hpctc.core.spec import Spec


@dataclass(frozen=True)
class Cuda(Spec):
    """How the CUDA side is made: ``cuda{arch=sm_90,samples=4}``."""

    name: ClassVar[str] = "cuda"
    arch: str = "sm_80"
    samples: int = 0
    """Points of MetaSchedule's space to draw where dlight does not do; with them goes a filter:
    what nvcc refuses or spills is passed over. 0: neither."""
    tensor_cores: bool = False
    """Let products of float16 run on tensor cores (wmma). TVM's intrinsics for them take 10 s and
    more to load: preload ``tvm.s_tir.tensor_intrin`` where many functions are lowered."""
    block: int = 256
    """Threads of a block where nothing else says how many; a multiple of 32 up to 1024."""
    plain: bool = False
    """No rules of experts: a thread an element, or a block a long sum."""
    seed: int = 0
    runner: Literal["none", "local", "rpc"] = "none"
    """``none``: nothing is measured; ``local``: on this machine's GPU; ``rpc``: on another's."""
    trials: int = 64
    """Measured candidates a function, if there is a runner."""
    tracker: str = "127.0.0.1:9190"
    """Host and port of TVM's RPC tracker."""
    key: str = "cuda"
    """The GPU's key at the tracker."""
