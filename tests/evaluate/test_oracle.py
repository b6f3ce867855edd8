"""Mutants are small and different; inputs that tell nothing apart are found out."""

from dataclasses import replace

import pytest

from hpctc.core.records import Pair, Provenance, Task, Tensor
from hpctc.core.suite import Suite
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.mutants import Mutant, mutants
from hpctc.evaluate.oracle import oracle, oracles, with_strength

GRAPH = """\
graph clip(x: f32[40, 50] in [-3, 3]) {
  y = relu(x)
  return y
}
"""

CODE = """\
#if defined(__GNUC__)
#pragma GCC optimize("no-trapping-math")
#endif
void clip(const float *restrict x, float *restrict y) {
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 50; ++j) {
      const float v = x[i * 50 + j];
      y[i * 50 + j] = v > 0.0f ? v : 0.0f;
    }
  }
}
"""


@pytest.fixture(scope="module")
def clip() -> Pair:
    return Pair.make(
        name="clip",
        category="elementwise",
        graph=GRAPH,
        c_code=CODE,
        cuda_code="",
        entry="clip",
        launches=(),
        inputs=(Tensor(name="x", shape=(40, 50), dtype="float32", domain=(-3.0, 3.0)),),
        outputs=(Tensor(name="y", shape=(40, 50), dtype="float32"),),
        flops=1,
        bytes=1,
        provenance=Provenance(source="test"),
    )


SUITE = Suite(name="tiny", description="", profile="small", seeds=(1,))


def by_kind(code: str) -> dict[str, list[Mutant]]:
    found: dict[str, list[Mutant]] = {}
    for mutant in mutants(code, 1):
        found.setdefault(mutant.kind, []).append(mutant)
    return found


def test_every_kind_of_slip_is_made_and_says_where() -> None:
    found = by_kind(CODE)
    assert set(found) == {"operator", "constant", "index", "bound", "branch", "statement"}
    assert {str(m) for m in found["bound"]} == {
        "line 5: i < 40 becomes i <= 40",
        "line 6: j < 50 becomes j <= 50",
        "line 8: v > 0.0f becomes v >= 0.0f",
    }
    (dropped,) = found["statement"]
    assert dropped.line == 8
    assert "is left out" in dropped.what
    assert len({m.code for kind in found.values() for m in kind}) == sum(map(len, found.values()))


def test_the_order_depends_on_the_seed_alone() -> None:
    first = [m.code for m in mutants(CODE, 7)]
    assert first == [m.code for m in mutants(CODE, 7)]
    assert first != [m.code for m in mutants(CODE, 8)]


def test_good_inputs_tell_all_mutants_apart_but_the_equivalent(clip: Pair, bench: Bench) -> None:
    found = oracle(clip, SUITE, bench, 40)
    assert found.missed == ()
    assert found.strength == 1.0
    assert any("v > 0.0f becomes v >= 0.0f" in words for words in found.equivalent)
    assert found.killed >= 10


def test_inputs_that_tell_nothing_are_found_out(clip: Pair, bench: Bench) -> None:
    # All inputs negative: the output is zero whatever is done with them.
    weak = replace(SUITE, distributions=("uniform",))
    dull = clip.remade(graph=clip.graph.replace("[-3, 3]", "[-3, 0.0001]"))
    found = oracle(dull, weak, bench, 40)
    assert found.missed or found.equivalent
    good = oracle(clip, SUITE, bench, 40)
    assert found.killed < good.killed


def test_a_source_that_cannot_be_read_has_no_strength(clip: Pair, bench: Bench) -> None:
    found = oracle(replace(clip, c_code="void clip(const float *x { }"), SUITE, bench)
    assert found.strength is None
    assert "the reference is not built" in found.reason


def test_strengths_are_stored_with_the_tasks_and_change_no_id(clip: Pair, bench: Bench) -> None:
    task = Task.make(of=clip.id, suite="tiny", name="clip", pair=clip)
    suite = replace(SUITE, tasks=(task,))
    stored = with_strength(suite, list(oracles(suite.tasks, suite, bench, 6)))
    assert stored.tasks[0].oracle_strength is not None
    assert (stored.id, stored.tasks[0].id) == (suite.id, task.id)
    assert stored.tasks[0].is_genuine()
