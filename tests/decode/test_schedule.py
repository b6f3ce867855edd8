"""What prompts share is found over the whole run; batches are as large as memory allows."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from hpctc.decode.autoregressive import Autoregressive
from hpctc.decode.base import Ask, Request, Target
from hpctc.decode.loop import How, decode
from hpctc.decode.schedule import Memory, planned, radix
from hpctc.decode.table import Table


def ask(key: int, *prompt: int, most: int = 4) -> Request:
    return Request(key=key, prompt=prompt, most=most)


def prefixes(requests: Sequence[Request]) -> int:
    """Tokens to compute when all that is shared is computed once, by the definition."""
    return len({r.prompt[:end] for r in requests for end in range(1, len(r.prompt) + 1)})


def test_a_tree_of_prompts() -> None:
    asked = [ask(0, 1, 2, 3), ask(1, 1, 2, 4, 5), ask(2, 1, 2), ask(3, 9), ask(4, 1, 2, 3)]
    root = radix(asked)
    assert (root.start, root.end, root.requests, root.computed) == (0, 0, [], 6)
    one, nine = root.children
    assert (one.start, one.end, [r.key for r in one.requests]) == (0, 2, [2])
    assert [(c.start, c.end, [r.key for r in c.requests]) for c in one.children] == [
        (2, 3, [0, 4]),
        (2, 4, [1]),
    ]
    assert nine.decoded == 4
    assert planned([]).requests == ()


PROMPTS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), max_size=12)


@given(PROMPTS)
def test_every_request_once_and_every_shared_token_once(prompts: list[list[int]]) -> None:
    asked = [ask(k, *prompt) for k, prompt in enumerate(prompts)]
    plan = planned(asked)
    assert sorted(str(r.key) for r in plan.requests) == sorted(str(r.key) for r in asked)
    assert plan.computed == prefixes(asked)
    assert plan.tokens == sum(map(len, prompts))
    # Whoever comes next shares with the one before it all that it shares with anybody before it.
    order = [r.prompt for r in plan.requests]
    for place, prompt in enumerate(order[1:], 1):
        shared = [common(prompt, other) for other in order[:place]]
        assert max(shared) == shared[-1]


def common(one: Sequence[int], other: Sequence[int]) -> int:
    parts = [a == b for a, b in zip(one, other, strict=False)]
    return parts.index(False) if False in parts else len(parts)


def test_a_deep_chain_of_prompts_needs_no_deep_stack() -> None:
    text = tuple(range(1500))
    asked = [Request(key=end, prompt=text[:end], most=1) for end in range(1, len(text) + 1)]
    assert planned(asked).computed == len(text)


def test_long_answers_begin_first() -> None:
    asked = [ask(0, 1, 1, 1, 1, most=2), ask(1, 2, 2, most=90), ask(2, 3, 3, most=40)]
    assert [r.key for r in planned(asked).requests] == [1, 2, 0]


class Counted(Table):
    """Notes how many requests each pass has, and how much they may come to."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []

    def score(self, asks: Sequence[Ask]) -> list[Tensor]:
        self.rows.append(len(asks))
        return super().score(asks)


@pytest.mark.parametrize(
    ("tokens", "rows"), [(None, 8), (1000, 8), (60, 4), (30, 2), (29, 1), (1, 1)]
)
def test_a_batch_is_what_fits(tokens: int | None, rows: int) -> None:
    asked = [ask(k, *range(1, 6), most=10) for k in range(20)]
    target = Counted()
    how = How(batch=8, memory=Memory(tokens))
    found = list(decode(target, Autoregressive().open(target, never), asked, how))
    assert len(found) == 20
    assert max(target.rows) == rows


def test_a_request_that_does_not_fit_waits_and_keeps_its_turn() -> None:
    asked = [ask(0, 1, most=9), ask(1, 1, most=99), ask(2, 1, most=9), ask(3, 2, most=9)]
    target = Counted()
    how = How(batch=8, memory=Memory(30))
    found = list(decode(target, Autoregressive().open(target, never), asked, how))
    assert [d.request.key for d in found] == [0, 1, 2, 3]
    assert set(target.rows[:9]) == {1}  # a longer row beside it would have been too much
    assert target.rows[-1] == 2


def never(text: str) -> Target:
    raise AssertionError(text)
