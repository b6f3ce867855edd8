"""Real weights: every strategy says what transformers' generate says, in float32.

    HPCTC_WEIGHTS=FOLDER[:FOLDER...] python -m pytest -m weights tests/decode

Each folder holds a causal LM (config.json, tokenizer, safetensors); with two, the last drafts for
the others (they must share a vocabulary). ``HPCTC_WEIGHTS_TASKS`` is the number of kernels of
evals/mini, shortest prompts first (3 if it is not set; 20 for the record), and
``HPCTC_WEIGHTS_TOKENS`` the number of new tokens (64).
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from hpctc.core.records import Prompt, Task
from hpctc.decode import STRATEGIES
from hpctc.flow import decoding
from hpctc.models.base import Sampling, ask, in_order
from hpctc.models.hf.chat import Hf, encoded, ends
from hpctc.models.hf.weights import load
from hpctc.prompt.extract import find

pytestmark = pytest.mark.weights

FOLDERS: list[Path | None] = [Path(p) for p in os.environ.get("HPCTC_WEIGHTS", "").split(":") if p]
TASKS = int(os.environ.get("HPCTC_WEIGHTS_TASKS", "3"))
TOKENS = int(os.environ.get("HPCTC_WEIGHTS_TOKENS", "64"))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """All threads here: the folder's one is for short vectors."""


@pytest.fixture(params=FOLDERS or [None], ids=lambda p: p.name if p else "none")
def folder(request: pytest.FixtureRequest) -> Path:
    if request.param is None:
        pytest.skip("HPCTC_WEIGHTS names no folder with model weights")
    place: Path = request.param
    if not (place / "config.json").is_file():
        pytest.skip(f"HPCTC_WEIGHTS: {place} has no config.json")
    return place


@cache
def kernels(folder: Path) -> list[tuple[Prompt, Task]]:
    tokenizer = load(str(folder), "float32", "cpu").tokenizer
    asked = decoding.chosen("mini", ())
    return sorted(asked, key=lambda pair: len(encoded(tokenizer, pair[0])))[:TASKS]


@cache
def generated(folder: Path, number: int) -> str:
    """What transformers says, greedy."""
    made = load(str(folder), "float32", "cpu")
    ids = torch.tensor([encoded(made.tokenizer, kernels(folder)[number][0])])
    out = made.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=TOKENS, do_sample=False,
        eos_token_id=sorted(ends(made.model, made.tokenizer)), temperature=None, top_p=None,
        top_k=None, repetition_penalty=1.0, pad_token_id=0,
    )  # fmt: skip
    return str(made.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))


def answers(chat: Hf, count: int, sampling: Sampling, samples: int = 1) -> list[Any]:
    asked = kernels(Path(chat.path))[:count]
    tasks = {task.id: task for _, task in asked}
    questions = ask([p for p, _ in asked], samples)
    return in_order(questions, chat.answer(questions, tasks, sampling))


def spec(name: str) -> str:
    """A strategy as it is used: the last folder drafts."""
    return f"draft{{model='hf:{FOLDERS[-1]}',adapt=false,most=3}}" if name == "draft" else name


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_says_what_generate_says(folder: Path, name: str, batch: int) -> None:
    chat = Hf(path=str(folder), most_tokens=TOKENS, batch=batch)
    for number, answer in enumerate(answers(chat, TASKS, Sampling(strategy=spec(name)))):
        assert answer.text == generated(folder, number), kernels(folder)[number][1].name


@pytest.mark.parametrize("name", ["autoregressive", "cascade"])
def test_an_answer_in_the_grammar_can_be_extracted(folder: Path, name: str) -> None:
    chat = Hf(path=str(folder), most_tokens=max(TOKENS, 400), grammar=True)
    ended = 0
    for (_, task), answer in zip(
        kernels(folder), answers(chat, TASKS, Sampling(strategy=name)), strict=False
    ):
        assert answer.text.startswith("```c\n")
        if not answer.reason:  # an answer that is cut off may lack its fence
            ended += 1
            assert find(answer.text, task.pair.entry)[0] is not None, answer.text
    if not ended:
        pytest.skip("no answer came to its end; set HPCTC_WEIGHTS_TOKENS higher")


def test_samples_come_again_by_seed_whoever_drafts(folder: Path) -> None:
    chat = Hf(path=str(folder), most_tokens=TOKENS)
    texts = [
        [
            a.text
            for a in answers(
                chat, 1, Sampling(temperature=0.8, seed=seed, strategy=strategy), samples=2
            )
        ]
        for seed, strategy in ((5, "autoregressive"), (5, "cascade"), (5, "cascade"), (6, ""))
    ]
    assert texts[0] == texts[1] == texts[2]
    assert texts[3][0] == texts[0][1]  # sample n is drawn with seed + n
    assert texts[0][0] != texts[0][1]
