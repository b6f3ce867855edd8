"""``hpctc graph grow`` and ``hpctc graph rewrite`` on files, as a person uses them."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.graph.text import parse, parse_many, show
from hpctc.rewrite import REWRITES, replay

MLP = """graph mlp(x: f32[8, 16], w: f32[16, 12], b: f32[12]) {
  h = x @ w
  s = h + b
  y = relu(s)
  return y
}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["graph", *arguments])


@pytest.fixture
def mlp(tmp_path: Path) -> str:
    path = tmp_path / "mlp.graph"
    path.write_text(MLP)
    return str(path)


def test_grow_prints_graphs_that_parse_and_the_same_for_a_seed() -> None:
    first = run("grow", "--count", "5", "--seed", "7")
    assert first.exit_code == 0
    assert len(parse_many(first.output)) == 5
    assert run("grow", "--count", "5", "--seed", "7").output == first.output
    assert run("grow", "--count", "5", "--seed", "8").output != first.output


def test_grow_heeds_category_operators_and_element_type() -> None:
    done = run("grow", "--count", "4", "--category", "reduction", "--size", "tiny")
    assert len(parse_many(done.output)) == 4
    only = run("grow", "--op", "matmul", "--op", "relu", "--dtype", "f32")
    assert {n.op for n in parse(only.output).nodes} <= {"matmul", "relu"}


def test_grow_writes_a_file_whole(tmp_path: Path) -> None:
    out = tmp_path / "grown.graph"
    done = run("grow", "--count", "3", "--out", str(out))
    assert done.exit_code == 0
    assert done.output == ""
    assert len(parse_many(out.read_text())) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["grown.graph"]


def test_rewrite_says_in_comments_what_it_did(mlp: str) -> None:
    done = run("rewrite", mlp, "--count", "5", "--seed", "2")
    chain = [line[2:] for line in done.output.splitlines() if line.startswith("# ")]
    assert len(chain) == 5
    assert replay(parse(MLP), chain) == parse(done.output)


def test_rules_are_applied_in_order_by_name_or_at_a_place(mlp: str) -> None:
    done = run("rewrite", mlp, "--rule", "split-k", "--rule", "relu-as-maximum{at=y}")
    assert done.exit_code == 0
    assert [n.op for n in parse(done.output).nodes].count("matmul") == 2
    assert done.output.startswith("# split-k{at=h}\n# relu-as-maximum{at=y}\n")


def test_the_output_of_one_rewrite_is_the_input_of_the_next(mlp: str) -> None:
    first = run("rewrite", mlp, "--rule", "split-k").output
    piped = CliRunner().invoke(main, ["graph", "rewrite", "-", "--rule", "split-k"], input=first)
    assert [n.op for n in parse(piped.output).nodes].count("matmul") == 3


def test_the_list_names_every_rewrite_in_80_columns() -> None:
    done = run("rewrite", "--list")
    assert max(map(len, done.output.splitlines())) <= 80
    listed = {line.split()[0] for line in done.output.splitlines() if line.startswith("  ")}
    assert set(REWRITES) <= listed


def test_the_list_of_a_file_names_places_that_can_be_taken(mlp: str) -> None:
    places = [p for p in run("rewrite", mlp, "--list").output.splitlines() if p[0] != "#"]
    assert "split-k{at=h}" in places
    assert run("rewrite", mlp, "--rule", places[-1]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["grow", "--op", "matmull"], 2, "did you mean 'matmul'"),
        (["grow", "--op", "depth_to_space", "--dtype", "bool", "--out", "/nowhere/x"], 1, "cannot"),
        (["grow", "--op", "one_hot", "--dtype", "f16"], 1, "no sound graph"),
        (["grow", "--category", "layouts"], 2, "layout transform"),
        (["rewrite"], 2, "no FILE"),
        (["rewrite", "no-such.graph"], 2, "no-such.graph"),
        (["rewrite", "MLP", "--rule", "splitk"], 2, "did you mean 'split-k'"),
        (["rewrite", "MLP", "--rule", "cancel-flips"], 1, "applies nowhere"),
        (["rewrite", "MLP", "--rule", "split-k{at=y}"], 1, "result of relu"),
        (["rewrite", "MLP", "--rule", "split-k{on=y}"], 2, "no option 'on'"),
        (["rewrite", "MLP", "--rule", "split-k", "--count", "2"], 2, "exclude"),
    ],
)
def test_mistakes_are_told(mlp: str, arguments: list[str], code: int, words: str) -> None:
    done = run(*(mlp if a == "MLP" else a for a in arguments))
    assert words in done.output
    assert done.exit_code == code
    assert "Traceback" not in done.output


def test_saturate_prints_equal_graphs_with_the_chains_that_lead_to_them(tmp_path: Path) -> None:
    file = tmp_path / "gate.graph"
    file.write_text("graph gate(x: f32[4], y: f32[4]) {\n  return silu(x + y) * x\n}\n")
    said = run("saturate", str(file), "--count", "3")
    assert said.exit_code == 0
    members = said.output.split("\n\n")
    assert sum("graph gate(" in m for m in members) == 3
    for part in filter(None, (m.strip() for m in members)):
        steps = [line[2:] for line in part.splitlines() if line.startswith("# ")]
        assert show(replay(parse(file.read_text()), steps)).strip() in part


def test_scale_says_what_it_came_to(tmp_path: Path) -> None:
    file = tmp_path / "mlp.graph"
    file.write_text(
        "graph mlp(x: f32[8, 64], a: f32[64, 64], b: f32[64, 64]) {\n"
        "  return relu(relu(x @ a) @ b)\n}\n"
    )
    said = run("scale", str(file), "--flops", "16", "--alpha", "0")
    assert said.exit_code == 0
    assert said.output.startswith("# flops x16, parameters x16, activations x16, 2 -> 32 blocks")
    assert run("scale", str(file), "--flops", "0").exit_code == 2
