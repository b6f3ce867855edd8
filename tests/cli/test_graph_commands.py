"""``hpctc ops`` and ``hpctc graph check|show`` as a user sees them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.graph import ops
from hpctc.graph.text import parse

MLP = """\
graph mlp(x: f32[128, 256], w: f32[256, 512], b: f32[512]) {
  return relu(x @ w + b)
}
"""


def hpctc(*words: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, words, input=stdin, terminal_width=80)


@pytest.fixture
def mlp(tmp_path: Path) -> Path:
    path = tmp_path / "mlp.graph"
    path.write_text(MLP)
    return path


def test_ops_lists_every_operator_in_80_columns() -> None:
    result = hpctc("ops")
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    for name in ("conv2d(", "add: a + b", "one_hot(", "compute intensive"):
        assert name in result.output


def test_ops_of_one_category_as_json() -> None:
    result = hpctc("ops", "--json", "--category", "compute intensive")
    listed = json.loads(result.output)
    assert {o["category"] for o in listed} == {"compute intensive"}
    conv = next(o for o in listed if o["name"] == "conv2d")
    assert [a["name"] for a in conv["attributes"]] == ["stride", "padding", "dilation", "groups"]
    parse(conv["example"])


def test_ops_as_json_holds_the_whole_registry() -> None:
    assert {o["name"] for o in json.loads(hpctc("ops", "--json").output)} == set(ops.OPS)


def test_ops_shows_one_operator_in_full() -> None:
    result = hpctc("ops", "clip")
    assert "clip(x, min=..., max=...)" in result.output
    assert "min(max(x[i], min), max)" in result.output
    assert "graph clip_op(" in result.output


def test_ops_names_the_neighbour_of_an_unknown_operator() -> None:
    result = hpctc("ops", "sotfmax")
    assert result.exit_code == 2
    assert "did you mean 'softmax'?" in result.output


def test_check_says_one_line_a_graph(mlp: Path) -> None:
    result = hpctc("graph", "check", str(mlp))
    assert result.exit_code == 0
    assert result.output == (
        "mlp: 3 operators, 33.7 Mflop, 920 kB, compute intensive; v2 in [0, 257.003]\n"
    )


def test_check_goes_on_after_a_bad_file_and_fails(mlp: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.graph"
    bad.write_text(MLP.replace("b: f32[512]", "b: f32[511]"))
    result = hpctc("graph", "check", str(bad), str(tmp_path / "absent"), str(mlp))
    assert result.exit_code == 2
    assert f"{bad}:2:15: add cannot broadcast [128, 512] and [511]" in result.output
    assert "    " + " " * 14 + "^" in result.output
    assert "absent: No such file or directory" in result.output
    assert "mlp: 3 operators" in result.output


def test_show_prints_what_can_be_read_again(mlp: Path) -> None:
    once = hpctc("graph", "show", str(mlp))
    again = hpctc("graph", "show", "-", stdin=once.output)
    assert once.output == again.output
    assert parse(again.output) == parse(MLP)


def test_show_with_intervals_is_the_same_graph(mlp: Path) -> None:
    result = hpctc("graph", "show", "--intervals", str(mlp))
    assert "# f32[128, 512] in [-257.003, 257.003]" in result.output
    assert parse(result.output) == parse(MLP)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "a text of graphs begins with a graph"),
        (b"\x7fELF\x00\xff\xfe", "is not text: byte 5 is no UTF-8"),
        (b"\x00" * 1000, "means nothing here"),
        ("graph größe(x: f32[2]) {".encode(), "means nothing here"),
        (b"graph g(x: f32[2]) {\r\n  y = exp(x\r\n", "a '(' is not closed"),
    ],
)
def test_files_that_hold_no_graph_are_errors_and_no_tracebacks(content: bytes, says: str) -> None:
    result = hpctc("graph", "check", "-", stdin=content)
    assert result.exit_code == 1
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_folder_is_no_graph_file(tmp_path: Path) -> None:
    result = hpctc("graph", "show", str(tmp_path))
    assert result.exit_code == 2
    assert "Is a directory" in result.output


def test_windows_line_ends_and_a_byte_order_mark_are_fine() -> None:
    content = b"\xef\xbb\xbf" + MLP.replace("\n", "\r\n").encode()
    assert hpctc("graph", "show", "-", stdin=content).exit_code == 0
