"""A drafting model is asked in few passes, and only where that pays."""

from collections.abc import Callable, Sequence

import pytest

from hpctc.core.errors import UsageError
from hpctc.decode import strategy
from hpctc.decode.base import ROOT, Ask, Draft, Drafter, Foreseer, Request, State, Target
from hpctc.decode.cost import Fixed
from hpctc.decode.loop import How, decode
from hpctc.decode.table import Table
from hpctc.decode.trees import beside, grafted
from hpctc.decode.verify import Sampled, greedy, verify

END = 0
BY = ("", ",by=[]", ",by=[lookup]", ",by=[compiler]")


def text_of(model: Table, begun: Sequence[int], count: int) -> list[int]:
    """What a model says greedily, by the definition."""
    text = list(begun)
    for _ in range(count):
        text.append(int(model.row(text).argmax()))
    return text[len(begun) :]


def _same(table: Table) -> Callable[[str], Target]:
    return lambda _: table


def proposals(drafter: Drafter, target: Table, state: State, count: int) -> list[Draft]:
    """The first drafts for a text, the target's answers in between."""
    made = []
    for _ in range(count):
        (draft,) = drafter.propose([state])
        made.append(draft)
        step = verify(target.score([Ask(0, state.settled, draft)])[0], draft, greedy)
        state.settled += step.tokens
        drafter.observe(state, step)
    return made


@pytest.mark.parametrize("by", BY)
def test_what_the_model_says_does_not_depend_on_who_drafts_for_it(by: str) -> None:
    target, model = Table(order=2, vocab=16), Table(order=1, vocab=16)
    drafter = strategy(f"draft{{model=m,most=6,adapt=false{by}}}").open(target, _same(model))
    state = State(Request(key=0, prompt=(1, 2, 3), most=500, hints=((4, 5, 6, 7),)), [1, 2, 3])
    for _ in range(12):
        settled = list(state.settled)
        (draft,) = proposals(drafter, target, state, 1)
        assert list(draft.tokens) == text_of(model, settled, 6)
        assert set(draft.sources) == {"draft"}


def test_drafts_for_the_model_spare_it_passes() -> None:
    passes = {}
    for by in ("[]", "[lookup]"):
        table = Table(order=1, vocab=16)  # target and model: one
        drafter = strategy(f"draft{{model=m,adapt=false,by={by}}}").open(table, _same(table))
        (made,) = decode(table, drafter, [Request(key=0, prompt=(3,), most=210)])
        assert (made.passes, made.accepted) == (10, 200)
        passes[by] = table.passes - made.passes
    assert passes["[]"] == 200
    assert passes["[lookup]"] < 40


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("batch", [1, 3])
def test_the_targets_text_does_not_depend_on_who_drafts(by: str, sampled: bool, batch: int) -> None:
    target = Table(order=2, vocab=16)
    asked = [
        Request(key, (1, 2, 3, key), 4 + 9 * key, frozenset({END}), hints=((3, 1, 2),))
        for key in range(1, 7)
    ]
    how = How(batch=batch, choose=lambda r: Sampled(0.8, int(str(r.key))) if sampled else greedy)
    plain = strategy("autoregressive").open(target, _same(target))
    wanted = {made.request.key: made.tokens for made in decode(target, plain, asked, how)}
    model = Table(order=1, vocab=16, cost=Fixed(first=0.1, more=0.01))
    drafter = strategy(f"draft{{model=m{by}}}").open(target, _same(model))
    found = {made.request.key: made.tokens for made in decode(target, drafter, asked, how)}
    assert found == wanted
    assert model.passes


