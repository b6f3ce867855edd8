import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hpctc.core import jsonl
from hpctc.core.errors import CorruptRecord, UsageError
from hpctc.core.records import Launch, Pair
from hpctc.dataset import hpctranseval
from hpctc.dataset.hpctranseval import PUBLISHED, Published
from hpctc.native import call
from hpctc.native.compiler import Gcc

Make = Callable[..., Pair]

FOUND = Path(__file__).parents[3] / "shared" / "hpctranseval"

needs_published = pytest.mark.skipif(not FOUND.is_dir(), reason="the published files are not here")

ROW = {
    "op_name": "relu",
    "op_args": [2, 3],
    "c_code": "void default_function_kernel(float* a, float* b) {}",
    "cuda_code": "",
    "ir_code": "",
    "input_shape": [[2, 3]],
    "output_shape": [[2, 3]],
}


@needs_published
def test_the_published_files_are_read_and_written_without_loss(tmp_path: Path) -> None:
    records = hpctranseval.load(FOUND)
    jsonl.write(tmp_path / PUBLISHED, records)
    again = list(jsonl.read(tmp_path / PUBLISHED, Published))
    assert again == records
    assert len({r.id for r in records}) == len(records)
    hpctranseval.export(again, tmp_path / "out")
    for path in FOUND.glob("*.json"):
        if path.stem in hpctranseval.GROUPS:
            copy = json.loads((tmp_path / "out" / path.name).read_text())
            assert copy == json.loads(path.read_text()), path.name


def test_an_exported_pair_can_be_imported(relu: Make, tmp_path: Path) -> None:
    pair = relu()
    assert hpctranseval.export([pair], tmp_path)["IndependentOperator"] == 1
    (record,) = hpctranseval.load(tmp_path)
    assert record.op_name == "relu"
    assert record.op_args == "None"
    assert record.ir_code == pair.graph
    assert record.input_shape == ((100,),)
    assert record.input_name == ("x",)
    assert record.output_name == ("y",)
    assert "default_function_kernel(" in record.cuda_code
    assert "relu_kernel" not in record.cuda_code


def test_exported_c_takes_its_buffers_in_alphabetical_order(relu: Make, build_folder: Path) -> None:
    # The output is called a, so alphabetical order differs from ours.
    pair = relu()
    swapped = relu(
        c_code=pair.c_code.replace("restrict y", "restrict a").replace("y[i]", "a[i]"),
        outputs=(type(pair.outputs[0])(name="a", shape=(100,), dtype="float32"),),
    )
    code = hpctranseval.row_of_pair(swapped)["c_code"]
    built = Gcc().build(code, build_folder)
    assert built.library is not None, built.log
    x, y = call.aligned((100,), "float32"), call.poisoned((100,), "float32")
    x[::2] = 1.5
    x[1::2] = -1.5
    call.function(built.library, hpctranseval.KERNEL, 2)(y.ctypes.data, x.ctypes.data)
    assert (y[::2] == 1.5).all()
    assert (y[1::2] == 0.0).all()


def test_kernels_are_numbered_in_the_order_of_launch(relu: Make) -> None:
    launches = tuple(
        Launch(kernel=k, grid=(1, 1, 1), block=(1, 1, 1), shared_bytes=0, args=())
        for k in ("later", "late", "later")
    )
    pair = relu(launches=launches, cuda_code="__global__ void late(){}\n__global__ void later(){}")
    assert hpctranseval.row_of_pair(pair)["cuda_code"] == (
        "__global__ void default_function_kernel_1(){}\n__global__ void default_function_kernel(){}"
    )


def test_groups(relu: Make) -> None:
    two = "graph g(x: f32[4]) {\n  a = relu(x)\n  y = exp(a)\n  return y\n}\n"
    written = relu().provenance.__class__(source="file block.graph")
    assert hpctranseval.group_of(relu()) == "IndependentOperator"
    assert hpctranseval.group_of(relu(graph=two)) == "ComputationGraph"
    assert hpctranseval.group_of(relu(graph=two, provenance=written)) == "ModelBuildingBlock"
    row = hpctranseval.row_of_pair(relu(graph=two))
    assert (row["op_name"], row["op_args"]) == ("relu", [["relu", "exp"]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("{}", "not a list"),
        (json.dumps([ROW, {**ROW, "extra": 1}]), "row 1 .*unknown field 'extra'"),
        (json.dumps([{k: v for k, v in ROW.items() if k != "c_code"}]), "row 0 .*lacks.*c_code"),
        (json.dumps([{**ROW, "input_shape": "[[2, 3]]"}]), "row 0 .*input_shape"),
    ],
)
def test_damage_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "IndependentOperator.json"
    path.write_text(text)
    with pytest.raises(CorruptRecord, match=message):
        hpctranseval.load(path)


def test_other_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file of the published layout"):
        hpctranseval.load(tmp_path)
    (tmp_path / "rows.json").write_text("[]")
    with pytest.raises(UsageError, match="not the name of a group"):
        hpctranseval.load(tmp_path / "rows.json")
