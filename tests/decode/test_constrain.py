"""The grammar of answers: it lets our C pass, keeps to C, and ends with the fence."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from hpctc.core import suite
from hpctc.core.errors import HpctcError
from hpctc.decode.base import Draft
from hpctc.decode.constrain import Grammar, compiled, tokens
from hpctc.decode.verify import Sampled, verify
from hpctc.native.call import prototype
from hpctc.prompt.extract import find

END = 0


def bytewise() -> Any:
    """A tokenizer whose tokens are bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<end>": END, **{c: i + 1 for i, c in enumerate(alphabet)}}
    tokenizer: Any = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")


TOKENIZER = bytewise()
VOCAB = len(TOKENIZER)
ENTRY = "void scale(const float *restrict x, float *restrict y)"


def grammar(entry: str = ENTRY) -> Grammar:
    return Grammar(tokens(TOKENIZER, frozenset({END})), VOCAB, compiled(entry))


def ids(text: str) -> list[int]:
    return TOKENIZER(text)["input_ids"]  # type: ignore[no-any-return]


def accepted(text: str, entry: str = ENTRY) -> int:
    """How many bytes the grammar follows; all and the end: one more."""
    walk = grammar(entry)
    for number, token in enumerate([*ids(text), END]):
        if not walk.allowed()[token]:
            return number
        walk.advance(token)
    return len(ids(text)) + 1


def test_the_c_of_the_sample_suite_passes() -> None:
    for task in suite.load("mini").tasks[::5]:
        pair = task.pair
        entry = prototype(pair.entry, pair.inputs, pair.outputs)
        start = pair.c_code.index(f"void {pair.entry}(")
        body = pair.c_code.index("{", start)
        text = f"```c\n{pair.c_code[:start]}{entry} {pair.c_code[body:].rstrip()}\n```"
        assert accepted(text, entry) == len(ids(text)) + 1, pair.name


BODY = "```c\n" + ENTRY + " {\n  for (int i = 0; i < 4; ++i) y[i] = 2.0f * x[i];\n}\n```"


@pytest.mark.parametrize(
    ("before", "after", "at"),
    [
        ("", "", ""),
        ("2.0f *", "(float)(2) /* twice */ *", ""),
        ("i < 4", "i < (int)sizeof(x) / 4 ? 3 : 4", ""),
        ("```c\n", "```c\n#include <math.h>\n#define N 4\nstatic float f(float a);\n", ""),
        ("```c\n", "Here is the code:\n", "H"),
        ("void scale", "void scalf", "f"),
        ("*restrict y", "*y", "y"),
        ("++i", "++", ")"),
        ("2.0f * x", "2.0f ** + x", ""),
        ("x[i];\n", "x[i]\n", "}"),
        ("for (", "for for (", "f"),
        ("\n```", "\n``` That was it.", " "),
    ],
)
def test_c_passes_and_what_is_none_is_stopped_where_it_stops_being_c(
    before: str, after: str, at: str
) -> None:
    text = BODY.replace(before, after) if before else BODY
    count = accepted(text)
    if not at:
        assert count == len(ids(text)) + 1, text[count:]
    else:
        assert count < len(ids(text))
        assert text[count] == at, text[count:]


@given(seed=st.integers(0, 1000), noise=st.floats(0, 60))
@settings(max_examples=20, deadline=None)
def test_a_noisy_model_that_ends_has_said_what_can_be_extracted(seed: int, noise: float) -> None:
    walk = grammar()
    made: list[int] = []
    random = torch.Generator().manual_seed(seed)
    lead = ids(BODY)
    for _ in range(400):
        row = noise * torch.rand(1, VOCAB, generator=random)
        row[0, ids("/")[0]] = row[0, ids('"')[0]] = -99  # what they open swallows all the rest
        wanted = [lead[len(made)] if len(made) < len(lead) else END, *ids("});`\n"), END]
        for place, token in enumerate(wanted):
            row[0, token] += 80 - 10 * place
        token = verify(row, Draft(), Sampled(0.5, seed + len(made)), walk, frozenset({END})).bonus
        if token == END:
            assert find(TOKENIZER.decode(made), "scale")[0] is not None, TOKENIZER.decode(made)
            return
        made.append(token)
    assert noise > 0, "a quiet model ends"


def test_leaving_the_grammar_is_told() -> None:
    walk = grammar()
    with pytest.raises(HpctcError, match="leaves the grammar"):
        walk.advance(ids("Z")[0])


def test_a_model_may_have_more_logits_than_tokens() -> None:
    wide = Grammar(tokens(TOKENIZER, frozenset({END})), VOCAB + 40, compiled(ENTRY))
    assert wide.allowed().shape == (VOCAB + 40,)
    assert not wide.allowed()[VOCAB:].any()
