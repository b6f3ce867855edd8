"""Likeness of programs: blind to names and numbers, exact where it is handed out."""

import random

import numpy as np
import pytest

from hpctc.dataset.similar import ALIKE, Corpus, clusters, likeness, sketch, work


def kernel(body: str, n: int = 1024, name: str = "k", x: str = "x", y: str = "y") -> str:
    return (
        f'extern "C" __global__ void {name}(float* {y}, const float* {x}) {{\n'
        f"  int i = blockIdx.x * 256 + threadIdx.x;\n"
        f"  if (i < {n}) {{ {body.format(x=x, y=y)} }}\n}}\n"
    )


COPY = kernel("{y}[i] = {x}[i];")
SUM = kernel("float s = 0.0f; for (int k = 0; k < 64; ++k) s += {x}[i * 64 + k]; {y}[i] = s;")


def test_names_and_numbers_do_not_matter() -> None:
    twin = kernel("{y}[i] = {x}[i];", n=77, name="other", x="inp", y="outp")
    assert likeness(work(COPY), work(twin)) == 1.0


def test_which_name_stands_where_does_matter() -> None:
    one, other = kernel("{y}[i] = {x}[i] * {x}[i];"), kernel("{y}[i] = {x}[i] * {y}[i];")
    assert likeness(work(one), work(other)) < 1.0


def test_a_variable_at_the_top_leaves_what_is_below_alike() -> None:
    longer = SUM.replace("  int i", "  int unused = 7;\n  int i")
    assert 0.8 < likeness(work(SUM), work(longer)) < 1.0


def test_different_programs_are_not_alike() -> None:
    other = "void f(int n) { while (n) { n = n & (n - 1); } switch (n) { default: break; } }"
    assert likeness(work(SUM), work(other)) < 0.1


@pytest.mark.parametrize("code", ["", "x", "int a;"])
def test_texts_shorter_than_a_shingle_have_a_likeness(code: str) -> None:
    assert likeness(work(code), work(code)) == 1.0
    assert likeness(work(code), work(SUM)) == 0.0


def programs(count: int) -> list[str]:
    """Random programs, among them families that differ in few statements."""
    draw = random.Random(7)
    made: list[str] = []
    for _ in range(count):
        if made and draw.random() < 0.6:
            lines = draw.choice(made).split("\n")
            lines[draw.randrange(1, len(lines) - 1)] = statement(draw)
        else:
            lines = ["void f(float *a, int b) {", *(statement(draw) for _ in range(40)), "}"]
        made.append("\n".join(lines))
    return made


def statement(draw: random.Random) -> str:
    shape = draw.choice(["a[{}] {} expf(a[{}]);", "b {} {} * b + {};", "if (b < {}) a[b] {} {};"])
    operators = draw.choice(["+=", "-=", "*=", "="])
    words = [draw.choice(["b", "3", "b + 1", "b * b", "b / 2", "b % 5"]) for _ in range(3)]
    return shape.format(words[0], operators, words[1])


def brute(corpus: Corpus, asked: int) -> list[tuple[float, int]]:
    found = [
        (-likeness(corpus.works[asked], s), i) for i, s in enumerate(corpus.works) if i != asked
    ]
    return sorted(found)


def test_the_nearest_are_those_of_a_search_through_all() -> None:
    corpus = Corpus(programs(120))
    missed = 0
    for asked in range(0, 120, 3):
        found = corpus.nearest(corpus.works[asked], 3, without=[asked])
        wanted = brute(corpus, asked)[:3]
        assert all(near.likeness == likeness(corpus.works[asked], corpus.works[near.index])
                   for near in found)  # fmt: skip
        missed += found[0].likeness != -wanted[0][0]
    assert missed == 0


def test_clusters_are_the_components_of_likeness() -> None:
    corpus = Corpus(programs(120))
    found = clusters(corpus)
    assert found == clusters(Corpus(programs(120)))
    alike = np.array([[likeness(a, b) for b in corpus.works] for a in corpus.works]) >= ALIKE
    reach = np.linalg.matrix_power(alike.astype(float), 120) > 0
    together = np.array([[a == b for b in found] for a in found])
    assert (together == reach).all()
    assert 1 < len(set(found)) < 120


def test_equals_come_in_their_order_and_the_asked_one_can_be_left_out() -> None:
    corpus = Corpus([SUM, COPY, SUM, SUM])
    assert [n.index for n in corpus.nearest(work(SUM), 3)] == [0, 2, 3]
    assert [n.index for n in corpus.nearest(work(SUM), 9, without=[0, 2])] == [3, 1]
    assert Corpus([]).nearest(work(SUM), 3) == []
    assert clusters(Corpus([])) == []


def test_a_signature_estimates_the_likeness() -> None:
    texts = programs(40)
    one = sketch(texts[0])
    for text in texts[1:]:
        other = sketch(text)
        estimate = float(np.mean(one.signature == other.signature))
        assert abs(estimate - likeness((one,), (other,))) < 0.2


def test_works_are_as_alike_as_the_more_alike_of_their_sides() -> None:
    corpus = Corpus([(SUM, COPY), (COPY, COPY), (SUM, SUM)])
    both = likeness(work(SUM), work(COPY))
    assert [n.likeness for n in corpus.nearest(work(SUM, COPY), 3)] == [1.0, 1.0, 1.0]
    assert [n.likeness for n in corpus.nearest(work(COPY, SUM), 3)] == [1.0, 1.0, both]
