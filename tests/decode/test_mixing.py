"""What comes next, by all that speaks for it: contexts, shapes, their mixture."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hpctc.decode import strategy
from hpctc.decode.base import Kind, Request
from hpctc.decode.contexts import Contexts, Shapes
from hpctc.decode.cost import Fixed
from hpctc.decode.loop import decode
from hpctc.decode.mixing import NOBODY, Evidence, Mixer
from hpctc.decode.table import Table

NAMES = range(100, 200)
"""Tokens that are names."""


def kind(token: int) -> Kind:
    return Kind.NAME if token in NAMES else Kind.ITSELF


def expected(found: Sequence[Evidence]) -> list[tuple[int, int, int | None]]:
    return [(one.state, one.first, one.second) for one in found]


def test_a_context_remembers_what_followed_and_how_often_in_a_row() -> None:
    known = Contexts("text")
    known.add_all([1, 2, 8, 1, 2, 9, 1, 2, 9])
    assert expected(known.evidence([1, 2])) == [(-2, 9, 8), (-2, 9, 8)]
    assert expected(known.evidence([5, 2])) == [(-2, 9, 8)]  # the longer context is not known
    assert expected(known.evidence([8])) == [(1, 1, None)]
    assert known.evidence([7]) == known.evidence([]) == []


def test_a_shape_leaves_names_open() -> None:
    loop = [1, 110, 2, 0, 3, 110, 4, 120, 3, 110, 5]  # for i = 0 ; i < n ; i ++
    shapes = Shapes()
    for end in range(1, len(loop)):
        shapes.add(loop[:end], loop[end], kind)
    begun = [1, 150, 2, 0, 3]  # for j = 0 ;
    foreseen = []
    for truth in (150, 4, 160, 3, 150, 5):
        found = shapes.evidence([*loop, *begun], kind)
        foreseen.append(found[-1].first if found else None)
        begun.append(truth)
    # j < ? ; j ++: the bound was new, and so it is now
    assert foreseen == [150, 4, NOBODY, 3, 150, 5]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.sampled_from([0, 1, 101, 102, 103])))
def test_whatever_is_read_evidence_names_tokens_that_were_read(
    tokens: list[int], names: list[int]
) -> None:
    text = [*tokens, *names]
    shapes, known = Shapes(), Contexts("text")
    for end in range(1, len(text)):
        shapes.add(text[:end], text[end], kind)
        known.add(text, end)
    for one in (*shapes.evidence(text, kind), *known.evidence(text)):
        assert {one.first, NOBODY if one.second is None else one.second} <= {*text, NOBODY}


def test_who_is_right_is_believed_and_who_is_wrong_speaks_against() -> None:
    mixer = Mixer()
    right, wrong = Evidence("right", 1, 7, 8), Evidence("wrong", 1, 9)
    before = {one.token: one.chance for one in mixer.foreseen([wrong, right], 0)}
    for _ in range(200):
        mixer.learn([wrong, right], 0, said=7)
    after = {one.token: one.chance for one in mixer.foreseen([wrong, right], 0)}
    assert after[7] > 0.97 > before[7] > after[8] + after[9]
    assert [one.token for one in mixer.foreseen([wrong], 0)] == [9]
    assert mixer.foreseen([Evidence("wrong", 1, NOBODY)], 0) == []


def test_agreement_counts_for_more_than_either_alone() -> None:
    mixer = Mixer()
    one, other = Evidence("one", 1, 7), Evidence("other", 1, 7)
    for turn in range(400):  # each is right three times in four, and both mostly at once
        first, second = turn % 4 != 0, turn % 4 != 1
        said = 7 if first and second else 8
        mixer.learn([one if first else Evidence("one", 1, 6), other], 0, said)
    (both,) = mixer.foreseen([one, other], 0)
    (alone,) = mixer.foreseen([other], 0)
    assert both.chance > alone.chance


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.integers(-6, 6),
            st.integers(-1, 5),
            st.none() | st.integers(-1, 5),
        ),
        max_size=8,
    ),
    st.lists(st.integers(0, 5), max_size=20),
)
def test_chances_are_those_of_one_token_among_others(
    rows: list[tuple[str, int, int, int | None]], said: list[int]
) -> None:
    mixer = Mixer()
    evidence = [Evidence(*row) for row in rows]
    for token in said:
        mixer.learn(evidence, "any", token)
    found = mixer.foreseen(evidence, "any")
    assert sum(one.chance for one in found) <= 1 + 1e-9
    assert all(0 < one.chance < 1 for one in found)
    assert len({one.token for one in found}) == len(found)
    assert [one.chance for one in found] == sorted((one.chance for one in found), reverse=True)


def test_renamed_loops_are_drafted_by_their_shape() -> None:
    """A target that repeats a loop with ever other names: contexts of tokens are no help."""
    text: list[int] = []
    for turn in range(12):
        i, n = 100 + turn, 140 + turn
        text += [1, i, 2, 0, 3, i, 4, n, 3, i, 5, 6, i, 7, i, 8]
    target = Spoken(text, vocab=256)
    plain = Request("a", (9,), len(text))
    passes = {}
    for asked in (plain, replace(plain, kind=kind)):
        drafter = strategy("compiler").open(target, lambda _: target)
        (made,) = decode(target, drafter, [asked])
        assert made.tokens == text
        passes[asked is not plain] = made.passes
    assert passes[True] < 0.75 * passes[False], passes


class Spoken(Table):
    """A target that says a given text after a prompt of one token."""

    def __init__(self, text: Sequence[int], vocab: int) -> None:
        super().__init__(vocab=vocab, order=len(text) + 1, cost=Fixed(more=0.05))
        self.text = text

    def row(self, text: Sequence[int]) -> Tensor:
        row = super().row(text[:1]) * 0
        row[self.text[min(len(text) - 1, len(self.text) - 1)]] = 1
        return row


def test_a_cascade_brings_what_its_members_need() -> None:
    assert strategy("cascade").needs == {"hints"}
    assert strategy("cascade{members=[lookup,draft{model=m}]}").needs == {"model"}
    assert strategy("lookup").needs == frozenset()


def test_a_second_answer_is_drafted_from_the_first() -> None:
    target = Table(order=3, vocab=64, cost=Fixed(more=0.05))
    drafter = strategy("compiler").open(target, lambda _: target)
    first, second = (
        next(decode(target, drafter, [Request(key, (1, 2, 3), 60)])) for key in range(2)
    )
    assert second.tokens == first.tokens
    assert second.passes < first.passes / 3
