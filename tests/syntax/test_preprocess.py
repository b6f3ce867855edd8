"""Macros are expanded, conditionals resolved, lines keep their numbers."""

from pathlib import Path

import pytest

from hpctc.syntax.parse import SourceError, parse
from hpctc.syntax.preprocess import preprocess, without_comments


def lines(source: str) -> list[str]:
    return [line.strip() for line in preprocess(source).split("\n")]


def test_macros_are_expanded_where_they_stand() -> None:
    source = "#define TILE 16\n#define UP(a, b) (((a) + (b) - 1) / (b))\nint n = UP(100, TILE);\n"
    assert lines(source)[2] == "int n = (((100) + (16) - 1) / (16));"


@pytest.mark.parametrize(
    ("condition", "kept"),
    [("#ifdef __CUDACC__", True), ("#if __CUDA_ARCH__ >= 900", False), ("#ifndef FOO", True)],
)
def test_conditionals_are_those_of_device_code(condition: str, kept: bool) -> None:
    assert ("int yes;" in lines(f"{condition}\nint yes;\n#endif\n")) is kept


def test_includes_and_pragmas_stay() -> None:
    found = lines('#include <cuda_fp16.h>\n#include "mine.h"\n#pragma unroll 4\n')
    assert found[:3] == ["#include <cuda_fp16.h>", '#include "mine.h"', "#pragma unroll 4"]


def test_an_error_points_into_the_original() -> None:
    source = "/* a\n   comment */\n#define N 4\n\nvoid f() {\n  int a[N] = ;\n}\n"
    with pytest.raises(SourceError, match=r"k\.cu:6:"):
        parse(preprocess(source), "k.cu")


def test_comments_go_and_strings_stay() -> None:
    assert without_comments('a // b\nc /* d\n */ e "/* f */" g') == 'a  \nc  \n e "/* f */" g'


def test_an_error_directive_is_an_error_of_ours() -> None:
    with pytest.raises(SourceError, match="needs sm_90"):
        preprocess("#if __CUDA_ARCH__ < 900\n#error needs sm_90\n#endif\n")


def test_a_macro_bomb_is_cut_off() -> None:
    bomb = "#define A0 x x x x x x x x x x\n"
    bomb += "".join(f"#define A{i + 1} {f'A{i} ' * 10}\n" for i in range(9))
    with pytest.raises(SourceError, match="expand to more than"):
        preprocess(f"{bomb}int A9;\n")


def test_headers_beside_the_source_are_read_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "outside.cuh").write_text("int secret;\n")
    (tmp_path / "inner" / "tile.cuh").write_text("#pragma once\n#define TILE 8\nint tile\n= 1;\n")
    source = f"""#include "tile.cuh"
#include "../outside.cuh"
#include "{tmp_path}/outside.cuh"
#include "absent.cuh"
int a = TILE;
"""
    text = preprocess(source, str(tmp_path / "inner" / "k.cu"), folder=tmp_path / "inner")
    assert "int tile = 1;" in text
    assert "secret" not in text
    assert text.split("\n")[4] == "int a = 8;"
    assert "secret" not in preprocess(source)


@pytest.mark.parametrize("source", ["#pragma\n", "#define\n", "#if\n#endif", "#undef"])
def test_half_a_directive_is_an_error(source: str) -> None:
    with pytest.raises(SourceError, match="directive is not complete"):
        preprocess(source)
