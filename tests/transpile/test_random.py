"""Random kernels of barriers, divergence and exchanges: rules and emulator agree to the bit."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctc.core.records import Launch, Tensor
from hpctc.emulate import emulate
from hpctc.emulate.run import Buffers

THREADS = 64

SMALL = st.integers(1, 31)

PLAIN = st.one_of(
    SMALL.map(lambda k: f"v = v * {2 * k + 1}u + t;"),
    SMALL.map(lambda k: f"w ^= v >> {k};"),
    SMALL.map(lambda k: f"if (v % {k + 1}u == 0u) {{ v += w; }} else {{ w += {k}u; }}"),
    SMALL.map(lambda k: f"for (int i = 0; i < (int)(v % {k + 1}u); ++i) w = w * 5u + i;"),
)

TOGETHER = st.one_of(
    SMALL.map(lambda k: f"v += __shfl_xor_sync(~0u, w, {k});"),
    SMALL.map(lambda k: f"w += __shfl_down_sync(~0u, v, {k});"),
    SMALL.map(lambda k: f"v ^= __shfl_sync(~0u, v, (t + {k}) % 32);"),
    SMALL.map(lambda k: f"w ^= __ballot_sync(~0u, v % {k + 1}u == 0u);"),
    SMALL.map(lambda k: f"v += __syncthreads_count(w % {k + 1}u == 0u);"),
    SMALL.map(
        lambda k: f"s[t] = v; __syncthreads(); w += s[(t + {k}) % {THREADS}]; __syncthreads();"
    ),
)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map(" ".join)
    return st.one_of(
        st.tuples(st.integers(1, 3), body).map(
            lambda p: f"for (int k = 0; k < {p[0]}; ++k) {{ {p[1]} }}"
        ),
        body.map(lambda b: f"if (blockIdx.x == 0) {{ {b} }}"),
    )


BODIES = st.lists(
    st.recursive(st.one_of(PLAIN, TOGETHER), nested, max_leaves=6), min_size=2, max_size=6
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=BODIES)
def test_rules_and_emulator_agree(body: list[str], bench: Any) -> None:
    text = "\n  ".join(body)
    source = (
        "__global__ void k(unsigned *y) {\n"
        f"  __shared__ unsigned s[{THREADS}];\n"
        "  unsigned t = threadIdx.x, v = t * 7u + blockIdx.x, w = 1u;\n"
        f"  {text}\n"
        f"  y[blockIdx.x * {THREADS} + t] = v + 31u * w;\n"
        "}\n"
    )
    block = (THREADS, 1, 1)
    launch = Launch(kernel="k", grid=(2, 1, 1), block=block, shared_bytes=0, args=("y",))
    start = np.zeros(2 * THREADS, np.uint32)
    tensor = Tensor(name="y", shape=start.shape, dtype="uint32")
    buffers = Buffers(inputs=(), outputs=(tensor,))
    oracle = emulate(source, [launch], buffers, {"y": start})
    assert not oracle.findings, [str(f) for f in oracle.findings]
    got = bench.run(source, [launch], {}, {"y": start})
    np.testing.assert_array_equal(got["y"], oracle.outputs["y"], err_msg=source)
