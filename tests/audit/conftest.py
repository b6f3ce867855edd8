"""Records of the published layout, made by the tests: one clean, each other with one defect."""

import json
from pathlib import Path
from typing import Any

import pytest

from hpctc.sandbox.launcher import build as build_runner

KERNEL = "default_function_kernel"
I = "((((int)blockIdx.x) * 32) + ((int)threadIdx.x))"  # noqa: E741


def cuda(parameters: str, body: str, bound: int | None = 32, number: int = 0) -> str:
    """One kernel as the published sources write it."""
    words = ", ".join(f"float* __restrict__ {p}" for p in parameters.split())
    bounds = f"__launch_bounds__({bound}) " if bound else ""
    name = KERNEL + (f"_{number}" if number else "")
    return f'extern "C" __global__ void {bounds}{name}({words}) {{\n  {body}\n}}\n'


def c(parameters: str, body: str) -> str:
    """A C function as the published sources write it."""
    words = ", ".join(f"float* {p}" for p in parameters.split())
    return f"void {KERNEL}({words}) {{\n  {body}\n}}\n"


def loop(count: int, body: str) -> str:
    return f"for (int32_t i = 0; i < {count}; ++i) {{\n    {body}\n  }}"


def row(
    cuda_code: str, c_code: str, inputs: list[list[int]], outputs: list[list[int]], name: str = "op"
) -> dict[str, Any]:
    return {
        "op_name": name,
        "op_args": "None",
        "c_code": c_code,
        "cuda_code": cuda_code,
        "ir_code": "",
        "input_shape": inputs,
        "output_shape": outputs,
    }


def element_wise(cuda_value: str, c_value: str, name: str, size: int = 96) -> dict[str, Any]:
    """``T[i] = value`` on both sides; ``#`` stands for the element's index."""
    return row(
        cuda("A T", f"T[{I}] = {cuda_value.replace('#', I)};"),
        c("A T", loop(size, f"T[i] = {c_value.replace('#', 'i')};")),
        [[size]],
        [[size]],
        name,
    )


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_runner(tmp_path_factory.mktemp("runner"))
