"""Every module of the zoo becomes a legal graph that computes what torch computes."""

import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.graph.check import check
from hpctc.graph.text import parse, show
from hpctc.importers.aten import EMITTERS
from hpctc.importers.errors import ImportFailed
from hpctc.importers.exported import import_module
from hpctc.importers.module import Example, load
from tests.importers.zoo import ZOO


@pytest.mark.parametrize("name", ZOO)
def test_a_module_is_imported(name: str) -> None:
    torch.manual_seed(1)
    module, inputs = ZOO[name]()
    example = Example(name, module.eval().requires_grad_(False), inputs)
    made = import_module(example, name, "the zoo")
    check(made.graph)
    assert made.difference <= made.tolerance < 1e-2
    assert parse(made.text()) == made.graph


def written(folder: Path, text: str) -> Path:
    path = folder / "given.py"
    path.write_text("import torch\nfrom torch import nn\n" + text)
    return path


ONE = """
class Model(nn.Module):
    def forward(self, x):
        return {}
def get_inputs():
    return [{}]
"""

FAULTS = {
    "no class": ("x = 1", "defines no torch module"),
    "several classes": (
        "class A(nn.Module): pass\nclass B(nn.Module): pass",
        "defines 2 torch modules: A, B",
    ),
    "a syntax error": ("def f(:", "SyntaxError"),
    "it exits": ("raise SystemExit(3)", "SystemExit: 3"),
    "a constructor that wants more": (
        "class A(nn.Module):\n  def __init__(self, width): super().__init__()",
        "width",
    ),
    "no inputs": ("class A(nn.Module): pass", "does not say what its module is called on"),
    "a dynamic shape": (
        ONE.format("x[x > 0]", "torch.randn(3)"),
        "has no operator here|fixed shape",
    ),
    "control flow": (
        ONE.format("x if x.sum() > 0 else -x", "torch.randn(3)"),
        "torch.export cannot",
    ),
    "an operator that is missing": (
        ONE.format("torch.linalg.inv(x) + torch.special.i0(x)", "torch.randn(3, 3)"),
        r"i0.*has no operator here \(used at given.py:\d+: return torch.linalg",
    ),
    "a random state": (ONE.format("x + torch.randn(3)", "torch.randn(3)"), "randn.*no operator"),
    "double precision": (ONE.format("x + 1", "torch.randn(3).double()"), "float64"),
    "a constant result": (ONE.format("torch.ones(3)", "torch.randn(3)"), "depends on no input"),
    "an overflow": (
        ONE.format("x * 100000 * 100000", "torch.randint(0, 9, (3,))"),
        "overflow|does not fit",
    ),
    "not defined": (
        ONE.format("torch.log(x - x.mean())", "torch.randn(3)"),
        "not defined everywhere",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_said(name: str, tmp_path: Path) -> None:
    text, message = FAULTS[name]
    with pytest.raises(ImportFailed, match=message) as caught:
        import_module(load(written(tmp_path, text)), "given", "here")
    assert caught.value.hint


KERNELBENCH = """
class Helper(nn.Module):
    def forward(self, x):
        return x * 2
class Model(nn.Module):
    def __init__(self, width, bias):
        super().__init__()
        self.helper, self.net = Helper(), nn.Linear(width, 2, bias=bias)
    def forward(self, x):
        return self.helper(self.net(x))
def get_inputs():
    return [torch.rand(5, 4)]
def get_init_inputs():
    return [4, False]
"""


def test_kernelbench_says_what_is_made_and_called(tmp_path: Path) -> None:
    made = import_module(load(written(tmp_path, KERNELBENCH)), "given", "here")
    assert [str(i.type) for i in made.graph.inputs] == ["f32[5, 4]", "f32[2, 4]"]
    assert [node.op for node in made.graph.nodes] == ["dense", "mul"]
    assert (made.graph.inputs[0].domain.low, made.graph.inputs[0].domain.high) == (0, 1)


def test_a_class_and_shapes_can_be_named(tmp_path: Path) -> None:
    example = load(written(tmp_path, KERNELBENCH.split("def get_init")[0]), "Helper", [(2, 3)])
    assert [str(i.type) for i in import_module(example, "h", "here").graph.inputs] == ["f32[2, 3]"]


def test_a_logarithm_gets_positive_inputs(tmp_path: Path) -> None:
    path = written(tmp_path, ONE.format("torch.log(x)", "torch.rand(7)"))
    made = import_module(load(path), "given", "here")
    assert made.graph.inputs[0].domain.low > 0
    assert "lies in [0.1, 1]" in made.notes[0]


def test_a_wrong_graph_is_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An emitter that swaps the operands of a difference: only the check can notice.
    right = EMITTERS["aten.sub.Tensor"]
    monkeypatch.setitem(EMITTERS, "aten.sub.Tensor", lambda site, a, b: right(site, b, a))
    path = written(tmp_path, ONE.format("x - x.abs()", "torch.randn(7)"))
    with pytest.raises(ImportFailed, match="differs from the original"):
        import_module(load(path), "given", "here")


def test_the_newcomers_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, KERNELBENCH)
    first = CliRunner().invoke(main, ["import", "torch", "given.py"])
    assert first.exit_code == 0, first.output
    assert "executed with your rights" in first.output
    assert "next: hpctc generate given.graph" in first.output
    shown = CliRunner().invoke(main, ["graph", "check", "given.graph"])
    assert shown.exit_code == 0
    again = CliRunner().invoke(main, ["import", "torch", "given.py"])
    assert again.exit_code == 2
    assert "--force" in again.output


def test_the_page_shows_what_the_example_becomes() -> None:
    docs = Path(__file__).parents[2] / "docs"
    example = load(docs / "examples" / "gated_mlp.py")
    made = import_module(example, "gated_mlp", "the page")
    (shown,) = re.findall(r"^```graph\n(.*?)^```", (docs / "import.md").read_text(), re.S | re.M)
    assert show(made.graph) == shown


def test_a_deep_module_is_imported(tmp_path: Path) -> None:
    text = ONE.format("self.deep(x)", "torch.randn(3)").replace(
        "    def forward", """    def deep(self, x):
        for _ in range(300):
            x = x * 0.5 + 0.25
        return x
    def forward""", 1
    )  # fmt: skip
    assert len(import_module(load(written(tmp_path, text)), "deep", "here").graph.nodes) == 600
