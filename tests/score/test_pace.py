"""Tokens a second and a pass, by hand; who proposed what, region by region."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hpctc.core.records import Answer, Candidate, Decoding, Usage
from hpctc.score import Trail
from hpctc.score.cost import cost
from hpctc.score.intervals import ratio_of_sums
from hpctc.score.pace import beside, pace

MakeTrail = Callable[..., Trail]
Span = tuple[str, int, int]


@pytest.fixture
def said(trail: MakeTrail) -> MakeTrail:
    """``said(task, seconds, tokens, passes, spans, text, dollars, ...)``: a decoded answer."""

    def make(
        name: str,
        seconds: float | None,
        tokens: int = 10,
        passes: int | None = None,
        spans: tuple[Span, ...] = (),
        text: str = "!",
        dollars: float = 0.0,
        verdict: str = "correct",
    ) -> Trail:
        before = trail(name, verdict=verdict)
        drafted = [s for s in spans if s[0]]
        sources = {who: sum(s[1] for s in drafted if s[0] == who) for who, *_ in drafted}
        decoding = passes and Decoding(
            strategy="cascade",
            passes=passes,
            proposed=2 * sum(sources.values()),
            accepted=sum(sources.values()),
            sources=sources,
            first_seconds=0.5,
            spans=spans,
        )
        answer = Answer.make(
            of=before.prompt.id,
            model="m",
            sample=0,
            text=text,
            seconds=seconds,
            usage=Usage(prompt_tokens=100, completion_tokens=tokens, dollars=dollars),
            decoding=decoding or None,
        )
        candidate = Candidate.make(of=answer.id, source=text)
        return replace(before, answer=answer, candidate=candidate)

    return make


def test_sums_over_sums(said: MakeTrail) -> None:
    spans = (("", 1, 1), ("lookup", 3, 3), ("", 1, 1))
    found = pace([said("a", 1.0, 5, 2, spans, "int x"), said("b", 4.0, 10, 8)])
    assert found is not None
    assert (found.answers, found.tokens, found.strategies) == (2, 15, ("cascade",))
    assert found.tokens_per_second is not None
    assert found.tokens_per_second.value == pytest.approx(15 / 5)
    assert found.tokens_per_second.low == pytest.approx(2.5)  # b alone
    assert found.tokens_per_pass is not None
    assert found.tokens_per_pass.value == pytest.approx(1.5)
    assert found.first_seconds is not None
    assert found.first_seconds.value == 0.5
    assert found.accepted is not None
    assert found.accepted.value == 0.5
    assert found.sources == {"lookup": 0.2, "": 0.8}


def test_what_a_server_says_has_no_passes(said: MakeTrail) -> None:
    found = pace([said("a", 2.0)])
    assert found is not None
    assert found.tokens_per_second is not None
    assert found.tokens_per_second.value == 5.0
    assert (found.first_seconds, found.tokens_per_pass, found.accepted) == (None, None, None)
    assert (found.sources, found.parts) == ({}, {})
    assert pace([said("a", None)]) is None


def test_a_run_over_two_regions_is_shared_out_by_its_characters(said: MakeTrail) -> None:
    text = "// four\nint x;"  # 7 characters of comment, 7 of declaration with the line's end
    spans = (("lookup", 4, 10), ("", 3, 5))
    found = pace([said("a", 1.0, 7, 4, spans, text)])
    assert found is not None
    comment, declared = found.parts["comment"], found.parts["declaration"]
    assert comment.tokens == pytest.approx(4 * 7 / 10)
    assert comment.drafted.value == 1.0
    assert declared.tokens == pytest.approx(4 * 3 / 10 + 3)
    assert declared.sources == pytest.approx({"lookup": 1.2, "": 3.0})
    assert sum(part.tokens for part in found.parts.values()) == pytest.approx(7)


def test_no_token_is_lost_where_a_run_has_no_character(said: MakeTrail) -> None:
    spans = (("", 1, 0), ("lookup", 1, 1), ("", 1, 0))
    found = pace([said("a", 1.0, 3, 2, spans, "\N{GREEK SMALL LETTER PI}")])
    assert found is not None
    assert sum(part.tokens for part in found.parts.values()) == pytest.approx(3)


def test_another_run_is_held_against_the_first(said: MakeTrail) -> None:
    first = [said("a", 1.0, text="x"), said("b", 1.0, text="y"), said("c", 1.0)]
    other = [said("a", 0.5, text="x"), said("b", 0.125, text="z")]
    found = beside(first, other)
    assert found is not None
    assert (found.answers, found.identical) == (2, 1)
    assert found.faster is not None
    assert found.faster.value == pytest.approx(4.0)
    assert beside(first, [said("d", 1.0)]) is None
    silent = replace(first[0], answer=replace(first[0].answer, text=None))
    assert beside([silent], [silent]) is None  # to say nothing twice is no identity
    told = beside(first, [silent])
    assert told is not None
    assert (told.answers, told.identical) == (1, 0)


def test_wrong_answers_are_paid_for(said: MakeTrail) -> None:
    trails = [
        said("a", 3.0, dollars=0.01),
        said("b", 5.0, dollars=0.03, verdict="wrong"),
        said("c", 4.0, dollars=0.02),
    ]
    found = cost(trails)
    assert (found.answers, found.solved, found.completion_tokens) == (3, 2, 30)
    assert found.dollars == pytest.approx(0.06)
    assert found.solved_dollars is not None
    assert found.solved_dollars.value == pytest.approx(0.03)
    assert found.solved_seconds is not None
    assert found.solved_seconds.value == pytest.approx(6.0)
    assert found.solved_seconds.low < 6.0
    assert found.solved_seconds.high is None  # 3 tasks drawn may be b, three times


def test_nothing_solved_has_no_price(said: MakeTrail) -> None:
    found = cost([said("a", 3.0, verdict="wrong")])
    assert found.seconds == 3.0
    assert found.solved_seconds is None
    assert found.dollars is None  # none was given
    assert found.solved_dollars is None


def test_several_answers_solve_a_task_once(said: MakeTrail) -> None:
    assert (
        cost([said("a", 1.0), said("a", 1.0)]).solved_seconds
        == cost([said("a", 2.0)]).solved_seconds
    )


def test_a_ratio_of_sums() -> None:
    found = ratio_of_sums([(1.0, 2.0), (3.0, 2.0)])
    assert found is not None
    assert (found.value, found.low, found.high) == (1.0, 0.5, 1.5)
    assert ratio_of_sums([(1.0, 0.0)]) is None
    assert ratio_of_sums([]) is None
    rare = ratio_of_sums([(1.0, 1.0), *[(0.0, 0.0)] * 9])
    assert rare is not None
    assert (rare.low, rare.high) == (1.0, 1.0)  # a resample without it says nothing


def test_every_turn_is_paid_for(said: MakeTrail) -> None:
    first = said("a", 3.0, verdict="wrong")
    found = cost([replace(said("a", 5.0), before=first)])
    assert (found.answers, found.solved, found.completion_tokens) == (2, 1, 20)
    assert found.solved_seconds is not None
    assert found.solved_seconds.value == pytest.approx(8.0)
    told = pace([replace(said("a", 5.0), before=first)])
    assert told is not None
    assert told.answers == 2
