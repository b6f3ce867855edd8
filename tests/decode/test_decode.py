"""Every strategy gives what the target itself would say, greedy, sampled and constrained."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hpctc.core.errors import UsageError
from hpctc.decode import STRATEGIES, strategy
from hpctc.decode.base import (
    ROOT,
    TARGET,
    UNNAMED,
    Ask,
    Draft,
    Key,
    Request,
    State,
    Step,
    Target,
)
from hpctc.decode.cost import Fixed
from hpctc.decode.loop import Decoded, How, decode
from hpctc.decode.table import Table
from hpctc.decode.trees import clipped
from hpctc.decode.verify import Choose, Sampled, greedy, verify

END = 0

SPECS = {
    "autoregressive": "autoregressive",
    "lookup": "lookup{least=1}",
    "compiler": "compiler",
    "draft": "draft{model=small,most=4}",
    "lookahead": "lookahead{window=4,ngram=3,guesses=3}",
    "cascade": "cascade{members=[compiler,lookup{least=1},draft{model=small}]}",
}


def small(text: str) -> Target:
    """The drafting model: the target itself, blurred, so that about half its drafts are right."""
    assert text == "small"
    return Table(order=1, cost=CHEAP)


def small_twin(text: str) -> Target:
    """A drafting model that is always right."""
    return Table(order=2, cost=CHEAP)


CHEAP = Fixed(first=0.1)


def spoken(
    target: Table, prompt: Sequence[int], most: int, end: int = END
) -> tuple[list[int], bool]:
    """What the model says greedily, by the definition."""
    text = list(prompt)
    while len(text) < len(prompt) + most:
        token = int(target.row(text).argmax())
        if token == end:
            return text[len(prompt) :], True
        text.append(token)
    return text[len(prompt) :], False


def requests(count: int, most: int = 40, hints: bool = True) -> list[Request]:
    random = torch.Generator().manual_seed(count)
    made = []
    for key in range(count):
        length = int(torch.randint(1, 30, (), generator=random))
        prompt = tuple(torch.randint(1, 32, (length,), generator=random).tolist())
        made.append(
            Request(
                key=key,
                prompt=prompt,
                most=int(torch.randint(1, most + 1, (), generator=random)),
                ends=frozenset({END}),
            )
        )
    return made


def hinted(target: Table, request: Request) -> Request:
    """With hints: the answer with names changed and a line more, and another text."""
    text, _ = spoken(target, request.prompt, request.most, min(request.ends, default=-1))
    changed = [t + 1 if t == 7 else t for t in text]
    middle = len(changed) // 2
    hint = (*changed[:middle], 9, 9, 9, *changed[middle:])
    return Request(**{**vars(request), "hints": (hint, (1, 2, 3))})


def dict_of(spans: Sequence[tuple[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for source, count in spans:
        found[source] += count
    return found


def run(
    target: Target, name: str, asked: Sequence[Request], how: How | None = None
) -> dict[int, Decoded]:
    drafter = strategy(SPECS[name]).open(target, small)
    return {d.request.key: d for d in decode(target, drafter, asked, how)}  # type: ignore[misc]


def test_every_strategy_is_tested() -> None:
    assert set(SPECS) == set(STRATEGIES)


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("order", [1, 3])
def test_greedy_output_is_the_targets_own(name: str, batch: int, order: int) -> None:
    target = Table(order=order)
    asked = [hinted(target, r) for r in requests(20)]
    made = run(target, name, asked, How(batch=batch))
    assert set(made) == set(range(20))
    for request in asked:
        found = made[request.key]  # type: ignore[index]
        text, ended = spoken(target, request.prompt, request.most)
        assert (found.tokens, found.ended) == (text, ended), request
        assert found.passes <= len(text) + 1
        assert sum(count for _, count in found.spans) == len(text)
        assert found.accepted == len(text) - dict_of(found.spans).get(TARGET, 0)
        assert 0 < found.first_seconds <= found.seconds


@given(seed=st.integers(0, 10_000), order=st.integers(1, 4), name=st.sampled_from(list(SPECS)))
@settings(max_examples=60, deadline=None)
def test_greedy_output_is_the_targets_own_on_random_tables(
    seed: int, order: int, name: str
) -> None:
    target = Table(vocab=8, order=order, seed=seed)
    asked = [
        Request(
            key=0, prompt=(1, 2, 3, 1, 2), most=30, ends=frozenset({END}), hints=((3, 1, 2, 4),)
        )
    ]
    drafter = strategy(SPECS[name].replace("model=small", "model=tiny")).open(
        target, lambda _: Table(vocab=8, order=1, seed=seed, cost=CHEAP)
    )
    (found,) = decode(target, drafter, asked)
    assert (found.tokens, found.ended) == spoken(target, (1, 2, 3, 1, 2), 30)


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_answer_is_given_before_the_next_pass(name: str) -> None:
    """So that whoever writes it down loses none that is complete, whatever becomes of the rest."""
    target = Table(order=3)
    asked = [Request(key=k, prompt=(k + 1, 2), most=5 + 15 * k) for k in range(4)]
    drafter = strategy(SPECS[name]).open(target, small)
    given = [(made, target.passes) for made in decode(target, drafter, asked, How(batch=4))]
    assert [made.passes for made, _ in given] == [passes for _, passes in given]
    assert sorted(made.passes for made, _ in given) == [made.passes for made, _ in given]


def test_a_periodic_text_takes_few_passes() -> None:
    target = Table(order=1, vocab=16)  # one token decides: the text soon repeats itself
    asked = Request(key=0, prompt=(3,), most=200)
    one = run(target, "autoregressive", [asked])[0]
    assert (one.passes, one.acceptance_length) == (200, 1.0)
    for name in ("lookup", "lookahead"):
        many = run(target, name, [asked])[0]
        assert many.tokens == one.tokens
        assert many.acceptance_length > 2, name


def test_a_hint_with_other_names_and_more_lines_is_followed() -> None:
    target = Table(order=6, vocab=64)
    asked = hinted(target, Request(key=0, prompt=(3, 4, 5), most=120))
    found = run(target, "compiler", [asked])[0]
    assert found.tokens == spoken(target, (3, 4, 5), 120, end=-1)[0]
    assert found.acceptance_length > 4
    assert set(found.sources) == {"compiler"}


def test_a_draft_model_that_is_the_target_is_always_accepted() -> None:
    target = Table(order=2)
    drafter = strategy("draft{model=same,most=4,adapt=false}").open(target, small_twin)
    (found,) = decode(target, drafter, [Request(key=0, prompt=(1,), most=50)])
    assert found.passes == 10
    assert found.accepted == found.proposed == 40


def test_a_cascade_turns_to_what_is_accepted() -> None:
    target = Table(order=6, vocab=64)
    text = spoken(target, (3, 4, 5), 100, end=-1)[0]
    wrong = tuple((t * 7 + 1) % 64 for t in text)
    for hint, source in ((tuple(text), "compiler"), (wrong, "draft")):
        asked = Request(key=0, prompt=(3, 4, 5), most=100, hints=(hint,))
        spec = "cascade{members=[compiler,draft{model=same}]}"
        drafter = strategy(spec).open(target, lambda _: Table(order=6, vocab=64, cost=CHEAP))
        (found,) = decode(target, drafter, [asked])
        assert found.tokens == text
        assert found.sources.get(source, 0) > 0.6 * len(text), found.sources


# --- sampling ---


def distribution(choose: Callable[[], int], count: int) -> Counter[int]:
    return Counter(choose() for _ in range(count))


def far(found: Counter[int], wanted: Tensor, count: int) -> float:
    """Chi-squared over its degrees of freedom."""
    seen = torch.tensor([float(found[t]) for t in range(len(wanted))])
    expected = wanted * count
    keep = expected > 5
    return float(((seen - expected) ** 2 / expected)[keep].sum() / (keep.sum() - 1))


def test_a_sampled_token_has_the_targets_distribution_whatever_is_proposed() -> None:
    logits = 1.5 * torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    choose = Sampled(0.8, seed=2)
    count = 6_000
    draft = Draft((5, 2), (ROOT, ROOT))
    wanted = torch.softmax(logits[0].double() / 0.8, -1)
    found = distribution(lambda: verify(logits, draft, choose).tokens[0], count)
    assert far(found, wanted, count) < 3


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_sampled_text_is_the_same_whoever_drafts(name: str, batch: int) -> None:
    target = Table(order=2)

    def choice(request: Request) -> Choose:
        return Sampled(0.7, seed=int(str(request.key)))

    asked = [hinted(target, r) for r in requests(12)]
    made = run(target, name, asked, How(batch=batch, choose=choice))
    plain = run(target, "autoregressive", asked, How(batch=1, choose=choice))
    assert {k: d.tokens for k, d in made.items()} == {k: d.tokens for k, d in plain.items()}


@pytest.mark.parametrize("name", STRATEGIES)
def test_sampled_texts_have_the_targets_distribution(name: str) -> None:
    target = Table(vocab=4, order=1, sharpness=1.0)
    count = 2_000
    asked = [Request(key=k, prompt=(1, 2, 1, 2), most=3, hints=((2, 3, 1),)) for k in range(count)]
    how = How(batch=64, choose=lambda r: Sampled(1.0, seed=int(str(r.key))))
    drafter = strategy(SPECS[name]).open(
        target, lambda _: Table(vocab=4, order=1, seed=1, cost=CHEAP)
    )
    found = Counter(
        sum(t * 4**i for i, t in enumerate(d.tokens)) for d in decode(target, drafter, asked, how)
    )
    wanted = torch.zeros(64, dtype=torch.float64)
    for a in range(4):
        for b in range(4):
            for c in range(4):
                rows = [torch.softmax(target.row([t]).double(), -1) for t in (2, a, b)]
                wanted[a + 4 * b + 16 * c] = rows[0][a] * rows[1][b] * rows[2][c]
    assert far(found, wanted, count) < 2


# --- constraints ---


class Even:
    """Only even tokens, and nothing twice in a row."""

    def __init__(self) -> None:
        self.last = -1

    def allowed(self) -> Tensor:
        mask = torch.arange(32) % 2 == 0
        if self.last >= 0:
            mask[self.last] = False
        return mask

    def advance(self, token: int) -> None:
        assert self.allowed()[token]
        self.last = token


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_constraint_composes_with_every_strategy(name: str, sampled: bool, batch: int) -> None:
    target = Table(order=2)
    asked = requests(10)

    def choice(request: Request) -> Choose:
        return Sampled(1.0, seed=3) if sampled else greedy

    how = How(choose=choice, constrain=lambda r: Even(), batch=batch)
    made = run(target, name, asked, how)
    plain = run(target, "autoregressive", asked, how)
    for key, found in made.items():
        assert all(t % 2 == 0 for t in found.tokens)
        assert found.tokens == plain[key].tokens


# --- the loop ---


def test_a_stop_ends_a_text_and_a_free_place_is_taken() -> None:
    target = Table(order=2)
    asked = [Request(key=k, prompt=(1 + k,), most=30) for k in range(10)]
    how = How(batch=2, stop=lambda request, tokens: len(tokens) >= 5)
    made = run(target, "autoregressive", asked, how)
    assert all(len(d.tokens) == 5 and not d.ended for d in made.values())
    assert target.passes == 25


def test_everything_is_closed_when_the_reader_stops() -> None:
    closed: list[object] = []

    class Watched(Table):
        def close(self, key: object) -> None:
            closed.append(key)

    target = Watched()
    drafter = strategy("lookup").open(target, small)
    texts = decode(target, drafter, requests(8), How(batch=4))
    next(texts)
    texts.close()  # type: ignore[attr-defined]
    assert len(closed) == len(set(closed)) >= 4


def test_a_tree_shares_what_its_branches_share() -> None:
    draft = Draft((5, 6, 7, 6), (ROOT, 0, 0, ROOT), probes=frozenset({3}))
    assert draft.children == {ROOT: [0], 0: [1, 2]}
    assert draft.depths == (1, 2, 2, 1)
    assert draft.ancestors(2) == [0, 2]
    assert clipped(draft, 2) == Draft((5, 6), (ROOT, ROOT), probes=frozenset({1}))
    with pytest.raises(ValueError, match="3 tokens have 1 parents"):
        Draft((1, 2, 3), (ROOT,))
    with pytest.raises(ValueError, match="stands before its node"):
        Draft((1, 2), (1, ROOT))


def test_the_longest_agreeing_branch_is_taken() -> None:
    target = Table(order=1, vocab=8, sharpness=3.0)
    text = spoken(target, [1], 3, end=-1)[0]
    other = [(t + 1) % 8 for t in text]
    draft = Draft((other[0], text[0], other[1], text[1]), (ROOT, ROOT, 1, 1))
    step = verify(target.score([Ask(0, [1], draft)])[0], draft, greedy)
    assert isinstance(step, Step)
    assert (step.path, step.tokens) == ((1, 3), tuple(text))


def test_unknown_strategies_and_other_vocabularies_are_explained() -> None:
    with pytest.raises(UsageError, match="there is no strategy 'lookahed'") as problem:
        strategy("lookahed")
    assert problem.value.hint == "did you mean 'lookahead'?"
    with pytest.raises(UsageError, match="has 8 tokens and the target 32"):
        strategy("draft{model=m}").open(Table(), lambda _: Table(vocab=8))
    with pytest.raises(UsageError, match="a cascade of nothing"):
        strategy("cascade{members=[]}").open(Table(), small)


def test_every_token_has_its_source() -> None:
    target = Table(order=1, vocab=8, sharpness=3.0)
    text = spoken(target, [1], 8, end=-1)[0]

    class Two:
        """Two right tokens and a wrong one, by two hands."""

        def propose(self, states: Sequence[State]) -> list[Draft]:
            done = len(states[0].settled) - 1
            tokens = [*text[done : done + 2], (text[done + 2] + 1) % 8]
            parents = tuple(range(-1, len(tokens) - 1))
            return [clipped(Draft(tuple(tokens), parents, sources=("a", "b", "b")), states[0].room)]

        def observe(self, state: State, step: Step) -> None:
            pass

        def close(self, key: Key) -> None:
            pass

    (found,) = decode(target, Two(), [Request(key=0, prompt=(1,), most=5)])
    assert found.tokens == text[:5]
    assert found.spans == [("a", 1), ("b", 1), (TARGET, 1), ("a", 1), (TARGET, 1)]
    assert (found.sources, found.accepted) == ({"a": 2, "b": 1}, 3)
    assert Draft((1,), (ROOT,)).source(0) == UNNAMED


def test_states_know_their_room() -> None:
    request = Request(key=0, prompt=(1, 2), most=5)
    assert State(request, [1, 2, 3]).room == 4
