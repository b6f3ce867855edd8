"""Trees in a batch give what the model gives for each path alone, on tiny random models."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForCausalLM,
    GPTNeoXConfig,
    LlamaConfig,
    Qwen2Config,
)

from hpctc.decode import STRATEGIES, strategy
from hpctc.decode.base import ROOT, Ask, Draft, Request, Target
from hpctc.decode.loop import How, decode
from hpctc.models.hf.target import Transformer

SIZES: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
}

CONFIGURATIONS = {
    "llama": LlamaConfig(num_key_value_heads=2, **SIZES),
    "qwen2": Qwen2Config(num_key_value_heads=2, **SIZES),
    "gpt-neox": GPTNeoXConfig(**SIZES),
}


def made(name: str, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(CONFIGURATIONS[name])
    with torch.no_grad():  # the usual initialisation is so small that all tokens are alike
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.normal_(0, 0.3)
    return model.eval()


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def model(request: pytest.FixtureRequest) -> Any:
    return made(request.param)


@torch.inference_mode()
def alone(model: Any, text: list[int]) -> torch.Tensor:
    """The logits after a text, by the plainest call there is."""
    row: torch.Tensor = model(input_ids=torch.tensor([text])).logits[0, -1].float()
    return row


def wanted(model: Any, ask: Ask) -> torch.Tensor:
    rows = [alone(model, list(ask.settled))]
    for node in range(len(ask.draft)):
        path = [ask.draft.tokens[n] for n in ask.draft.ancestors(node)]
        rows.append(alone(model, [*ask.settled, *path]))
    return torch.stack(rows)


def text(count: int, seed: int) -> list[int]:
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 50, (count,), generator=random).tolist()


TREE = Draft((7, 8, 9, 7, 11, 8), (ROOT, 0, 0, ROOT, 2, 3), probes=frozenset({3}))


def test_a_tree_is_scored_as_its_paths_are(model: Any) -> None:
    target = Transformer(model)
    ask = Ask("a", text(20, 1), TREE)
    torch.testing.assert_close(target.score([ask])[0], wanted(model, ask), rtol=0, atol=1e-4)
    assert (target.passes, target.computed) == (1, 26)


def test_the_accepted_path_is_not_computed_again(model: Any) -> None:
    target = Transformer(model)
    settled = text(20, 1)
    target.score([Ask("a", settled, TREE)])
    computed = target.computed
    for path in ([7, 9, 11], [7, 8], [], [3]):
        again = Transformer(model)
        again.score([Ask("a", settled, TREE)])
        ask = Ask("a", [*settled, *path, 5], TREE)
        torch.testing.assert_close(again.score([ask])[0], wanted(model, ask), rtol=0, atol=1e-4)
        known = len(path) if path != [3] else 0
        assert again.computed - computed == len(path) - known + 1 + len(TREE)


def test_ragged_requests_share_a_pass_and_leave_each_other_alone(model: Any) -> None:
    target = Transformer(model)
    texts = [text(3 + 5 * k, k) for k in range(6)]
    drafts = [TREE, Draft(), Draft.chain([1, 2, 3]), Draft(), TREE, Draft((4,), (ROOT,))]
    for turn in range(4):
        asks = [Ask(k, texts[k], drafts[(k + turn) % 6]) for k in range(6) if (k + turn) % 5]
        before = target.passes
        for ask, rows in zip(asks, target.score(asks), strict=True):
            torch.testing.assert_close(rows, wanted(model, ask), rtol=0, atol=1e-4)
        assert target.passes == before + 1
        if turn == 1:
            target.close(3)  # its slot goes to a new request
        for settled in texts:
            settled += text(turn + 1, turn)


def test_a_text_that_was_taken_back_is_computed_anew(model: Any) -> None:
    target = Transformer(model)
    target.score([Ask("a", text(30, 1), TREE)])
    ask = Ask("a", [*text(30, 1)[:10], 1, 2], TREE)
    torch.testing.assert_close(target.score([ask])[0], wanted(model, ask), rtol=0, atol=1e-4)


def test_short_requests_that_begin_alike_and_arrive_together_are_right(model: Any) -> None:
    target = Transformer(model)
    asks = [Ask(k, [*text(30, 1), k, k], TREE) for k in range(4)]
    for ask, rows in zip(asks, target.score(asks), strict=True):
        torch.testing.assert_close(rows, wanted(model, ask), rtol=0, atol=1e-4)
    assert target.passes == 1


def test_a_shared_prefix_is_computed_once(model: Any) -> None:
    target = Transformer(model)
    prefix = text(100, 1)
    asks = [Ask(k, [*prefix, *text(5 + k, k)], Draft()) for k in range(4)]
    for ask, rows in zip(asks, target.score(asks), strict=True):
        torch.testing.assert_close(rows, wanted(model, ask), rtol=0, atol=1e-4)
    assert target.computed == 100 + 5 + 6 + 7 + 8
    for key in range(4):
        target.close(key)
    late = Ask("late", [*prefix, 1, 2, 3], TREE)
    computed = target.computed
    torch.testing.assert_close(target.score([late])[0], wanted(model, late), rtol=0, atol=1e-4)
    assert target.computed == computed + 3 + len(TREE)


@given(
    seed=st.integers(0, 1000),
    moves=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans()), max_size=8),
)
@settings(max_examples=25, deadline=None)
def test_whatever_is_asked_in_whatever_order_is_right(
    seed: int, moves: list[tuple[int, int, bool]]
) -> None:
    model = made("qwen2")
    target = Transformer(model)
    texts = [text(20, 7) + text(3, seed + k) for k in range(4)]
    for key, count, shut in moves:
        random = torch.Generator().manual_seed(seed + count)
        parents = tuple(
            int(torch.randint(-1, max(i, 1), (), generator=random)) if i else ROOT
            for i in range(count)
        )
        ask = Ask(key, texts[key], Draft(tuple(text(count, seed + key)), parents))
        (rows,) = target.score([ask])
        torch.testing.assert_close(rows, wanted(model, ask), rtol=0, atol=1e-4)
        if shut:
            target.close(key)
        along = [ask.draft.tokens[n] for n in ask.draft.ancestors(count - 1)] if count else []
        texts[key] = [*texts[key], *along, 5]


SPECS = {
    "draft": "draft{model=small,most=3}",
    "lookahead": "lookahead{window=3,ngram=3,guesses=3}",
}


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_says_what_generate_says(model: Any, name: str, batch: int) -> None:
    prompts = [text(4 + 9 * k, k) for k in range(5)]
    asked = [
        Request(key=k, prompt=tuple(p), most=24, hints=(tuple(text(30, k)),))
        for k, p in enumerate(prompts)
    ]

    def load(spec: str) -> Target:
        return Transformer(model)

    target = Transformer(model)
    drafter = strategy(SPECS.get(name, name)).open(target, load)
    found = {d.request.key: d.tokens for d in decode(target, drafter, asked, How(batch=batch))}
    for key, prompt in enumerate(prompts):
        plain = model.generate(
            torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), max_new_tokens=24,
            do_sample=False, eos_token_id=None, pad_token_id=0,
        )  # fmt: skip
        assert found[key] == plain[0, len(prompt) :].tolist()
