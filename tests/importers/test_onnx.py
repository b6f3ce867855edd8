"""Every ONNX operator that has an emitter means what ONNX's reference evaluator computes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.graph.check import check
from hpctc.graph.text import parse
from hpctc.importers.errors import ImportFailed
from hpctc.importers.onnx import EMITTERS
from hpctc.importers.onnx.model import import_model

onnx = pytest.importorskip("onnx")
FLOAT, INT = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def saved(
    folder: Path, nodes: list[Any], inputs: dict[str, tuple[int, ...]], **stored: Any
) -> Path:
    """A model of these nodes; the last node's outputs are the model's."""
    whole = {name for name in inputs if name.startswith("at")}
    declared = [
        onnx.helper.make_tensor_value_info(n, INT if n in whole else FLOAT, shape)
        for n, shape in inputs.items()
    ]
    outputs = [onnx.helper.make_empty_tensor_value_info(n) for n in nodes[-1].output]
    tensors = [onnx.numpy_helper.from_array(np.asarray(a), n) for n, a in stored.items()]
    graph = onnx.helper.make_graph(nodes, "made", declared, outputs, tensors)
    graph = onnx.shape_inference.infer_shapes(
        onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 23)])
    )
    for output in graph.graph.output:
        if not output.type.tensor_type.elem_type:  # a function whose result is not inferred
            output.CopyFrom(onnx.helper.make_tensor_value_info(output.name, FLOAT, inputs["x"]))
    path = folder / "made.onnx"
    onnx.save(graph, str(path))
    return path


def f32(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0.1, 1.0, shape).astype(np.float32)


def i64(*numbers: int) -> Any:
    return np.asarray(numbers, dtype=np.int64)


X = {"x": (2, 3, 4)}
PAIR = {"x": (2, 3), "y": (1, 3)}
IMAGE = {"x": (1, 4, 6, 6)}
NORM = {"a": f32(4), "b": f32(4, seed=1)}

CASES: list[tuple[str, dict[str, tuple[int, ...]], dict[str, Any], dict[str, Any]]] = [
    *((name, X, {}, {}) for name in (
        "Abs", "Neg", "Exp", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Tanh",
        "Asinh", "Erf", "Sigmoid", "Relu", "Floor", "Ceil", "Round", "Sign", "Softplus", "Softsign",
        "Mish", "HardSwish", "HardSigmoid", "Selu", "Elu", "LeakyRelu", "Gelu", "Identity",
        "Softmax", "LogSoftmax", "Flatten", "Transpose", "ReduceSum", "ReduceMean", "ReduceMax",
        "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp",
        "ArgMax", "ArgMin", "Log", "Sqrt", "Reciprocal", "Acosh", "Atanh",
    )),
    *((name, PAIR, {}, {}) for name in (
        "Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Equal", "Less", "LessOrEqual",
        "Greater", "GreaterOrEqual", "Mod",
    )),
    ("Mul", X, {}, {"y": np.float32(0.5)}),
    ("Pow", X, {}, {"y": np.float32(3)}),
    ("Clip", X, {}, {"low": np.float32(-0.2), "high": np.float32(0.3)}),
    ("PRelu", X, {}, {"slope": f32(3, 1)}),
    ("MatMul", {"x": (2, 3, 4), "y": (4, 5)}, {}, {}),
    ("MatMul", {"x": (2, 3, 4)}, {}, {"w": f32(4, 5)}),
    ("Gemm", {"x": (4, 3)}, {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0},
     {"w": f32(5, 4), "c": f32(5)}),
    ("ReduceSum", X, {"keepdims": 0}, {"axes": i64(1, -1)}),
    ("ArgMax", X, {"axis": 1, "keepdims": 0}, {}),
    ("CumSum", X, {}, {"axis": np.asarray(1, np.int64)}),
    ("Cast", X, {"to": INT}, {}),
    ("TopK", X, {}, {"k": i64(2)}),
    ("Conv", IMAGE, {"pads": [1, 1, 1, 1], "strides": [2, 1]},
     {"w": f32(6, 4, 3, 3), "b": f32(6)}),
    ("Conv", IMAGE, {"pads": [0, 1, 1, 2], "dilations": [2, 1], "group": 2},
     {"w": f32(6, 2, 2, 2)}),
    ("Conv", IMAGE, {"auto_pad": "SAME_UPPER", "strides": [2, 2]}, {"w": f32(2, 4, 3, 3)}),
    ("ConvTranspose", IMAGE, {"strides": [2, 2], "output_padding": [1, 0]},
     {"w": f32(4, 3, 3, 3)}),
    ("MaxPool", IMAGE, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, {}),
    ("MaxPool", IMAGE, {"kernel_shape": [2, 2], "pads": [1, 0, 0, 1]}, {}),
    ("AveragePool", IMAGE, {"kernel_shape": [2, 3], "count_include_pad": 1}, {}),
    ("GlobalAveragePool", IMAGE, {}, {}),
    ("GlobalMaxPool", IMAGE, {}, {}),
    ("BatchNormalization", IMAGE, {}, {**NORM, "mean": f32(4), "var": f32(4)}),
    ("InstanceNormalization", IMAGE, {}, NORM),
    ("GroupNormalization", IMAGE, {"num_groups": 2}, NORM),
    ("LayerNormalization", X, {}, NORM),
    ("RMSNormalization", X, {}, {"a": f32(4)}),
    ("Reshape", X, {}, {"shape": i64(0, -1, 2)}),
    ("Transpose", X, {"perm": [1, 0, 2]}, {}),
    ("Squeeze", {"x": (1, 3, 1)}, {}, {"axes": i64(0)}),
    ("Unsqueeze", X, {}, {"axes": i64(0, 4)}),
    ("Concat", PAIR, {"axis": 0}, {}),
    ("Slice", X, {}, {"s": i64(1, 0), "e": i64(3, 9), "a": i64(1, 2), "t": i64(1, 2)}),
    ("Slice", X, {}, {"s": i64(-1), "e": i64(-99), "a": i64(2), "t": i64(-1)}),
    ("Pad", X, {}, {"pads": i64(0, 1, 0, 2, 0, 1), "value": np.float32(0.5)}),
    ("Expand", {"x": (3, 1)}, {}, {"shape": i64(2, 1, 4)}),
    ("Tile", {"x": (2, 3)}, {}, {"reps": i64(2, 1)}),
    ("Gather", {"x": (5, 3), "at": (2, 4)}, {}, {}),
    ("Gather", {"x": (5, 3)}, {"axis": 1}, {"at": i64(-1, 0)}),
    ("Gather", {"x": (5, 3)}, {}, {"at": np.asarray(2, np.int64)}),
    ("GatherElements", {"x": (5, 3), "at": (2, 3)}, {}, {}),
    ("Trilu", {"x": (4, 5)}, {"upper": 0}, {"k": np.asarray(1, np.int64)}),
    ("DepthToSpace", {"x": (1, 8, 2, 3)}, {"blocksize": 2}, {}),
    ("DepthToSpace", {"x": (1, 8, 2, 3)}, {"blocksize": 2, "mode": "CRD"}, {}),
    ("SpaceToDepth", {"x": (1, 2, 4, 6)}, {"blocksize": 2}, {}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_an_operator_is_imported(case: Any, tmp_path: Path) -> None:
    name, inputs, attrs, stored = case
    outputs = ["y0", "y1"] if name == "TopK" else ["y0"]
    node = onnx.helper.make_node(name, [*inputs, *stored], outputs, **attrs)
    made = import_model(saved(tmp_path, [node], inputs, **stored))
    check(made.graph)
    assert made.difference <= made.tolerance < 1e-2
    assert parse(made.text()) == made.graph


def test_more_than_thirty_operators_are_tested() -> None:
    tested = {name for name, *_ in CASES}
    assert len(tested) > 80
    assert tested <= set(EMITTERS)


def test_a_network_whose_shapes_are_computed(tmp_path: Path) -> None:
    # As exporters write a flatten: shape, gather, unsqueeze, concat, reshape.
    make = onnx.helper.make_node
    nodes = [
        make("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        make("Relu", ["c"], ["r"]),
        make("Shape", ["r"], ["s"]),
        make("Gather", ["s", "zero"], ["n"]),
        make("Unsqueeze", ["n", "axis"], ["n1"]),
        make("Concat", ["n1", "rest"], ["shape"], axis=0),
        make("Reshape", ["r", "shape"], ["flat"]),
        make("Split", ["flat"], ["left", "right"], axis=1, num_outputs=2),
        make("Sigmoid", ["right"], ["gate"]),
        make("Mul", ["left", "gate"], ["h"]),
        make("Gemm", ["h", "v", "d"], ["out"]),
    ]
    stored = {
        "w": f32(4, 3, 3, 3), "b": f32(4), "v": f32(32, 5), "d": f32(5),
        "zero": np.asarray(0, np.int64), "axis": i64(0), "rest": i64(-1),
    }  # fmt: skip
    made = import_model(saved(tmp_path, nodes, {"x": (2, 3, 4, 4)}, **stored))
    assert [i.name for i in made.graph.inputs] == ["x", "w", "b", "v", "d"]
    assert not made.notes


def test_what_cannot_be_imported_is_named(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Det", ["x"], ["y"], name="corner")
    with pytest.raises(ImportFailed, match=r"Det has no operator here \(used at corner\)"):
        import_model(saved(tmp_path, [node], {"x": (3, 3)}))
    free = onnx.helper.make_node("Relu", ["x"], ["y"])
    with pytest.raises(ImportFailed, match=r"x has shape \[batch, 3\], which is not fixed"):
        import_model(saved(tmp_path, [free], {"x": ("batch", 3)}))  # type: ignore[dict-item]
    computed = onnx.helper.make_node("Reshape", ["x", "at"], ["y"])
    with pytest.raises(ImportFailed, match="is computed by the model"):
        import_model(saved(tmp_path, [computed], {"x": (3, 4), "at": (1,)}))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(ImportFailed, match="no legal ONNX model"):
        import_model(broken)


def test_the_command_writes_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    node = onnx.helper.make_node("Softmax", ["x"], ["y"])
    saved(tmp_path, [node], {"x": (3, 4)})
    result = CliRunner().invoke(main, ["import", "onnx", "made.onnx"])
    assert result.exit_code == 0, result.output
    assert parse((tmp_path / "made.graph").read_text()).nodes[0].op == "softmax"
