"""Who may import whom; a unit that is not in the table fails."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS: dict[str, tuple[set[str], set[str]]] = {
    # unit: (units of hpctc it may import, heavy third parties it may import)
    "core": (set(), {"jinja2"}),
    "native": ({"core"}, {"numpy"}),
    "syntax": ({"core"}, {"lark"}),
    "graph": ({"core"}, {"lark", "numpy", "scipy"}),
    "rewrite": ({"core", "graph"}, {"numpy", "egglog"}),
    "importers": ({"core", "graph"}, {"numpy", "onnx", "torch"}),
    "families": ({"core", "graph"}, {"numpy"}),
    "lower": ({"core", "native", "graph"}, {"numpy", "tvm", "tvm_ffi", "psutil"}),
    "sandbox": ({"core", "native"}, {"numpy"}),
    "emulate": ({"core", "native", "sandbox"}, {"numpy"}),
    "transpile": ({"core", "native", "syntax"}, {"numpy"}),
    "dataset": (
        {"core", "native", "syntax", "graph", "sandbox", "emulate", "transpile"},
        {"numpy", "pyarrow"},
    ),
    "prompt": ({"core", "native"}, set()),
    "audit": (
        {"core", "native", "syntax", "graph", "sandbox", "emulate", "dataset", "transpile"},
        {"numpy"},
    ),
    "decode": ({"core"}, {"torch"}),
    "models": ({"core", "native", "transpile", "decode"}, {"torch", "transformers"}),
    "evaluate": ({"core", "native", "syntax", "graph", "sandbox"}, {"numpy", "torch"}),
    "calibrate": ({"core", "native"}, {"numpy"}),
    "score": ({"core"}, {"numpy", "scipy"}),
    "regress": ({"core", "score"}, {"numpy", "scipy"}),
    "report": ({"core", "score", "regress"}, {"numpy", "rich"}),
    "flow": (
        {"core", "native", "syntax", "graph", "rewrite", "lower", "dataset", "prompt", "models"}
        | {"families", "sandbox", "emulate", "evaluate", "calibrate", "score", "decode"}
        | {"transpile", "audit"},
        {"numpy", "rich"},
    ),
    "cli": (
        {"core", "native", "graph", "rewrite", "dataset", "prompt", "models", "sandbox", "emulate"}
        | {"flow", "calibrate", "regress", "report", "syntax", "transpile", "audit"}
        | {"importers", "families"},
        {"click", "rich"},
    ),
}

HEAVY = {
    "click", "jinja2", "lark", "numpy", "onnx", "psutil", "pyarrow", "rich", "scipy", "torch",
    "transformers", "tvm", "tvm_ffi", "xgboost",
}  # fmt: skip


def unit_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "hpctc").parts
    return parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "hpctc":
                found += [(node.lineno, f"hpctc.{alias.name}") for alias in node.names]
            else:
                found.append((node.lineno, node.module))
    return found


def sources() -> list[Path]:
    return sorted(
        p
        for p in (ROOT / "hpctc").rglob("*.py")
        if p.name != "__init__.py" or p.parent != ROOT / "hpctc"
    )


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_unit_imports_only_what_stands_above_it(path: Path) -> None:
    unit = unit_of(path)
    assert unit in LAYERS, f"{unit} is not in the layer table of {Path(__file__).name}"
    ours, theirs = LAYERS[unit]
    for line, name in imports(path):
        top, _, rest = name.partition(".")
        where = f"{path.relative_to(ROOT)}:{line} imports {name}"
        if top == "hpctc":
            target = rest.partition(".")[0]
            if target and target not in {"__version__", unit}:
                assert target in ours, f"{where}; {unit} may import {sorted(ours)}"
        elif top in HEAVY:
            assert top in theirs, f"{where}; {unit} may import {sorted(theirs)}"


def test_the_layers_have_no_cycle() -> None:
    order = list(LAYERS)
    for unit, (ours, _) in LAYERS.items():
        assert all(order.index(other) < order.index(unit) for other in ours), unit


@pytest.mark.parametrize("folder", ["datasets", "evals", "grammars", "templates"])
def test_data_folders_hold_no_python(folder: str) -> None:
    # An __init__.py in datasets/ would shadow Hugging Face's package for users of the checkout.
    assert not list((ROOT / folder).rglob("*.py"))
