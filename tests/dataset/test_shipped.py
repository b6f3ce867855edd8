"""What lies in datasets/ and evals/ is what it says."""

from collections import Counter
from pathlib import Path

import pytest

from hpctc.audit.strengths import LEAST
from hpctc.core import jsonl, resources, suite
from hpctc.core.records import CATEGORIES
from hpctc.dataset import read
from hpctc.dataset.check import Checked, How, check
from hpctc.dataset.count import count
from hpctc.dataset.draw import kind
from hpctc.dataset.folder import MEASUREMENTS, Measurement
from hpctc.dataset.manifest import load_manifest
from hpctc.graph.published import published
from hpctc.sandbox.launcher import build

MINI = resources.root("datasets") / "mini"


def test_the_sample_dataset_is_small_and_covers_everything() -> None:
    pairs = list(read.pairs(MINI))
    figures = count(pairs)
    assert len(pairs) >= 100
    assert all(figures.categories[c] >= 20 for c in CATEGORIES)
    assert figures.origins["grown"] >= 20
    assert figures.origins["rewritten"] >= 20
    assert len(figures.operators) >= 60
    for what in ("c == float64", "cuda == float64", "rules == float64", "sides agree"):
        assert figures.checks[what] == len(pairs), what
    assert sum(p.stat().st_size for p in MINI.rglob("*") if p.is_file()) < 5e6
    assert load_manifest(MINI).name == "mini"


def test_some_of_its_pairs_still_pass_here(tmp_path: Path) -> None:
    how = How(folder=tmp_path, runner=build(tmp_path), cuda="auto")
    for pair in list(read.pairs(MINI))[::80]:
        assert isinstance(found := check(pair, how), Checked), (pair.name, found)


def test_the_sample_suite_is_worth_timing() -> None:
    mini = suite.load("mini")
    assert mini.profile == "medium"
    assert len(mini.tasks) >= 30
    assert {t.pair.category for t in mini.tasks} == set(CATEGORIES)
    path = resources.root("evals") / "mini" / MEASUREMENTS
    measured = {m.of: m for m in jsonl.read(path, Measurement)}
    assert all(measured[t.of].figures["reference_ms"] >= 1.0 for t in mini.tasks)


@pytest.mark.skipif("hpctranseval" not in suite.names(), reason="make hpctranseval makes it")
def test_the_suite_has_all_published_names_and_no_weak_task() -> None:
    tasks = suite.load("hpctranseval").tasks
    kinds = Counter(kind(task.pair) for task in tasks)
    assert len(tasks) >= 210
    assert kinds["operators"] >= 100
    assert kinds["graphs"] >= 100
    assert kinds["blocks"] >= 10
    assert set(published()) <= {task.name for task in tasks}
    assert all((task.oracle_strength or 0.0) >= LEAST for task in tasks)
    for what in ("c == float64", "cuda == float64", "rules == float64", "sides agree"):
        assert all(any(c.what == what for c in task.pair.checks) for task in tasks), what
