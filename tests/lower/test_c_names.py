"""Identifiers are legal and distinct; lines break where they should."""

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.lower.c.layout import WIDTH, signature, wrapped
from hpctc.lower.c.names import RESERVED, Scope, identifier, loop_names, tidy, unfused


@given(st.text(max_size=12))
def test_any_text_becomes_an_identifier_of_c(text: str) -> None:
    name = identifier(text)
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
    assert name not in RESERVED
    assert not re.match(r"_[A-Z_]", name)
    assert identifier(name) == name


@given(
    st.lists(st.sampled_from(["x", "int", "I", "near", "y0", "x_2", "a b", "a_b", ""]), max_size=9)
)
def test_names_of_a_scope_and_those_around_it_differ(wanted: list[str]) -> None:
    outer = Scope(["taken"])
    names = [outer.fresh(w) for w in wanted]
    inner = outer.inner()
    names += [inner.fresh(w) for w in wanted]
    assert len(set(names)) == len(names)
    assert [Scope(["taken"]).fresh(w) for w in wanted[:1]] == names[:1]


def test_siblings_may_share_a_name() -> None:
    outer = Scope()
    assert outer.inner().fresh("i") == outer.inner().fresh("i") == "i"


@pytest.mark.parametrize("name", ["int", "I", "near", "y0", "j1", "exp", "true", "restrict"])
def test_clashing_names_change_in_one_way(name: str) -> None:
    assert identifier(name) == f"{name}_"
    assert not keyword.iskeyword(identifier(name))


@pytest.mark.parametrize(
    ("given_name", "first"),
    [
        ("ax0", "i"), ("i1", "j"), ("ax2_0", "k0"), ("ax1_init", "j"), ("rc", "rc"),
        ("i0_i1_fused", "i"), ("nn_ff_fused", "nn_ff"), ("ax1_1_v", "j1v"), ("k", "k"),
    ],
)  # fmt: skip
def test_loop_names_are_what_people_write(given_name: str, first: str) -> None:
    assert loop_names(given_name)[0] == first


def test_fused_names_come_apart() -> None:
    assert unfused("i_0_j_0_fused") == ("i_0", "j_0")
    assert unfused("task") == ("task_outer", "task_inner")
    assert tidy("T_softmax_maxelem") == "softmax_maxelem"
    assert tidy("matmul_local") == "matmul"


TERM = st.sampled_from(["x[i * 50 + j]", "acc", "max_f32(a, b)", "(a + b)", "0.5f"])


@given(st.lists(TERM, min_size=1, max_size=30), st.integers(0, 8))
def test_wrapping_keeps_the_text_and_the_width(terms: list[str], depth: int) -> None:
    text = f"y[i] = {' + '.join(terms)};"
    lines = wrapped(text, "  " * depth)
    assert "".join(" ".join(lines).split()) == "".join(text.split())
    assert max(map(len, lines)) <= WIDTH


def test_a_long_condition_breaks_at_its_question() -> None:
    condition, yes = "a" * 50, "b" * 60
    assert wrapped(f"y = {condition} ? {yes} : c;", "") == [f"y = {condition}", f"    ? {yes} : c;"]


def test_parameters_stand_below_each_other() -> None:
    params = ", ".join(f"const float *restrict input_{n}" for n in range(5))
    first, *rest = signature(f"void kernel({params})")
    assert first.startswith("void kernel(const")
    assert all(line.startswith(" " * 12 + "const") for line in rest)
    assert rest[-1].endswith(") {")
