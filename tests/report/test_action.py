"""The composite action is run as a runner would: its script, its inputs, its output."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

yaml = pytest.importorskip("yaml", reason="PyYAML reads the action; it comes with 'datasets'")


def read(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return document


def play(folder: Path, **given: str) -> tuple[int, str]:
    """Run the action's only step with these inputs; its exit code and what it put out."""
    action = read(".github/actions/regress/action.yml")
    (step,) = action["runs"]["steps"]
    inputs = {name: one.get("default", "") for name, one in action["inputs"].items()} | given
    values = {f"${{{{ inputs.{name} }}}}": value for name, value in inputs.items()}
    words = {name: values[value] for name, value in step["env"].items()}
    outputs = folder / "outputs"
    here = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=folder,
        env=os.environ
        | words
        | {"PATH": f"{here}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(outputs)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, outputs.read_text() if outputs.is_file() else ""


@pytest.mark.skipif(
    shutil.which("bash") is None
    or shutil.which("hpctc", path=str(Path(sys.executable).parent)) is None,
    reason="needs bash and an installed hpctc",
)
def test_the_action_answers(write_run: Callable[..., Path], tmp_path: Path) -> None:
    old = write_run("old", {"t": 2.0, "u": 1.0})
    slow = write_run("new", {"t": 1.0, "u": 1.0})
    code, said = play(tmp_path, baseline=str(old), run=str(slow), live="false")
    assert (code, said) == (1, "answer=regression\n")
    assert (tmp_path / "hpctc-regress.xml").is_file()
    (tmp_path / "outputs").unlink()
    code, said = play(tmp_path, baseline=str(old), run=str(old), live="false")
    assert (code, said) == (0, "answer=no regression\n")


def test_what_the_action_takes_it_uses() -> None:
    action = read(".github/actions/regress/action.yml")
    (step,) = action["runs"]["steps"]
    for name in action["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in step["env"].values()
    for name in step["env"]:
        assert f"${name}" in step["run"].replace("{", "")
    assert "inputs." not in step["run"]  # an input is a word, never a piece of script


def test_our_own_workflow_uses_the_action() -> None:
    workflow = read(".github/workflows/regress.yml")
    steps = workflow["jobs"]["gate"]["steps"]
    (used,) = [s for s in steps if s.get("uses", "").endswith(".github/actions/regress")]
    action = read(".github/actions/regress/action.yml")
    assert set(used["with"]) <= set(action["inputs"])
