"""Random kernels of barriers, divergence and exchanges: rules and emulator agree to the bit.

All arithmetic is of unsigned integers, and what threads add to each other commutes, so that there
is one right answer. Every thread meets at each barrier, and every lane of a warp at each exchange.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctc.core.records import Launch, Tensor
from hpctc.emulate import emulate
from hpctc.emulate.run import Buffers

THREADS = 64
BLOCKS = 2
SHAPES = ((64, 1, 1), (16, 4, 1), (8, 2, 4))

SMALL = st.integers(1, 31)
EVEN = SMALL.map(lambda k: 2 * k)


TABLES: list[tuple[str, ...]] = []
"""Every table of statements below."""


def rows(*texts: str) -> st.SearchStrategy[str]:
    """One of some statements, in which ``K`` is a number from 1 to 31."""
    TABLES.append(texts)
    return st.tuples(st.sampled_from(texts), SMALL).map(lambda p: p[0].replace("K", f"{p[1]}u"))


PLAIN = rows(
    "v = v * (2u * K + 1u) + t;",
    "w ^= v >> K;",
    "v = t < K ? w + K : v;",
    "if (v % (K + 1u) == 0u) { v += w; } else { w += K; }",
    "for (int i = 0; i < (int)(v % (K + 1u)); ++i) w = w * 5u + i;",
    "for (unsigned i = 0u; i < K; ++i) { if ((v ^ i) % 3u == 0u) continue; w += i;"
    " if (w % 7u == 0u) break; }",
    "{ unsigned n = v % K + 1u; do { w = w * 3u + n; } while (--n > 0u); }",
    "switch (v % 4u) { case 0u: w += 1u; case 1u: w ^= K; break; case 2u: v += w; break;"
    " default: w = 7u; }",
    "a[v % 4u] += w; v ^= a[K % 4u];",
    "w = mixed(v, w);",
    "w += found(v, K);",
    "v = twice(w) + K;",
    "if (t % K == 0u || v > w) { unsigned u = v; v = w; w = u; }",
)  # fmt: skip
"""What a thread does by itself."""

ADDED = rows(
    "atomicAdd(&counts[v % 8u], w);",
    "if (w % 2u) atomicXor(&counts[8u + K % 8u], v);",
    "atomicMax(&counts[16u + (t + K) % 8u], v % 1000u);",
    "atomicAdd(&c[v % 8u], w);",
)
"""What threads add to memory that nobody reads before the end, one operation to a place."""

WARP = rows(
    "v += __shfl_xor_sync(~0u, w, K);",
    "w += __shfl_down_sync(~0u, v, K);",
    "w ^= __shfl_up_sync(~0u, v, K % 8u, 8);",
    "v ^= __shfl_sync(~0u, v, (t + K) % 32u);",
    "v += __shfl_sync(~0u, w, K, 16);",
    "w ^= __ballot_sync(~0u, v % (K + 1u) == 0u);",
    "if (__any_sync(~0u, v % 32u == K)) w += 3u; else v += 5u;",
    "w += __all_sync(~0u, v > K);",
    "v += __popc(__match_any_sync(~0u, v % K));",
    "w += __reduce_add_sync(~0u, v % 100u);",
    "w ^= __reduce_max_sync(~0u, v);",
    "__syncwarp(); s[t] = w; __syncwarp(); v += s[t ^ (K % 32u)]; __syncwarp();",
    "v = total(v);",
)
"""What the lanes of a warp do together."""

BLOCK = rows(
    "v += __syncthreads_count(w % (K + 1u) == 0u);",
    "w += __syncthreads_or(v % 64u == K) + 2u * __syncthreads_and(v != K);",
    "__syncthreads(); s[t] = v; __syncthreads(); w += s[(t + K) % 64u]; __syncthreads();",
    "__syncthreads(); s[t] = w; __syncthreads(); if (t < 32u) s[t] += s[t + 32u]; __syncthreads();"
    " v ^= s[t % 32u]; __syncthreads();",
    "__syncthreads(); for (unsigned d = 1u; d < 64u; d *= 2u) { unsigned u = t >= d ? s[t - d] : K;"
    " __syncthreads(); s[t] += u; __syncthreads(); } v += s[63u - t]; __syncthreads();",
)
"""What all threads of a block do together."""


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Statements inside control flow that all threads go through alike."""
    body = st.lists(inner, min_size=1, max_size=3).map(" ".join)
    heads = st.sampled_from(
        (
            "for (int k = 0; k < N; ++k)",
            "if (blockIdx.x == 0)",
            "if (__syncthreads_or(v % 8u == Nu))",
            "if (n > N)",
            "for (unsigned k = n; k > Nu; k /= 2u)",
        )
    )
    left = st.tuples(st.integers(1, 3), body).map(
        lambda p: (
            f"for (int k = 0; ; ++k) {{ {p[1]} "
            f"if (__syncthreads_count(v % 2u) > 20 * k || k == {p[0]}) break; }}"
        )
    )
    return st.one_of(
        st.tuples(heads, st.integers(1, 3), body).map(
            lambda p: f"{p[0].replace('N', str(p[1]))} {{ {p[2]} }}"
        ),
        left,
    )


