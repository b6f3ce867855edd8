"""What a model is told of its mistake: enough to mend it, nothing that gives the answer away."""

import re
from pathlib import Path

import numpy as np
import pytest

from hpctc.core.records import Answer, Build, Exchange, Prompt, Verdict, VerdictClass
from hpctc.evaluate.compare import difference
from hpctc.native.compiler import compiler
from hpctc.prompt.render import How, fingerprint
from hpctc.prompt.repair import CHARACTERS, LINES, Turn, is_repairable, repairs, shortened, words

HOW = How("gcc -O3", threads=2)


def turn(verdict: VerdictClass, detail: str = "", log: str = "") -> Turn:
    prompt = Prompt.make(of="task", template="t", text="translate", shots=("pair",))
    answer = Answer.make(of=prompt.id, model="m", sample=2, text="my answer")
    build = Build.make(of="candidate", compiler="gcc", ok=verdict != "not built", log=log)
    return Turn(prompt, answer, build, Verdict.make(of=build.id, verdict=verdict, detail=detail))


def test_a_repair_goes_on_with_the_conversation() -> None:
    first = turn("crashed", "SIGSEGV (Segmentation fault)")
    (prompt,) = repairs([first], HOW)
    assert prompt.of == first.verdict.id
    assert prompt.template == fingerprint("prompt/repair.j2")
    assert prompt.history == (Exchange(prompt="translate", answer="my answer"),)
    assert prompt.shots == ("pair",)
    assert "it crashes when it is called:\n\n    SIGSEGV (Segmentation fault)\n" in prompt.text
    answer = Answer.make(of=prompt.id, model="m", sample=2, text="second answer")
    (again,) = repairs([Turn(prompt, answer, first.build, first.verdict)], HOW)
    assert [e.answer for e in again.history] == ["my answer", "second answer"]
    assert again.history[1].prompt == prompt.text


def test_where_a_result_is_wrong_is_told_and_what_is_right_is_not() -> None:
    got, right = np.array([[1.0, 2.5]], np.float32), np.array([[1.0, 7.25]])
    found = difference("y", got, right, 1e-5)
    told = turn("wrong", f"{found.first} (1 of 2 elements differ; seed 1234, uniform)")
    assert "expected 7.25" in told.verdict.detail
    said = words(told.build, told.verdict)
    assert said == "y[0, 1] is 2.5, which is not right; 1 of 2 elements differ"
    (prompt,) = repairs([told], HOW)
    assert "7.25" not in prompt.text
    assert "1234" not in prompt.text


def test_a_report_of_unknown_form_is_left_out() -> None:
    told = turn("wrong", "y[0] is 1, not 7.25")
    assert words(told.build, told.verdict) == "some elements of its outputs differ"


def test_the_errors_of_a_real_compiler_without_its_paths(tmp_path: Path) -> None:
    code = (
        '#include <math.h>\n#include "/usr/include/no/such.h"\n'
        "static int unused;\nvoid f(void) { int x = y; }\n"
    )
    built = compiler("gcc{flags=-Wall}").build(code, tmp_path)
    said = words(*_parts(turn("not built", log=built.log)))
    assert "error: such.h: No such file or directory" in said
    assert "/usr" not in said
    code = "static int unused;\nvoid f(void) { int x = y; }\n"
    built = compiler("gcc{flags='-Wall -Wunused-variable'}").build(code, tmp_path)
    assert "warning:" in built.log
    said = words(*_parts(turn("not built", log=built.log)))
    assert re.search(r"code\.c:2:24: error: .y. undeclared", said)
    assert "warning:" not in said
    code = "void g(void); void f(void) { g(); }\n"
    built = compiler("gcc").build(code, tmp_path)
    said = words(*_parts(turn("not built", log=built.log)))
    assert "undefined reference to" in said
    assert "/" not in said


def _parts(told: Turn) -> tuple[Build, Verdict]:
    return told.build, told.verdict


def test_long_reports_are_cut() -> None:
    many = "\n".join(f"line {i}" for i in range(100))
    assert shortened(many).splitlines()[-1] == f"... ({100 - LINES} more lines)"
    assert shortened("x" * 10_000) == "x" * CHARACTERS + " ..."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/tmp/a b/c.c:1: error", "a b/c.c:1: error"),
        ("ld: /usr/lib/x.o: in f", "ld: x.o: in f"),
        ("x = a/b/c; // d/e", "x = a/b/c; // d/e"),
        ("/* p/q */ y / z / w", "/* p/q */ y / z / w"),
        ("see '/home/me/code.c'", "see 'code.c'"),
    ],
)
def test_folders_are_taken_out_and_divisions_stay(text: str, kept: str) -> None:
    assert shortened(text) == kept


@pytest.mark.parametrize(
    ("verdict", "text", "asked"),
    [("wrong", "x", True), ("not found", "x", True), ("not built", "x", True),
     ("racy", "x", True), ("correct", "x", False), ("abstained", None, False)],
)  # fmt: skip
def test_what_can_be_repaired(verdict: VerdictClass, text: str | None, asked: bool) -> None:
    answer = Answer.make(of="p", model="m", sample=0, text=text)
    assert is_repairable(answer, Verdict.make(of="b", verdict=verdict)) == asked


@pytest.mark.parametrize("verdict", ["not found", "timed out", "out-of-bounds", "racy"])
def test_every_failure_has_its_words(verdict: VerdictClass) -> None:
    (prompt,) = repairs([turn(verdict, "the detail", log="the detail")], HOW)
    assert "the detail" in prompt.text
    assert prompt.text.rstrip().endswith("starts with ```c.")
