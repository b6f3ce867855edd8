"""``hpctc translate``: streamed, built, held against the emulated CUDA; its exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.native.compiler import compiler

SAXPY = """
#include <cuda_runtime.h>
__global__ void saxpy(float a, const float *x, float *y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = a * x[i] + y[i];
}
int main() {
  const int n = 1000;
  size_t bytes = n * sizeof(float);
  float *dx, *dy;
  cudaMalloc(&dx, bytes);
  cudaMalloc((void **)&dy, n * sizeof(float));
  saxpy<<<(n + 255) / 256, 256>>>(2.5f, dx, dy, n);
}
"""

UNSIZED = SAXPY[: SAXPY.index("int main")]

RIGHT = """void saxpy(float a, const float *restrict x, float *restrict y, int n) {
  for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];
}
"""

FAST = ("--threads", "1", "--compiler", "gcc{flags='-O1 -fopenmp'}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "saxpy.cu"
    path.write_text(SAXPY)
    return path


def recorded(folder: Path, *codes: str) -> str:
    path = folder / "answers.jsonl"
    lines = [
        {"task": "saxpy", "turn": i, "answer": c if c.startswith("no ") else f"```c\n{c}```"}
        for i, c in enumerate(codes)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return f"replay{{path='{path}'}}"


def hpctc(*words: object) -> Result:
    return CliRunner().invoke(main, ["translate", *map(str, words), *FAST])


def test_rules_write_what_the_cuda_computes(file: Path) -> None:
    out = file.with_suffix(".c")
    done = hpctc(file, "--model", "rules", "-o", out)
    assert done.exit_code == 0, done.output
    assert "verdict  correct: it leaves what the emulated CUDA leaves" in done.stderr
    assert done.stdout == ""
    text = out.read_text()
    assert text.startswith("// void saxpy(float a, const float *restrict x, float *restrict y, int")
    assert "Made by rules from saxpy.cu, held against the emulated CUDA" in text
    assert compiler("gcc{flags='-Wall -Werror -fopenmp'}").build(text, file.parent).library


@pytest.mark.parametrize(
    ("code", "exit_code", "words"),
    [
        (RIGHT, 0, "verdict  correct: "),
        (RIGHT.replace("+ y[i]", "- y[i]"), 1, "verdict  wrong: y[0] is "),
        (RIGHT.replace("i < n", "i <= n"), 1, "verdict  out-of-bounds: it wrote past"),
        (RIGHT.replace("i = 0", "i = -1"), 1, "verdict  "),
        (RIGHT.replace("y[i] =", "((float *)x)[i] = y[i] ="), 1, "verdict  crashed: SIGSEGV"),
        (RIGHT.replace(", int n", ", struct n *q"), 1, "verdict  not built: "),
        (RIGHT.replace(", int n)", ")").replace("i < n", "i < 9"), 1, "cannot be called as void"),
        (RIGHT.replace("saxpy", "axpy"), 3, "not found: no function 'saxpy' in the answer"),
        ("no idea", 3, "not found: the answer holds no C code"),
    ],
)
def test_every_outcome_has_its_words_and_exit_code(
    file: Path, code: str, exit_code: int, words: str
) -> None:
    done = hpctc(file, "--model", recorded(file.parent, code))
    assert done.exit_code == exit_code, done.output
    assert words in done.stderr
    if exit_code == 0:
        assert done.stdout.endswith(RIGHT)
    elif exit_code == 1:
        assert "NOT RIGHT" in done.stdout
    else:
        assert done.stdout == ""


def test_a_model_that_has_no_answer_is_code_3(file: Path) -> None:
    (file.parent / "answers.jsonl").write_text('{"task": "other", "answer": ""}\n')
    done = hpctc(file, "--model", f"replay{{path='{file.parent / 'answers.jsonl'}'}}")
    assert done.exit_code == 3
    assert "verdict  abstained: " in done.stderr


def test_a_repair_turn_sees_what_was_wrong(file: Path) -> None:
    wrong = RIGHT.replace("+ y[i]", "- y[i]")
    done = hpctc(file, "--model", recorded(file.parent, wrong, RIGHT), "--repair", "2")
    assert done.exit_code == 0, done.output
    assert "turn 2" in done.stderr
    assert "verdict  correct" in done.stderr


def test_what_the_file_does_not_say_can_be_given(file: Path) -> None:
    file.write_text(UNSIZED)
    model = recorded(file.parent, RIGHT)
    launch = ("--grid", "(n + 255) / 256", "--block", "256")
    done = hpctc(file, "--model", model, *launch)
    assert done.exit_code == 0, done.output
    assert "verdict  not verified: the file does not say what saxpy is given" in done.stderr
    assert "--arg a=NUMBER --arg x='float32[COUNT]:random'" in done.stderr
    assert "NOT VERIFIED" in done.stdout
    args = ("--arg", "a=1.5", "--arg", "x=f32[700]:normal", "--arg", "y=f32[700]:random")
    done = hpctc(file, "--model", model, *launch, *args, "--arg", "n=700")
    assert done.exit_code == 0, done.output
    assert "verdict  correct: " in done.stderr
    assert "(as given, seed 1; as given, seed 2)" in done.stderr
    short = hpctc(file, "--model", model, *launch, *args, "--arg", "n=701")
    assert short.exit_code == 0
    assert "not verified: the CUDA itself does not run as it should: out of bounds" in short.stderr


def test_a_type_without_values_is_not_verified(file: Path) -> None:
    file.write_text(
        "#include <cuda_bf16.h>\n__global__ void saxpy(const __nv_bfloat16 *x, float *y) {\n"
        "  y[threadIdx.x] = __bfloat162float(x[threadIdx.x]);\n}\n"
    )
    code = "void saxpy(const unsigned short *x, float *y) { y[0] = x[0]; }\n"
    done = hpctc(file, "--model", recorded(file.parent, code), "--grid", "1", "--block", "32")
    assert done.exit_code == 0, done.output
    assert "verdict  not verified: x: there are no values of such a type here" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--model", "null"], 2, "null knows the pairs of a suite"),
        (["--model", "rules", "--repair", "1"], 2, "rules does not read a prompt"),
        (["--model", "rules", "--strategy", "lookup"], 2, "rules does not decode here"),
        (["--model", "rules", "--entry", "nope"], 1, "HPC0003"),
        (["--model", "rules", "--arg", "z=1"], 2, "saxpy has no parameter 'z'"),
        (["--model", "rules", "--arg", "x=1"], 2, "x is an array"),
        (["--model", "rules", "--arg", "n=f32[8]"], 2, "n is no array"),
        (["--model", "rules", "--arg", "x=i32[8]"], 2, "x has elements of float32, and int32 was"),
        (["--model", "rules", "--arg", "n=eight"], 2, "is neither array nor number"),
        (["--model", "rules", "--block", "0x"], 3, "HPC0008"),
    ],
)
def test_wrong_use_is_told(file: Path, words: list[str], code: int, said: str) -> None:
    done = hpctc(file, *words)
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    assert said in done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = hpctc(tmp_path / "none.cu", "--model", "rules")
    assert done.exit_code == 2
    assert "cannot read" in done.stderr


def test_an_answer_is_shown_while_a_server_says_it(file: Path, url: str) -> None:
    done = hpctc(file, "--model", f"{url}#streams")
    assert done.exit_code == 3
    assert "one two thréé\nanswer   200 tokens in " in done.stderr
    assert "not found: the answer holds no C code" in done.stderr
    broken = hpctc(file, "--model", f"http{{url='{url}',model=stops-early,retries=0}}")
    assert broken.exit_code == 3
    assert "half of \n" in broken.stderr
    assert "abstained: the stream ended after 8 characters" in broken.stderr