def warped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Statements of some warps only."""
    body = st.lists(inner, min_size=1, max_size=3).map(" ".join)
    return body.map(lambda b: f"if (t / 32u == 0u) {{ {b} }}")


ALONE = st.one_of(PLAIN, ADDED)
LANES = st.one_of(ALONE, WARP, warped(st.one_of(PLAIN, WARP)))
BODIES = st.lists(
    st.recursive(st.one_of(LANES, BLOCK), nested, max_leaves=6), min_size=2, max_size=7
)

HEAD = """
__device__ unsigned mixed(unsigned a, unsigned b) { return a * 31u ^ (b << 3) ^ b >> 5; }

__device__ unsigned found(unsigned v, unsigned limit) {
  for (unsigned i = threadIdx.x % 4u; i < 16u; ++i) {
    if ((v >> i) % 32u > limit) return i;
    for (unsigned k = 0u; k < 3u; ++k)
      if ((v ^ k) % 29u == limit) return 100u + k;
  }
  return limit;
}

__device__ unsigned total(unsigned v) {
  for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(~0u, v, d);
  return v;
}
"""


def source(body: list[str]) -> str:
    """A kernel of these statements, written for any of the shapes."""
    text = "\n  ".join(body)
    return f"""{HEAD}
__global__ void k(unsigned *y, unsigned *counts, unsigned n) {{
  __shared__ unsigned s[{THREADS}], c[8];
  const unsigned t = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  unsigned v = t * 7u + blockIdx.x, w = 1u, a[4] = {{1u, 2u, 3u, 4u}};
  auto twice = [&](unsigned x) {{ if (x % 2u) return x + a[1]; return x * 2u; }};
  s[t] = t;
  if (t < 8u) c[t] = 0u;
  __syncthreads();
  {text}
  __syncthreads();
  y[blockIdx.x * {THREADS} + t] = v + 31u * w + a[2] + c[t % 8u];
}}
"""


def check(body: list[str], shape: tuple[int, int, int], bench: Any) -> None:
    text = source(body)
    launch = Launch(
        kernel="k", grid=(BLOCKS, 1, 1), block=shape, shared_bytes=0, args=("y", "counts", 9)
    )
    arrays = {"y": np.zeros(BLOCKS * THREADS, np.uint32), "counts": np.zeros(24, np.uint32)}
    tensors = tuple(Tensor(name=n, shape=a.shape, dtype=a.dtype.name) for n, a in arrays.items())
    oracle = emulate(text, [launch], Buffers(inputs=(), outputs=tensors), arrays)
    assert not oracle.findings, [str(f) for f in oracle.findings]
    got = bench.run(text, [launch], {}, arrays)
    for name, want in oracle.outputs.items():
        np.testing.assert_array_equal(got[name], want, err_msg=f"{name}\n{text}")


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=BODIES, shape=st.sampled_from(SHAPES))
def test_rules_and_emulator_agree(body: list[str], shape: tuple[int, int, int], bench: Any) -> None:
    check(body, shape, bench)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=BODIES, shape=st.sampled_from(SHAPES))
def test_rules_and_emulator_agree_for_long(
    body: list[str], shape: tuple[int, int, int], bench: Any
) -> None:
    check(body, shape, bench)


@pytest.mark.parametrize("texts", TABLES, ids=["plain", "added", "warp", "block"])
def test_each_statement_is_valid_by_itself(texts: tuple[str, ...], bench: Any) -> None:
    """Every statement of a table goes through both sides once, in one kernel."""
    check([t.replace("K", "5u") for t in texts], SHAPES[1], bench)
