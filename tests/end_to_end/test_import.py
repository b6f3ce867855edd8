"""The walk of ``docs/import.md``: a torch module becomes a graph, a pair, a task, a score."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.records import Pair, Score

PAGE = Path(__file__).parents[2] / "docs" / "import.md"

MODEL = """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.head = nn.Linear(width, 6)
    def forward(self, x):
        return torch.softmax(self.head(x), dim=-1)

def get_inputs():
    return [torch.rand(40, 24)]

def get_init_inputs():
    return [24]
"""

SHORT = {
    "generate": ("--cuda-check", "off"),
    "eval": ("--checks", "none", "--baselines", "reference", "--seconds", "0"),
}
"""What a test leaves out of a command: proofs and timings that have tests of their own."""


def commands() -> list[list[str]]:
    """Those of the page's head in order, without the one on an ONNX model."""
    block = PAGE.read_text().split("\n\n")[1]
    found = re.findall(r"^ +hpctc ((?:[\w./-]+ ?)+)", block, re.M)
    return [line.split() for line in found if "onnx" not in line]


def test_a_torch_module_becomes_a_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_model.py").write_text(MODEL)
    walked = commands()
    assert [words[0] for words in walked] == ["import", "generate", "dataset", "eval"]
    for words in walked:
        done = CliRunner().invoke(main, [*words, *SHORT.get(words[0], ())])
        assert done.exit_code == 0, f"hpctc {' '.join(words)}\n{done.output}"
    (pair,) = jsonl.read(Path("pairs/pairs.jsonl"), Pair)
    assert pair.provenance.source == "file my_model.graph"
    assert [t.name for t in pair.inputs] == ["x", "head_weight", "head_bias"]
    (score,) = jsonl.read(Path("runs/mine/scores.jsonl"), Score)
    assert (score.verdict, score.reason) == ("correct", "")
