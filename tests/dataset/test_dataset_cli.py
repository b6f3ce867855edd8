import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.errors import UsageError
from hpctc.core.records import Pair
from hpctc.dataset import read

Make = Callable[..., Pair]


def hpctc(*words: object) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words])


@pytest.fixture
def folder(relu: Make, tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    folder.mkdir()
    jsonl.write(folder / "pairs.jsonl", [relu("relu"), relu("relu_2", 7), relu("other", 8)])
    return folder


def test_count(folder: Path) -> None:
    done = hpctc("dataset", "count", folder)
    assert done.exit_code == 0, done.output
    assert "3 pairs" in done.output
    assert "elementwise" in done.output
    assert "c == float64" in done.output


def test_release_export_import_count_show(folder: Path, tmp_path: Path) -> None:
    done = hpctc("dataset", "release", folder, "--out", tmp_path / "r", "--version", "2.0.0")
    assert done.exit_code == 0, done.output
    assert "3 pairs" in done.output
    card = (tmp_path / "r" / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0\npretty_name: r\n")
    assert "# r 2.0.0" in card
    done = hpctc(
        "dataset", "export", tmp_path / "r", "--format", "hpctranseval", "--out", tmp_path / "e"
    )
    assert done.exit_code == 0, done.output
    rows = json.loads((tmp_path / "e" / "IndependentOperator.json").read_text())
    assert len(rows) == 3
    done = hpctc("dataset", "import", tmp_path / "e", "--out", tmp_path / "i")
    assert done.exit_code == 0, done.output
    assert "3 imported rows" in hpctc("dataset", "count", tmp_path / "i").output
    done = hpctc(
        "dataset", "export", tmp_path / "i", "--format", "hpctranseval", "--out", tmp_path / "f"
    )
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "f" / "IndependentOperator.json").read_text()) == rows


def test_verify_checks_again_on_this_machine(relu: Make, tmp_path: Path) -> None:
    right = relu("right")
    wrong = relu("wrong", c_code=relu("wrong").c_code.replace("> 0.0f", "> 0.5f"))
    jsonl.write(tmp_path / "pairs.jsonl", [right, wrong])
    done = hpctc("dataset", "verify", tmp_path, "--cuda-check", "off")
    assert done.exit_code == 1
    assert f"{wrong.id} wrong: the C computes something else; y[" in done.output
    assert "1 of 2 pairs pass" in done.output
    done = hpctc("dataset", "verify", tmp_path, "--limit", 1, "--cuda-check", "off")
    assert (done.exit_code, done.output) == (0, "1 of 1 pairs pass\n")


def test_import_does_not_mix_with_pairs(folder: Path, tmp_path: Path) -> None:
    hpctc("dataset", "export", folder, "--format", "hpctranseval", "--out", tmp_path / "e")
    done = hpctc("dataset", "import", tmp_path / "e", "--out", folder)
    assert done.exit_code == 2
    assert "holds pairs" in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("dataset", "count", "nowhere"), "no dataset 'nowhere'"),
        (("dataset", "release", "FOLDER", "--out", "FOLDER"), "never overwritten"),
        (("dataset", "release", "FOLDER", "--out", "OUT", "--test", "99"), "at most 100"),
        (("show", "FOLDER", "rellu"), "near: relu"),
        (("show", "FOLDER", "relu", "--only", "asm"), "there are graph, cuda, c"),
    ],
)
def test_misuse_names_the_way_out(
    folder: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    names = {"FOLDER": str(folder), "OUT": str(tmp_path / "out")}
    done = hpctc(*(names.get(w, w) for w in words))
    assert done.exit_code == 2, done.output
    assert message in done.output
    assert "Traceback" not in done.output


def test_show_lists_then_shows_by_id_prefix_and_name(folder: Path, relu: Make) -> None:
    pair = relu("other", 8)
    listed = hpctc("show", folder)
    assert f"{pair.id} other (elementwise)" in listed.output
    by_name, by_id = hpctc("show", folder, "other"), hpctc("show", folder, pair.id[:6])
    assert by_name.exit_code == 0, by_name.output
    assert by_name.output == by_id.output
    for part in (
        "y = relu(x)",
        "void other(const float *restrict x, float *restrict y);",
        "other_kernel<<<dim3(1, 1, 1), dim3(64, 1, 1)>>>(y, x);",
        "in      x: float32[8] in [-1, 1]",
        "c == float64; largest error 0; tolerance 1e-06; seeds 1, 2",
        "source    operator relu, effort none",
    ):
        assert part in by_name.output
    only = hpctc("show", folder, "other", "--only", "c")
    assert only.output == pair.c_code


def test_an_ambiguous_beginning_lists_the_ids(relu: Make) -> None:
    one, two = replace(relu("one"), id="abcd1111"), replace(relu("two"), id="abcd2222")
    assert read.find([one, two], "abcd2") is two
    with pytest.raises(UsageError, match=r"abcd1111 \(one\), abcd2222 \(two\)"):
        read.find([one, two], "abcd")
    with pytest.raises(UsageError, match="at least 4 digits"):
        read.find([one, two], "xyz")
