"""Plan -> CUDA source and the launches that carry it out, without a GPU at hand.

Comes in: a plan's unscheduled TIR. Goes out: self-contained text for nvcc or NVRTC, and one
:class:`hpctc.core.records.Launch` a kernel, complete with grid, block, shared memory and arguments.
"""

from hpctc.lower.cuda.generate import CudaSide, generate
from hpctc.lower.cuda.how import Cuda

__all__ = ["Cuda", "CudaSide", "generate"]
