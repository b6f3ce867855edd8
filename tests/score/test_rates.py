"""pass@k, fast_p and the causes of failure, against values worked out by hand."""

from collections.abc import Callable
from itertools import combinations

import pytest

from hpctc.core.records import Score
from hpctc.score import fast_p, pass_at_k
from hpctc.score.rates import at_k, causes, classes, fast_curve, most_samples

MakeScore = Callable[..., Score]


@pytest.mark.parametrize("passing", range(6))
@pytest.mark.parametrize("k", range(1, 6))
def test_pass_at_k_is_the_share_of_draws_with_a_pass(passing: int, k: int) -> None:
    draws = list(combinations([True] * passing + [False] * (5 - passing), k))
    by_counting = sum(any(draw) for draw in draws) / len(draws)
    assert pass_at_k(5, passing, k) == pytest.approx(by_counting)


@pytest.mark.parametrize(("samples", "passing", "k"), [(3, 4, 1), (3, 1, 4), (3, -1, 1), (3, 1, 0)])
def test_pass_at_k_of_nonsense_is_refused(samples: int, passing: int, k: int) -> None:
    with pytest.raises(ValueError, match="pass@"):
        pass_at_k(samples, passing, k)


def test_pass_at_k_is_a_mean_over_tasks(score: MakeScore) -> None:
    scores = [score("a", v, None, i) for i, v in enumerate(["correct", "wrong", "wrong", "wrong"])]
    scores += [score("b", "wrong", None, i) for i in range(4)]
    found = at_k(scores, lambda s: s.verdict == "correct", 2)
    assert found is not None
    assert found.value == pytest.approx((0.5 + 0.0) / 2)
    assert most_samples(scores) == 4
    assert at_k(scores, lambda s: s.verdict == "correct", 5) is None


def test_fast_p_falls_with_p(score: MakeScore) -> None:
    scores = [score("a", "correct", 2.0), score("b", "correct", 0.5), score("c", "wrong")]
    scores.append(score("d", "not built"))
    assert [fast_p(scores, p) for p in (0.4, 1.0, 2.0)] == [0.5, 0.25, 0.0]
    curve = fast_curve(scores)
    assert curve.surely == ((0.45, 0.5), (1.8, 0.25))
    assert curve.possibly == ((0.55, 0.5), (2.2, 0.25))
    for p, share in curve.surely:
        assert fast_p(scores, p - 1e-9) == share
        assert fast_p(scores, p) < share


def test_what_may_be_as_slow_as_the_baseline_is_not_fast(score: MakeScore) -> None:
    assert fast_p([score("a", "correct", 1.05)], 1.0) == 0.0


def test_failures_with_the_same_cause_are_one_row(score: MakeScore) -> None:
    scores = [
        score("a", "wrong", reason="y[0, 3] is 1.5, expected -2e-3 (3 of 9 elements differ)"),
        score("b", "wrong", reason="out[17] is nan, expected 0.25 (9 of 9 elements differ)"),
        score("c", "not built", reason="code.c:3:7: error: unknown type name 'half2'"),
        score("d", "not built", reason="code.c:81:1: error: unknown type name \u2018float4\u2019"),
        score("e", "not built", reason="code.c:9:1: error: expected ';' before '}'"),
        score("f", "correct"),
        score("g", "not found", reason="no function 'f_op' in the answer; it defines f_kernel, g"),
        score("h", "not found", reason="no function 'h_op' in the answer; it defines main"),
        score("i", "not found", reason="no function 'i_op' in the answer; it defines no function"),
    ]
    found = [(c.verdict, c.words, len(c.samples)) for c in causes(scores)]
    assert found == [
        ("wrong", "an element is #, expected #", 2),
        ("not built", "error: unknown type name '...'", 2),
        ("not found", "no function '...' in the answer; it defines others", 2),
        ("not built", "error: expected '...' before '...'", 1),
        ("not found", "no function '...' in the answer; it defines no function", 1),
    ]


def test_every_class_is_counted(score: MakeScore) -> None:
    found = classes([score("a", "wrong"), score("b", "wrong"), score("c", "correct")])
    assert (found["correct"], found["wrong"], found["crashed"]) == (1, 2, 0)
    assert next(iter(found)) == "correct"
