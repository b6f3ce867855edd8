"""Bad input for both commands: a clear error each, no traceback, no hang."""

import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from tests.transpile.corpus.case import FOLDER

KERNEL = "__global__ void k(float *x) { x[threadIdx.x] = %s; }\n"
HOST = "#include <torch/extension.h>\ntorch::Tensor f(torch::Tensor x) { return x + 1; }\n"
MEGABYTE = 1_000_000
NONE = "no __global__ function"

BAD: dict[str, tuple[str | bytes, int, str, str]] = {
    # name: (text, exit code of transpile, what transpile says, what emulate says)
    "empty": ("", 1, "HPC0002", NONE),
    "white space": (" \n\t\n", 1, "HPC0002", NONE),
    "prose": ("hello, world\n", 1, "HPC0002", NONE),
    "host code alone": (HOST, 1, "HPC0002", NONE),
    "binary": (b"\x00\x01\x02\xff\xfe" * 500, 1, "NUL byte", "NUL byte"),
    "latin junk": (bytes(range(128, 256)) * 50, 1, "HPC000", NONE),
    "parentheses": (KERNEL % ("(" * MEGABYTE), 1, "nests more than", "nests more than"),
    "braces": ("{" * MEGABYTE, 1, "nests more than", "nests more than"),
    "brackets closed": (
        KERNEL % ("[" * MEGABYTE + "]" * MEGABYTE), 1, "nests more than", "nests more than"
    ),
    "unknown intrinsic": (KERNEL % "__no_such_thing(3)", 3, "HPC0006", "__no_such_thing"),
    "unknown name": (KERNEL % "missing", 1, "HPC0007", "missing"),
    "index of a number": (KERNEL % "3.0f[2]", 1, "HPC0028", "does not compile"),
    "too few arguments": (KERNEL % "fmaxf()", 1, "HPC0028", "does not compile"),
    "unclosed comment": (KERNEL % "1" + "/* and so on", 1, "", ""),
    "unclosed string": (KERNEL % '"text', 1, "HPC0001", "does not compile"),
    "unclosed condition": ("#if 1\n" + KERNEL % "1", 1, "", "does not compile"),
    "error directive": ("#error never\n" + KERNEL % "1", 1, "never", "never"),
    "macro bomb": (
        "#define A0 1+1\n"
        + "".join(f"#define A{i} A{i - 1} + A{i - 1} + A{i - 1} + A{i - 1}\n" for i in range(1, 40))
        + KERNEL % "A39",
        1, "macros", "",
    ),
    "number that is none": (KERNEL % "0x", 1, "HPC0028", "does not compile"),
}  # fmt: skip


def call(command: str, folder: Path, text: str | bytes, *more: str) -> Result:
    path = folder / "given.cu"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    began = time.monotonic()
    done = CliRunner().invoke(main, [command, str(path), *more])
    assert time.monotonic() - began < 60, "it hangs"
    assert isinstance(done.exception, SystemExit | None), done.exception
    assert "Traceback" not in done.output
    return done


@pytest.mark.parametrize("name", BAD)
def test_transpile_says_what_is_wrong(name: str, tmp_path: Path) -> None:
    text, code, said, _ = BAD[name]
    done = call("transpile", tmp_path, text, "--grid", "1", "--block", "32")
    assert said in done.output
    if said:
        assert done.exit_code == code, done.output


@pytest.mark.parametrize("name", [n for n in BAD if n != "macro bomb"])  # g++ gets its 60 s
def test_emulate_says_what_is_wrong(name: str, tmp_path: Path) -> None:
    text, _, _, said = BAD[name]
    args = ("--grid", "1", "--block", "32", "--arg", "x=f32[32]", "--seconds", "5")
    done = call("emulate", tmp_path, text, *args)
    assert said in done.output
    if said:
        assert done.exit_code in (1, 2), done.output


@pytest.mark.parametrize("file", ["softmax_warp", "functor_map", "layernorm_welford"])
def test_a_file_cut_anywhere_is_an_error_or_shorter(file: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{file}.cu").read_text()
    for end in range(5, len(text), max(1, len(text) // 40)):
        done = call("transpile", tmp_path, text[:end], "--grid", "2", "--block", "32")
        assert done.exit_code in (0, 1, 3), (text[:end], done.output)
        assert done.output.startswith("error: ") or "Made by hpctc" in done.output


def test_the_emulator_takes_a_cut_file_for_what_it_is(tmp_path: Path) -> None:
    text = (FOLDER / "layernorm_welford.cu").read_text()
    args = ("--grid", "1", "--block", "32", "--arg", "n=1")
    for end in range(100, len(text), len(text) // 5):
        assert call("emulate", tmp_path, text[:end], *args).exit_code in (1, 2)


def test_a_mark_at_the_front_and_carriage_returns_do_no_harm(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + (KERNEL % "2.0f").replace("\n", "\r\n").encode()
    assert call("transpile", tmp_path, text, "--grid", "1", "--block", "32").exit_code == 0
    args = ("--grid", "1", "--block", "32", "--arg", "x=f32[32]")
    assert call("emulate", tmp_path, text, *args).exit_code == 0


def test_a_launch_that_is_nowhere_names_the_options(tmp_path: Path) -> None:
    done = call("transpile", tmp_path, KERNEL % "1")
    assert (done.exit_code, "--grid and --block" in done.output) == (3, True)
    assert call("emulate", tmp_path, KERNEL % "1").exit_code == 2
    done = call("emulate", tmp_path, KERNEL % "1", "--grid", "1", "--block", "2048")
    assert done.exit_code == 1
    assert "bad launch" in done.output
