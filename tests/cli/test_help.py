"""``hpctc --help`` loads nothing heavy, lists every verb, and words our errors."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import VERBS, main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_loads_nothing_heavy(argument: str) -> None:
    code = (
        "import sys; sys.argv = ['hpctc', sys.argv[1]]\n"
        "from hpctc.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'tvm', 'torch', 'numpy', 'lark', 'rich', 'scipy', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, argument], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "hpctc" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_answers_help_at_80_columns(verb: str) -> None:
    result = CliRunner().invoke(main, [verb, "--help"], terminal_width=80)
    assert result.exit_code == 0, result.output
    assert max(len(line) for line in result.output.splitlines()) <= 80


@pytest.mark.parametrize("group", ["dataset", "bench", "graph", "import"])
def test_no_line_of_a_group_is_cut_off(group: str) -> None:
    result = CliRunner().invoke(main, [group, "--help"], terminal_width=80)
    listed = result.output.partition("Commands:\n")[2].splitlines()
    assert len(listed) >= 2
    assert not [line for line in listed if line.endswith("...")]


@pytest.mark.parametrize(
    ("word", "hint"), [("evla", "did you mean 'hpctc eval'?"), ("zzz", "'hpctc --help' lists them")]
)
def test_an_unknown_verb_is_told_what_there_is(word: str, hint: str) -> None:
    result = CliRunner().invoke(main, [word])
    assert result.exit_code == 2
    assert f"there is no command '{word}'" in result.stderr
    assert hint in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        "ops nope",
        "families nope",
        "graph check nope.graph",
        "graph rewrite nope.graph",
        "import torch nope.py",
        "import onnx nope.onnx",
        "generate nope --out pairs",
        "generate published:nope --out pairs",
        "transpile nope.cu",
        "translate nope.cu --model null",
        "emulate nope.cu --grid 1 --block 1",
        "dataset count nope",
        "dataset leaks nope mini",
        "audit nope",
        "show nope",
        "eval nope --model null",
        "eval mini --model nope",
        "report nope",
        "regress nope nope",
    ],
)
def test_a_name_that_is_not_there_is_wrong_use(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 2, result.output
    assert "nope" in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_bare_checkout_runs() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("hpctc, version"), done.stderr


def test_doctor_finds_the_compiler() -> None:
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    assert "gcc" in result.output
    assert "The whole road is open" in result.output


def test_doctor_names_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "MISS" in result.output
    assert "apt-get install gcc" in result.output
