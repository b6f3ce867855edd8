"""CodeBLEU's four parts, against values worked out by hand."""

import math

import pytest

from hpctc.score.similarity import similarity
from hpctc.score.similarity.dataflow import edges
from hpctc.score.similarity.ngram import bleu, keyword_match
from hpctc.score.similarity.tree import parse, tokens

SUM = """\
void sum(const float *restrict x, float *restrict y, int n) {
    float total = 0.0f; /* a comment is no word */
    for (int i = 0; i < n; i++) {
        total += x[i];
    }
    y[0] = total;
}
"""


def test_a_text_is_like_itself() -> None:
    found = similarity(SUM, SUM)
    assert (found.ngram, found.keywords, found.tree, found.dataflow) == (1.0, 1.0, 1.0, 1.0)
    assert found.value == 1.0


def test_other_names_change_the_words_alone() -> None:
    renamed = SUM.replace("total", "acc").replace("x[i]", "x[k]").replace("int i", "int k")
    renamed = renamed.replace("i < n; i++", "k < n; k++")
    found = similarity(renamed, SUM)
    assert (found.tree, found.dataflow) == (1.0, 1.0)
    assert 0.0 < found.ngram < 1.0


def test_bleu_by_hand() -> None:
    # 1: 4 of 5; 2: 2 of 4; 3: 1 of 3; 4: none of 2, counted as 0.1.
    found = bleu(["a", "b", "c", "x", "d"], ["a", "b", "c", "d", "e"])
    assert found == pytest.approx((4 / 5 * 2 / 4 * 1 / 3 * 0.1 / 2) ** 0.25)


def test_what_is_shorter_is_penalised() -> None:
    assert bleu(["a"], ["a", "b"]) == pytest.approx(math.exp(-1))
    assert bleu([], ["a"]) == 0.0
    assert bleu([], []) == 1.0


def test_a_keyword_weighs_five_names() -> None:
    assert keyword_match(["for", "a"], ["for", "b"]) == pytest.approx(5 / 6)
    assert keyword_match(["for", "a"], ["while", "a"]) == pytest.approx(1 / 6)


def test_the_flow_of_data() -> None:
    assert edges(parse(SUM)) == [
        ("i", "i"),
        ("total", "total"), ("total", "x"), ("total", "i"),
        ("y", "total"),
    ]  # fmt: skip
    assert edges(parse("void f(void) { a = expf(b) + a[c]; *p = q; }")) == [
        ("a", "b"), ("a", "a"), ("a", "c"), ("p", "q"),
    ]  # fmt: skip


def test_syntax_counts_each_subtree_once() -> None:
    one, two = "void f(void) { a = b; }", "void f(void) { a = b; c = d; }"
    assert similarity(two, one).tree < 1.0  # the block is another one
    assert similarity(one, two).tree < similarity(two, two).tree


def test_without_data_flow_the_other_parts_count() -> None:
    found = similarity("int f(void) { return 1; }", "int f(void) { return 2; }")
    assert found.dataflow is None
    assert found.value == pytest.approx((found.ngram + found.keywords + found.tree) / 3)


@pytest.mark.parametrize("broken", ["", "void f( {{{", "\x00\xff", "for for for", "(" * 5000])
def test_broken_code_has_a_figure(broken: str) -> None:
    found = similarity(broken, SUM)
    assert 0.0 <= found.value < 0.6


def test_comments_are_no_words() -> None:
    assert tokens(parse("int /* x */ a; // y\n")) == ["int", "a", ";"]