@pytest.mark.parametrize("spec", ["lookup", "compiler"])
def test_looking_ahead_finds_what_comes_and_teaches_nothing(spec: str) -> None:
    target = Table(order=1, vocab=16, cost=Fixed(more=0.02))
    prompt = [3, *text_of(target, [3], 60)]
    looking, not_looking = (strategy(spec).open(target, _same(target)) for _ in range(2))
    assert isinstance(looking, Foreseer)
    for count in (4, 40):
        states = [State(Request(0, tuple(prompt), count), list(prompt)) for _ in range(2)]
        ahead = text_of(target, prompt, 2)
        for length in range(3):
            seen = looking.foresee(states[0], ahead[:length])
            assert text_of(target, [*prompt, *ahead[:length]], 1)[0] in seen.tokens
            assert max(seen.depths) + length < count
        assert looking.foresee(states[0], text_of(target, prompt, count)) == Draft()
        after = [
            proposals(d, target, s, 4) for d, s in zip((looking, not_looking), states, strict=True)
        ]
        assert after[0] == after[1]
        looking.close(0)
        not_looking.close(0)


def test_the_end_of_the_text_is_left_to_the_target() -> None:
    target, model = Table(order=1, vocab=8), Table(order=1, vocab=8)
    ends = frozenset({text_of(model, [3], 4)[-1]})
    drafter = strategy("draft{model=m,by=[],adapt=false}").open(target, _same(model))
    (draft,) = drafter.propose([State(Request(0, (3,), 50, ends), [3])])
    first = text_of(model, [3], 4)
    assert list(draft.tokens) == first[: min(first.index(end) for end in ends)]
    assert model.passes == len(draft) + 1


class Reading(Fixed):
    """Many tokens at once take long, few do not."""

    def seconds(self, tokens: int) -> float:
        return 12.0 if tokens > 100 else 0.05


@pytest.mark.parametrize(("most", "reads"), [(10, False), (120, True)])
def test_in_a_cascade_a_prompt_is_read_once_that_would_have_paid(most: int, reads: bool) -> None:
    target = Table(order=6, vocab=64)
    model = Table(order=6, vocab=64, cost=Reading())
    prompt = tuple(text_of(Table(order=6, vocab=64, seed=9), [1], 150))
    spec = "cascade{members=[lookup,draft{model=m}]}"
    drafter = strategy(spec).open(target, _same(model))
    (made,) = decode(target, drafter, [Request(0, prompt, most)])
    assert bool(model.passes) == reads == ("draft" in made.sources)
    alone = [count for source, count in made.spans if source != "draft"]
    assert sum(alone) >= min(most, 12)  # what a pass of one token each takes as long as reading


def test_a_text_that_cannot_become_long_is_not_read() -> None:
    model = Table(order=6, vocab=64, cost=Reading())
    for most in (10, 60):
        target = Table(order=6, vocab=64)
        drafter = strategy("draft{model=m,by=[]}").open(target, _same(model))
        (made,) = decode(target, drafter, [Request(0, (1,) * 150, most)])
        assert bool(made.sources) == (most == 60)


def test_a_branch_beside_a_chain_is_believed_where_the_chain_is_not() -> None:
    chain = Draft.chain((1, 2), "draft", (0.9, 0.6))
    other = Draft((1, 2, 5, 7, 4), (ROOT, 0, 0, ROOT, 2), chances=(0.5, 0.5, 0.5, 0.5, 0.8))
    assert beside(chain, other).chances == pytest.approx((0.9, 0.6, 0.2, 0.05, 0.8))
    both = grafted(chain, other)
    assert (both.tokens, both.parents) == ((1, 2, 1, 2, 5, 7, 4), (ROOT, 0, 1, 2, 2, 1, 4))
    assert both.sources == ("draft", "draft", *["unnamed"] * 5)
    assert grafted(Draft(), chain) == chain


def test_who_cannot_draft_for_a_model_is_told() -> None:
    def load(_: str) -> Target:
        return Table()

    with pytest.raises(UsageError, match="lookahead cannot draft for m: it never looks ahead"):
        strategy("draft{model=m,by=[lookup,lookahead]}").open(Table(), load)
    with pytest.raises(UsageError, match="its other members draft for the model") as problem:
        strategy("cascade{members=[lookup,draft{model=m,by=[lookup]}]}").open(Table(), load)
    assert "leave its 'by' out" in problem.value.hint
    assert strategy("draft{model=m}").needs == {"model", "hints"}
    assert strategy("draft{model=m,by=[lookup]}").needs == {"model"}
    assert str(strategy("draft{model=m,by=[]}")) == "draft{model=m,by=[]}"
