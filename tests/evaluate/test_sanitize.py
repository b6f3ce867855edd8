"""What plain calls cannot show: reads just past an array, undefined operations, races."""

import os
from dataclasses import replace

import pytest

from hpctc.core.records import Pair
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import Case
from hpctc.evaluate.sanitize import available
from hpctc.evaluate.verify import Finding, judge

pytestmark = pytest.mark.skipif(not available(), reason="this gcc has no sanitizers")

TIERS = ("sanitizers", "race")


@pytest.fixture(scope="module")
def watched(bench: Bench) -> Bench:
    cores = tuple(sorted(os.sched_getaffinity(0)))[:2]
    limits = replace(bench.setup.limits, wall_seconds=10.0)
    return replace(bench, tiers=TIERS, setup=replace(bench.setup, cores=cores, limits=limits))


def judged(body: str, watched: Bench, pair: Pair, known: list[Case]) -> Finding:
    code = f"void entry(const float *restrict x, float *restrict y) {{\n{body}\n}}\n"
    return judge(code, pair, known[:1], watched)


SQUARE = "y[i] = x[i] * x[i] + 1.0f;"
LOOP = f"for (int i = 0; i < 300 * 257; i++) {SQUARE}"

HONEST = {
    "serial": LOOP,
    "threads": f"#pragma omp parallel for\n{LOOP}",
    "dynamic": f"#pragma omp parallel for schedule(dynamic, 64)\n{LOOP}",
    "two loops and a barrier": """
    static float t[300 * 257];
    #pragma omp parallel
    {
      #pragma omp for
      for (int i = 0; i < 300 * 257; i++) t[i] = x[i];
      #pragma omp for schedule(guided)
      for (int i = 0; i < 300 * 257; i++) y[i] = t[300 * 257 - 1 - i];
      #pragma omp single
      t[0] = 1.0f;
      #pragma omp for
      for (int i = 0; i < 300 * 257; i++) y[i] = x[i] * x[i] + t[0];
    }""",
    "reduction and critical": f"""
    float sum = 0.0f, most = 0.0f;
    int calls = 0;
    #pragma omp parallel for reduction(+ : sum)
    for (int i = 0; i < 300 * 257; i++) sum += x[i];
    #pragma omp parallel
    {{
      #pragma omp critical
      most += sum;
      #pragma omp atomic
      calls += 1;
    }}
    {LOOP}
    if (most == 12345.0f) y[0] = 0.0f;""",
}


@pytest.mark.parametrize("name", HONEST)
def test_what_is_in_order_passes_all_tiers(
    name: str, watched: Bench, pair: Pair, known: list[Case]
) -> None:
    found = judged(HONEST[name], watched, pair, known)
    assert (found.verdict, found.detail) == ("correct", "")
    assert found.tiers == ("calls", "sanitizers", "race")
    assert found.scene is None


@pytest.mark.parametrize(
    ("body", "verdict", "words"),
    [
        # Within the last 64 bytes, where no guard page lies; the sum is multiplied away.
        (f"{LOOP}\ny[0] += 1e-30f * x[300 * 257];", "out-of-bounds", "read of 4 bytes"),
        (f"{LOOP}\ny[0] += 1e-30f * x[-1];", "out-of-bounds", "read of 4 bytes"),
        (
            f"float t[4] = {{0}}; {LOOP}\ny[0] += 1e-30f * t[4 + (x[0] > 9)];",
            "out-of-bounds",
            "",
        ),
        (f"{LOOP}\ny[300 * 257] = 0.0f;", "out-of-bounds", "past the end of y"),
        (f"{LOOP}\ny[300 * 257 + 100] = 0.0f;", "out-of-bounds", "write of 4 bytes"),
        (f"{LOOP}\ny[-2000] = 0.0f;", "out-of-bounds", "write of 4 bytes"),
        (f"{LOOP}\n__builtin_trap();", "crashed", "SIGILL"),
        (f"{LOOP}\nvolatile int zero = 0; y[0] += 0.0f * (float)(7 / zero);", "crashed", "SIGFPE"),
    ],
)
def test_what_leaves_its_arrays_is_out_of_bounds(
    body: str, verdict: str, words: str, watched: Bench, pair: Pair, known: list[Case]
) -> None:
    found = judged(body, watched, pair, known)
    assert found.verdict == verdict, found
    assert words in found.detail
    assert found.scene is not None
    assert found.scene.calls[-1] == "seed 1"


@pytest.mark.parametrize(
    "body",
    [
        f"""int last;
        #pragma omp parallel for shared(last)
        for (int i = 0; i < 300 * 257; i++) {{ {SQUARE} last = i; }}
        y[0] += 0.0f * (float)last;""",
        f"""#pragma omp parallel
        {{
          #pragma omp for nowait
          {LOOP}
          #pragma omp for schedule(static, 1)
          for (int i = 0; i < 300 * 257; i++) {SQUARE}
        }}""",
    ],
    ids=["a shared variable", "a missing barrier"],
)
def test_what_comes_out_right_by_luck_is_racy(
    body: str, watched: Bench, pair: Pair, known: list[Case]
) -> None:
    found = judged(body, watched, pair, known)
    assert found.verdict == "racy", found
    assert "line " in found.detail
    assert found.scene is not None
    assert found.scene.tier == "race"


def test_what_no_tier_can_decide_keeps_its_verdict(
    watched: Bench, pair: Pair, known: list[Case]
) -> None:
    tasks = f"""
    #pragma omp parallel
    #pragma omp single
    {{
      #pragma omp task
      {{ {LOOP} }}
    }}"""
    found = judged(tasks, watched, pair, known)
    assert (found.verdict, found.tiers) == ("correct", ("calls", "sanitizers"))


def test_nothing_more_is_asked_where_nothing_was_wanted(
    bench: Bench, pair: Pair, known: list[Case]
) -> None:
    found = judged(f"{LOOP}\ny[0] += 1e-30f * x[300 * 257];", bench, pair, known)
    assert (found.verdict, found.tiers) == ("correct", ("calls",))
