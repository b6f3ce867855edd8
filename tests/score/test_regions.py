"""What is an index, a loop, a declaration: said by markers that stand in the code itself."""

import pytest

from hpctc.score.regions import REGIONS, pieces, regions

CUDA = """\
extern "C" __global__ void k(float *y, const float *x) {
  for (int j = 0; j < 4; ++j) {
    y[threadIdx.x * 4 + j] = max(x[(threadIdx.x * 4) + j], 0.0f);
  }
}
"""

CODE = """\
#include <math.h>
void f(const float *restrict x, float *restrict y) {
    /* rows */
    #pragma omp parallel for
    for (int t = 0; t < 64; ++t) {
        float low = -1.0f, wide = t * 2.0f;
        for (int j = 0; j < 4; ++j)
            y[threadIdx.x*4 + j] = fmaxf(x[t * 4 + j], low);
        while (low < 0) low += 1;
    }
}
"""

ANSWER = f"Here it is, in C99:\n\n```c\n{CODE}```\nIt writes y[0] first.\n"


def region_at(words: str, answer: str = ANSWER, source: str | None = CODE) -> set[str]:
    """The regions of the characters of these words, where they first stand."""
    labels = regions(answer, source, CUDA)
    at = answer.index(words)
    return {REGIONS[label] for label in labels[at : at + len(words)]}


@pytest.mark.parametrize(
    ("words", "region"),
    [
        ("Here it is, in C99:", "prose"),
        ("It writes y[0] first.", "prose"),
        ("#include <math.h>", "directive"),
        ("#pragma omp parallel for", "directive"),
        ("void f(const float *restrict x, float *restrict y)", "declaration"),
        ("/* rows */", "comment"),
        ("for (int t = 0; t < 64; ++t)", "new loop"),
        ("for (int j = 0; j < 4; ++j)", "copied loop"),
        ("while (low < 0)", "new loop"),
        ("float low = -1.0f, wide =", "declaration"),
        ("t * 2.0f", "arithmetic"),
        ("[threadIdx.x*4 + j]", "copied index"),  # white space aside
        ("[t * 4 + j]", "new index"),
        ("fmaxf(x", "arithmetic"),
        ("low += 1", "arithmetic"),
    ],
)
def test_each_part_has_its_region(words: str, region: str) -> None:
    assert region_at(words) == {region}


def test_white_space_belongs_to_the_word_behind_it() -> None:
    assert region_at("\n        float low") == {"declaration"}
    assert region_at("\n            y") == {"arithmetic"}


def test_an_answer_without_code_is_prose() -> None:
    assert region_at("for (int t = 0", ANSWER.replace("```", "~~"), None) == {"prose"}
    assert regions("", None, CUDA).size == 0
    assert regions("  \n", None, CUDA).size == 3


def test_an_answer_that_was_cut_off_holds_c_too() -> None:
    cut = ANSWER[: ANSWER.index("[t * 4 + j]")]
    assert region_at("for (int t = 0; t < 64; ++t)", cut, None) == {"new loop"}
    assert region_at("Here it is", cut, None) == {"prose"}


def test_letters_of_many_bytes_move_nothing() -> None:
    code = CODE.replace("rows", "Zeilen für π")
    answer = ANSWER.replace("Here", "Äh,").replace("rows", "Zeilen für π")
    assert region_at("for (int t = 0; t < 64; ++t)", answer, code) == {"new loop"}
    assert region_at("Äh,", answer, code) == {"prose"}


def test_broken_c_has_regions_too() -> None:
    code = "void f(float *y) {\n    for (int i = 0; i < 4; i++ {\n        y[i +"
    assert regions(code, code, CUDA).size == len(code)


def test_blocks_are_found_where_they_stand() -> None:
    helper, main = "int g(void) { return 1; }\n", "void f(void) { g(); }\n"
    answer = f"First\n```c\n{main}```\nand before it\n```c\n{helper}```\n"
    source = "\n".join([helper, main])
    found = pieces(answer, source)
    assert [answer[p.there : p.there + p.length] for p in found if p.length] == [
        helper.strip(),
        main.strip(),
    ]
    assert all(
        source[p.here : p.here + p.length] == answer[p.there : p.there + p.length] for p in found
    )
    assert region_at("int g(void)", answer, source) == {"declaration"}
    assert region_at("and before it", answer, source) == {"prose"}


def test_lines_of_another_system_are_found() -> None:
    answer, source = ANSWER.replace("\n", "\r\n"), "\n".join(["int z;\n", CODE])
    assert region_at("for (int t = 0; t < 64; ++t)", answer, source) == {"new loop"}
