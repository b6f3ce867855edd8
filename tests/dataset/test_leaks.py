"""The leak report names the worst tie of each pair, and its exit code says whether there is one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.core import jsonl, suite
from hpctc.core.records import Pair, Provenance, Task
from hpctc.dataset.hpctranseval import GROUPS, export
from hpctc.dataset.leaks import leaks, strange_to
from hpctc.dataset.wiring import graph_id

Make = Callable[..., Pair]

OTHER = "void z(int n) { while (n > 3) { n = n / 2; } do { n--; } while (n); }"
THIRD = "int q(int *p) { switch (*p) { case 4: return p[1]; default: return -p[2] % 7; } }"


def chain(op: str, n: int = 8) -> str:
    return f"graph g(x: f32[{n}]) {{\n  y = {op}(x)\n  return y\n}}\n"


def pair(relu: Make, name: str, code: str, graph: str, *parents: str) -> Pair:
    how = Provenance(source="grown", parents=parents)
    return relu(name, graph=graph, c_code=code, cuda_code=code + " int end;", provenance=how)


def test_each_tie_is_found_and_the_worst_is_named(relu: Make) -> None:
    train = [
        relu("train", 100),
        pair(relu, "other", OTHER, chain("exp")),
        pair(relu, "child", "int none;", chain("neg"), graph_id(chain("sin"))),
    ]
    renamed = train[0].c_code.replace("restrict x", "restrict given").replace("x[i]", "given[i]")
    test = {
        "same pair": train[0],
        "same text": relu("copy", 100, graph=chain("ceil"), c_code=renamed, cuda_code=THIRD),
        "same graph": pair(relu, "again", THIRD, chain("exp")),
        "descent": pair(relu, "parent", THIRD, chain("sin")),
        "alike": relu("resized", 77, graph=chain("cos")),
        "same wiring": pair(relu, "wider", THIRD, chain("exp", 99)),
        None: pair(relu, "new", THIRD, chain("tanh")),
    }
    found = leaks(train, list(test.values()))
    assert [leak.tie for leak in found] == list(test)
    partners = ["train", "train", "other", "child", "train", "other"]
    assert [leak.with_name for leak in found[:-1]] == partners
    assert found[4].likeness == 1.0
    assert found[-1].likeness < 0.8


def test_nothing_leaks_from_nothing(relu: Make) -> None:
    (leak,) = leaks([], [relu()])
    assert (leak.tie, leak.with_id, leak.likeness) == (None, None, 0.0)
    assert leaks([relu()], []) == []


def hpctc(*words: object) -> Result:
    return CliRunner().invoke(main, ["dataset", *(str(w) for w in words)])


@pytest.fixture
def folders(relu: Make, tmp_path: Path) -> Path:
    for name, made in (
        ("train", [relu("a", 100), pair(relu, "b", OTHER, chain("exp"))]),
        ("alike", [relu("c", 77, graph=chain("cos")), pair(relu, "d", THIRD, chain("tanh"))]),
        ("clean", [pair(relu, "d", THIRD, chain("tanh"))]),
    ):
        (tmp_path / name).mkdir()
        jsonl.write(tmp_path / name / "pairs.jsonl", made)
    return tmp_path


def test_the_report_and_its_exit_code(folders: Path) -> None:
    done = hpctc("leaks", folders / "train", folders / "alike")
    assert done.exit_code == 1, done.output
    assert "1 of 2 records share something with the 2 of training: 1 alike" in done.output
    assert hpctc("leaks", folders / "train", folders / "clean").exit_code == 0
    done = hpctc("leaks", folders / "train", folders / "alike", "--json")
    assert done.exit_code == 1
    report = json.loads(done.output)
    assert report["ties"] == {"same pair": 0, "same text": 0, "same graph": 0, "descent": 0,
                              "alike": 1, "same wiring": 0, "none": 1}  # fmt: skip
    assert report["records"][0]["with_name"] == "a"
    assert hpctc("leaks", folders / "train", folders / "clean", "--alike", 0).exit_code == 2


def test_a_release_is_held_against_its_own_train(folders: Path) -> None:
    out = folders / "r"
    assert hpctc("release", folders / "train", folders / "alike", "--out", out).exit_code == 0
    done = hpctc("leaks", f"{out}:train", f"{out}:nowhere")
    assert done.exit_code != 0
    assert "has no split 'nowhere'" in done.output
    done = hpctc("leaks", f"{out}:train", f"{out}:train")
    assert done.exit_code == 1
    assert "2 of 2 records" in done.output
    assert "2 same pair" in done.output
    assert hpctc("leaks", out).exit_code == 0


def test_a_shipped_name_is_a_dataset_to_train_on_and_a_suite_to_be_tested_on(
    relu: Make, tmp_path: Path
) -> None:
    jsonl.write(tmp_path / "one.jsonl", [relu("one")])
    one = tmp_path / "one.jsonl"
    tested = json.loads(hpctc("leaks", one, "mini", "--json").output)
    assert len(tested["records"]) == len(suite.load("mini").tasks)


def test_published_rows_can_be_asked_about(folders: Path, relu: Make) -> None:
    out = folders / "published"
    export([relu("p", 33, graph=chain("sin"))], out)
    assert any((out / f"{g}.json").is_file() for g in GROUPS)
    done = hpctc("leaks", folders / "train", out, "--json")
    report = json.loads(done.output)
    assert report["records"][0]["with_name"] == "a"
    assert report["records"][0]["tie"] == "alike"


def test_strangers_share_nothing_either_way(relu: Make) -> None:
    parent, child = chain("sin"), pair(relu, "child", "int none;", chain("neg"), "unknown")
    suite_pairs = [relu("held", 100), pair(relu, "root", OTHER, parent)]
    offered = [
        relu("resized", 77, graph=chain("cos")),
        pair(relu, "grown from it", "int a, b;", chain("neg"), graph_id(parent)),
        child,
    ]
    assert [p.name for p in strange_to(offered, suite_pairs)] == ["child"]
    assert strange_to(offered, []) == offered


def test_a_release_keeps_apart_from_a_suite(relu: Make, tmp_path: Path) -> None:
    held = relu("held", 100)
    task = Task.make(of=held.id, suite="s", name="held", pair=held)
    suite.write(
        suite.Suite(name="s", description="", profile="small", tasks=(task,)), tmp_path / "s"
    )
    stranger = pair(relu, "stranger", THIRD, chain("tanh"))
    jsonl.write(tmp_path / "pairs.jsonl", [relu("resized", 77), stranger])
    words = [tmp_path / "pairs.jsonl", "--apart", tmp_path / "s", "--out", tmp_path / "out"]
    done = CliRunner().invoke(main, ["dataset", "release", *map(str, words)])
    assert done.exit_code == 0, done.output
    assert "1 pair (" in done.output
    assert f"left out: 1 pair akin to {tmp_path / 's'}" in done.output
    told = CliRunner().invoke(
        main, ["dataset", "leaks", str(tmp_path / "out"), str(tmp_path / "s")]
    )
    assert told.exit_code == 0, told.output
