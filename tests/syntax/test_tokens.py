"""What a writer was free to name is told apart from what he was not."""

import pytest

from hpctc.syntax.tokens import Token, normal, tokens

KERNEL = """
#include <math.h>
#define TILE 16
// a comment
extern "C" __global__ void scale(float *__restrict__ out, const float *in, int n) {
  __shared__ float tile[TILE];
  int i = blockIdx.x * 256 + threadIdx.x;
  if (i < n) out[i] = expf(in[i]) * 2.5e-3f + tile[0];
}
"""


def names(code: str) -> set[str]:
    return {text for kind, text in tokens(code) if kind == "name"}


def test_names_are_those_that_the_text_declares() -> None:
    assert names(KERNEL) == {"scale", "out", "in", "n", "tile", "TILE", "i"}


def test_comments_and_includes_do_not_count() -> None:
    texts = [t.text for t in tokens(KERNEL)]
    assert "a" not in texts
    assert "<math.h>" not in texts
    assert Token("number", "2.5e-3f") in tokens(KERNEL)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("float erff(float); float f(float q) { return erff(q); }", {"f", "q"}),
        ("void *malloc(unsigned long); int *f() { int a, *b = 0; return b; }", {"f", "a", "b"}),
        ("void f(const float (&x)[4], int (*cb)(int)) {}", {"f", "x", "cb"}),
        ("#define SQ(a) ((a) * (a))\nint f(int b) { return SQ(b); }", {"SQ", "a", "f", "b"}),
        ("template <typename T> struct V { T first; };", {"T", "V", "first"}),
        ("enum E { RED, BLUE }; typedef int word;", {"E", "RED", "BLUE", "word"}),
        ("void f() { goto out; out: ; }", {"f", "out"}),
    ],
)
def test_every_way_to_declare_a_name(code: str, expected: set[str]) -> None:
    assert names(code) == expected


def test_a_member_of_a_builtin_is_not_the_parameter_of_its_name() -> None:
    found = tokens("__global__ void k(float *x) { x[threadIdx.x] = 0; }")
    assert [t.kind for t in found if t.text == "x"] == ["name", "name", "word"]


def test_a_macros_body_is_read_token_by_token() -> None:
    texts = [t.text for t in tokens("#define F(a) ((a) + \\\n 1e-5f)")]
    assert texts[-7:] == ["(", "(", "a", ")", "+", "1e-5f", ")"]


def test_the_normal_form_forgets_names_and_on_demand_numbers() -> None:
    one = tokens("void f(int a) { int b = a * 4; b += a; }")
    two = tokens("void g(int y) { int x = y * 4; x += y; }")
    other = tokens("void g(int y) { int x = y * 8; x += y; }")
    swapped = tokens("void g(int y) { int x = y * 4; y += x; }")
    assert normal(one) == normal(two) != normal(other)
    assert normal(one, numbers=False) == normal(other, numbers=False)
    assert normal(one) != normal(swapped)


@pytest.mark.parametrize("code", ["", "void f( {", "def f(x): return x", "\x00\xff", "}}}}"])
def test_any_text_has_tokens(code: str) -> None:
    assert isinstance(normal(tokens(code)), str)
