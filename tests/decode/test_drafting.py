"""What drafts are made of: automata, walks, chances, costs, trees."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.decode import strategy
from hpctc.decode.automaton import Automaton
from hpctc.decode.base import ROOT, Ask, Draft, Request, State, Target
from hpctc.decode.chances import Chances
from hpctc.decode.cost import Fixed, Learned
from hpctc.decode.loop import decode
from hpctc.decode.table import Table
from hpctc.decode.trees import expected, merged, worth
from hpctc.decode.verify import greedy, verify

TEXTS = st.lists(st.integers(0, 2), max_size=25)


def longest(text: Sequence[int], read: Sequence[int]) -> int:
    """Length of the longest suffix of ``read`` that occurs in ``text``, by the definition."""
    for length in range(len(read), 0, -1):
        part = list(read[len(read) - length :])
        if any(list(text[i : i + length]) == part for i in range(len(text) - length + 1)):
            return length
    return 0


@settings(deadline=None)
@given(known=TEXTS, read=TEXTS, later=TEXTS)
def test_a_reader_is_in_the_middle_of_the_longest_match(
    known: list[int], read: list[int], later: list[int]
) -> None:
    automaton = Automaton()
    place, stays = automaton.reader(), automaton.reader()
    for token in known:
        automaton.extend(token)
    for end, token in enumerate(read, 1):
        automaton.follow(place, token)
        automaton.follow(stays, token)
        assert place.matched == longest(known, read[:end])
    for token in later:  # what a reader matches stays a match while the sequence grows
        automaton.extend(token)
    assert stays.matched <= longest([*known, *later], read)
    for length, tokens in automaton.continuations(stays, 4):
        begun = [*read[len(read) - length :], tokens[0]]
        assert longest([*known, *later], begun) == length + 1
        assert len(tokens) == 4


def test_what_repeats_itself_goes_on() -> None:
    automaton = Automaton()
    place = automaton.reader()
    for token in (7, 1, 2, 3, 1, 2, 3):
        automaton.read(place, token)
    (length, tokens), *others = automaton.continuations(place, 8)
    assert (length, tokens, others) == (3, [1, 2, 3, 1, 2, 3, 1, 2], [])


def test_a_shorter_match_that_went_on_otherwise_comes_second() -> None:
    automaton = Automaton()
    place = automaton.reader()
    for token in (1, 2, 8, 5, 2, 9, 1, 2):
        automaton.read(place, token)
    assert [(n, t[0]) for n, t in automaton.continuations(place, 1)] == [(2, 8), (1, 9)]


def test_chances_are_learned_of_each_text_and_of_all() -> None:
    chances = Chances([0.5, 0.5])
    draft = Draft((1, 2, 3), (ROOT, 0, 1))
    for _ in range(20):
        chances.proposed("a", draft, [0, 1, 1])
        chances.learn("a", [1, 9])  # the first is right, the second wrong, the third not reached
    assert chances.of("a", 0) > 0.85
    assert chances.of("a", 1) < 0.15
    assert 0.5 < chances.of("new", 0) < chances.of("a", 0) + 1e-9
    chances.learn("a", [5])  # nothing was proposed: nothing is learned
    before = chances.of("a", 0)
    chances.proposed("a", draft, [0, 1, 1])
    chances.learn("a", [])
    assert chances.of("a", 0) == before
    assert [chances.strength(n) for n in (0, 1, 2, 99)] == [0, 1, 1, 1]


def test_a_cost_is_learned_from_passes_and_noise_only_slows() -> None:
    cost = Learned(assumed=0.1)
    assert cost.seconds(1) == 0
    cost.saw(101, 11.0)
    assert cost.seconds(1) == pytest.approx(11 / (1 + 0.1 * 95), rel=0.01)  # 101 counts as 96
    for seconds in (2.0, 1.0, 1.1, 1.0, 9.0):
        cost.saw(1, seconds)
    cost.saw(8, 1.7)
    assert cost.seconds(1) == pytest.approx(1.0)
    assert cost.seconds(4) == pytest.approx(1.3)
    cost.saw(16, 1.5)  # so a pass of 8 was disturbed
    assert cost.seconds(8) == pytest.approx(1.5)
    assert cost.seconds(200) > cost.seconds(96) > cost.seconds(20)


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 300), st.floats(0.001, 9.0), min_size=1, max_size=6))
def test_a_learned_cost_never_falls(seen: dict[int, float]) -> None:
    cost = Learned(assumed=0.05)
    for tokens, seconds in seen.items():
        cost.saw(tokens, seconds)
    known = [cost.seconds(n) for n in range(1, 400)]
    assert known[0] > 0
    assert all(a <= b + 1e-9 for a, b in pairwise(known))


TREE = Draft((1, 2, 3, 4), (ROOT, 0, ROOT, 1), chances=(0.9, 0.8, 0.3, 0.1), sources=tuple("abcd"))


def test_a_node_stays_while_it_brings_more_than_it_costs() -> None:
    assert worth(TREE, Fixed()) == TREE
    assert worth(TREE, Fixed(more=0.2)).tokens == (1, 2)
    assert worth(TREE, Fixed(more=0.7)).tokens == (1,)
    assert worth(TREE, Fixed(more=2.0)).tokens == ()
    assert worth(TREE, Fixed(more=0.2), rows=8).tokens == (1,)  # it costs in every row
    probing = Draft((8, 1), (ROOT, ROOT), frozenset({0}), chances=(0.0, 0.1))
    assert worth(probing, Fixed(more=9.0)).tokens == (8,)
    assert worth(Draft((1,), (ROOT,)), Fixed(more=9.0)).tokens == (1,)  # nobody said how likely
    assert expected(TREE) == pytest.approx(0.9 + 0.72 + 0.3 + 0.072)


def test_drafts_that_agree_share_nodes() -> None:
    other = Draft.chain((1, 5, 6), "x", (0.95, 0.5, 0.5))
    made = merged([TREE, other])
    assert made.tokens == (1, 2, 3, 4, 5, 6)
    assert made.parents == (ROOT, 0, ROOT, 1, 0, 4)
    assert made.sources == ("x", "b", "c", "d", "x", "x")
    assert made.chances[0] == pytest.approx(0.95 / (0.95 + 0.3))  # of the two only one can come
    probing = Draft((1, 1), (ROOT, ROOT), frozenset({0}))
    both = merged([probing, Draft.chain((1,), "y", (0.9,))])
    assert (both.tokens, both.probes, both.source(1)) == ((1, 1), frozenset({0}), "y")
    assert merged([]) == Draft()


def proposal(spec: str, cost: Fixed, load: Target | None = None) -> Draft:
    """The tenth draft of a strategy beside a table that repeats itself; the hint is right."""
    target = Table(order=1, vocab=16, cost=cost)
    text = [3]
    while len(text) < 200:
        text.append(int(target.row(text).argmax()))
    drafter = strategy(spec).open(target, lambda _: load or target)
    state = State(Request(key=0, prompt=(3,), most=2000, hints=(tuple(text[1:]),)), [3])
    for _ in range(10):
        (draft,) = drafter.propose([state])
        step = verify(target.score([Ask(0, state.settled, draft)])[0], draft, greedy)
        state.settled += step.tokens
        drafter.observe(state, step)
    return draft


def test_the_window_is_turned_off_where_arithmetic_is_dear_unless_it_was_asked_for() -> None:
    assert proposal("lookahead", Fixed(more=0.001)).probes
    assert not proposal("lookahead", Fixed(more=0.2)).probes
    assert proposal("lookahead{window=2}", Fixed(more=0.2)).probes
    assert not proposal("lookahead{window=0}", Fixed()).probes


@pytest.mark.parametrize("spec", ["lookup", "lookahead", "cascade", "compiler"])
def test_drafts_are_shorter_where_tokens_are_dear(spec: str) -> None:
    assert len(proposal(spec, Fixed(more=1.1))) == 0
    assert len(proposal(spec, Fixed(more=0.01))) > 2


def test_a_slow_draft_model_is_not_asked() -> None:
    twin = Table(order=1, vocab=16, cost=Fixed(first=1.2))
    assert len(proposal("draft{model=m,by=[]}", Fixed(), twin)) == 0
    twin.cost = Fixed(first=0.05)
    assert len(proposal("draft{model=m,by=[]}", Fixed(), twin)) == 20
    passes = twin.passes
    assert (
        "draft" not in proposal("cascade{members=[lookup,draft{model=m}]}", Fixed(), twin).sources
    )
    assert twin.passes > passes  # it helped until the text repeated itself


def test_earlier_answers_are_drafts() -> None:
    target = Table(order=6, vocab=64)
    drafter = strategy("lookup").open(target, lambda _: target)
    asked = [Request(key=k, prompt=(k, 3, 4, 5, 3, 4, 5), most=60) for k in range(2)]
    first, second = (next(iter(decode(target, drafter, [request]))) for request in asked)
    assert first.tokens == second.tokens  # the table looks six tokens back
    assert first.sources.get("earlier", 0) == 0
    assert second.sources["earlier"] > 50
    assert second.passes < first.passes / 3
    alone = strategy("lookup{earlier=false}").open(target, lambda _: target)
    for request in asked:
        (made,) = decode(target, alone, [request])
        assert "earlier" not in made.sources
    walking = strategy("compiler").open(target, lambda _: target)
    first, second = (next(iter(decode(target, walking, [request]))) for request in asked)
    assert second.passes < first.passes / 3
