"""The C is found in whatever a model says, or the reason says why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.core.records import Answer
from hpctc.models.base import fenced
from hpctc.prompt.extract import LONGEST, blocks, candidates, find

CODE = "void f(const float *x, float *y) {\n  y[0] = x[0];\n}\n"


@pytest.mark.parametrize("language", ["c", "C", "cpp", "c++", "", "c title=a.c"])
@pytest.mark.parametrize("fence", ["```", "~~~", "`````"])
def test_a_fenced_block_is_taken(fence: str, language: str) -> None:
    text = f"Here it is:\n\n{fence}{language}\n{CODE}{fence}\n\nIt is fast."
    assert find(text, "f") == (CODE, "")


def test_a_block_in_another_language_is_not() -> None:
    assert find(f"```cuda\n{CODE}```\n", "f") == (None, "the answer holds no C code")


def test_the_last_of_several_versions_counts() -> None:
    better = CODE.replace("x[0]", "x[0] + 0")
    source, _ = find(f"```c\n{CODE}```\nNo, better:\n```c\n{better}```\n", "f")
    assert source == better


def test_helpers_are_put_in_front_and_what_is_not_used_is_left_out() -> None:
    helper = "static float twice(float v) { return 2 * LIMIT * v; }\n"
    macro = "#define LIMIT 4\n"
    other = "static int unused(void) { return 0; }\n"
    main = "int main(void) { twice(1); }\n"
    entry = "void f(const float *x, float *y) { y[0] = twice(x[0]); }\n"
    text = "".join(f"```c\n{b}```\n" for b in (macro, helper, other, entry, main))
    source, _ = find(text, "f")
    assert source == f"{macro}\n{helper}\n{entry}"


def test_an_answer_that_was_cut_off_still_counts() -> None:
    assert find(f"```c\n{CODE}", "f") == (CODE + "\n", "")


def test_a_block_that_was_not_closed_ends_where_the_next_one_opens() -> None:
    better = CODE.replace("x[0]", "x[0] + 0")
    source, _ = find(f"```c\n{CODE}\nThen, better:\n\n```c\n{better}```\n", "f")
    assert source == better


@pytest.mark.parametrize(
    "text",
    [
        f"```markdown\nHere it is:\n```c\n{CODE}```\nIt is fast.\n```\n",
        f"````markdown\nHere it is:\n\n```c\n{CODE}```\n\nIt is fast.\n````\n",
        f"~~~md\n```c\n{CODE}```\n~~~\n",
        f"````md\n~~~c\n{CODE}~~~\n",  # cut off
    ],
)
def test_a_whole_answer_may_stand_in_a_block(text: str) -> None:
    assert find(text, "f") == (CODE, "")


def test_a_fence_inside_the_code_is_the_codes_where_the_outer_one_is_longer() -> None:
    code = "/*\n```c\nan example\n```\n*/\n" + CODE
    assert find(f"````c\n{code}````\n", "f") == (code, "")


@pytest.mark.parametrize("indent", ["  ", "      ", "\t"])
def test_fences_in_lists_are_indented(indent: str) -> None:
    lines = f"```c\n{CODE}```".split("\n")
    text = "1. First:\n\n" + "\n".join(indent + line for line in lines) + "\n\n2. Done.\n"
    source, reason = find(text, "f")
    assert reason == ""
    assert source is not None
    assert "".join(source.split()) == "".join(CODE.split())


@pytest.mark.parametrize("information", ["{.c}", "c {.numberLines}", "C  ", "c,linenos"])
def test_other_ways_to_name_the_language(information: str) -> None:
    assert find(f"```{information}\n{CODE}```\n", "f") == (CODE, "")


def test_inline_code_is_no_block() -> None:
    said = "Use `void f(const float *x, float *y)` and ```y[0] = x[0];``` in a loop { like this }."
    assert find(said, "f") == (None, "the answer holds no C code")
    source, _ = find(f"The function `f(x, y)` is ```fast```:\n```c\n{CODE}```\nCall `f`.", "f")
    assert source == CODE


def test_lines_may_end_as_on_windows() -> None:
    source, _ = find(f"```c\n{CODE}```\n".replace("\n", "\r\n"), "f")
    assert source is not None
    assert source.replace("\r", "") == CODE


def test_what_was_thought_before_does_not_count() -> None:
    draft = CODE.replace("x[0]", "draft")
    text = f"<think>\nMaybe\n```c\n{draft}```\nno.\n</think>\n```c\n{CODE}```"
    assert find(text, "f") == (CODE, "")


def test_words_behind_bare_code_may_hold_braces() -> None:
    source, _ = find(f"#include <math.h>\n{CODE}\nI used {{braces}} and so on.\nBye.", "f")
    assert source == f"#include <math.h>\n{CODE}"


def test_bare_code_is_taken_without_the_words_around_it() -> None:
    source, _ = find(f"Sure!\n#include <math.h>\n{CODE}I hope this helps.", "f")
    assert source == f"#include <math.h>\n{CODE}"


def test_a_wrong_name_is_told_with_the_names_that_are_there() -> None:
    source, reason = find(fenced(CODE), "g")
    assert source is None
    assert reason == "no function 'g' in the answer; it defines f"


@pytest.mark.parametrize(
    "code",
    [
        "void f(float *y);\n",  # a prototype only
        "void g(void) { f(); }\n",  # a call only
        "/* void f(void) { } */\n",  # a comment only
        'char *s = "void f(void) { }";\n',  # a text only
        "#define f(x) { x }\n",  # a macro
    ],
)
def test_what_only_looks_like_a_definition_is_none(code: str) -> None:
    assert find(fenced(code), "f")[0] is None


def test_words_alone_are_no_code() -> None:
    assert find("I cannot do that.", "f") == (None, "the answer holds no C code")


def test_an_endless_answer_is_refused() -> None:
    source, reason = find("x" * (LONGEST + 1), "f")
    assert source is None
    assert "at most" in reason


@pytest.mark.parametrize(
    "code",
    [
        "__attribute__((noinline))\nvoid f(int n)\n{\n  char c = '}'; \"}{\";\n}\n",
        "struct s { int a; };\nvoid f(struct s *p) { p->a = 0; }\n",
        "static const int t[2] = {1, 2};\nvoid f(int *p)\n{ *p = t[0]; }\n",
        "#define OPEN {\nvoid f(void) { }\n",
        "void f(int a,\n       int b) /* here */ {\n}\n",
    ],
)
def test_definitions_are_seen_in_real_c(code: str) -> None:
    assert find(fenced(code), "f")[0] is not None


@given(st.text(max_size=300))
def test_any_text_is_read_without_harm(text: str) -> None:
    source, reason = find(text, "f")
    assert (source is None) == bool(reason)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r"), max_size=200))
def test_fenced_code_comes_back_whole(code: str) -> None:
    found = blocks(fenced(code))
    assert [b.code for b in found] == ([code.rstrip() + "\n"] if code.strip() else [])


def test_every_answer_has_its_candidate() -> None:
    answers = [
        Answer.make(of="p", model="m", sample=0, text=fenced(CODE)),
        Answer.make(of="p", model="m", sample=1, text=None, reason="it was silent"),
    ]
    found = list(candidates(answers, {"p": "f"}))
    assert [c.of for c in found] == [a.id for a in answers]
    assert found[0].source == CODE
    assert (found[1].source, found[1].reason) == (None, "it was silent")
