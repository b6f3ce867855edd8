"""The drop of twins is paired with their own originals."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hpctc.core.records import Pair, Provenance, Task
from hpctc.core.twins import kind_of, original_of, source_of
from hpctc.score.trail import Trail
from hpctc.score.twins import drops

MakeTrail = Callable[..., Trail]


def twin(of: Trail, kind: str, made: Trail) -> Trail:
    provenance = Provenance(source=source_of(kind), parents=(of.task.of,))
    old = made.task.pair
    pair = Pair.make(
        **{name: getattr(old, name) for name in (*Pair.KEY, "name", "category", "flops", "bytes")},
        provenance=provenance,
    )
    task = Task.make(of=pair.id, suite="s", name=pair.name, pair=pair)
    return replace(made, task=task)


def test_each_twin_is_held_against_its_original(trail: MakeTrail) -> None:
    a, b = trail("a"), trail("b", verdict="wrong")
    run = [
        a,
        b,
        twin(a, "names", trail("a1", verdict="wrong")),
        twin(b, "names", trail("b1", verdict="wrong")),
        twin(a, "index", trail("a2")),
        twin(trail("elsewhere"), "index", trail("c2", verdict="wrong")),
    ]
    names, index = drops(run)
    assert (names.kind, names.tasks, names.originals, names.twins) == ("names", 2, 0.5, 0.0)
    assert names.drop.value == 0.5
    assert names.drop.low <= 0.0 < names.drop.high <= 1.0
    assert (index.tasks, index.originals, index.twins, index.drop.value) == (1, 1.0, 1.0, 0.0)


def test_several_samples_of_a_task_count_as_one(trail: MakeTrail) -> None:
    samples = [trail("a", sample=i, verdict="wrong" if i else "correct") for i in range(4)]
    others = [twin(samples[0], "loops", trail("a1", sample=i)) for i in range(2)]
    (found,) = drops([*samples, *others])
    assert (found.tasks, found.originals, found.twins) == (1, 0.25, 1.0)
    assert found.drop.value == pytest.approx(-0.75)


def test_a_run_without_twins_has_no_drop(trail: MakeTrail) -> None:
    assert drops([trail("a"), trail("b")]) == []
    assert kind_of(trail("a").task.pair.provenance) is None
    assert original_of(trail("a").task.pair) is None
