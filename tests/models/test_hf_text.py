"""Every token of an answer has its characters, also where a character has several tokens."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from hpctc.decode.base import Kind
from hpctc.models.hf.text import kind_of, kinds, spans


def bytewise() -> Any:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<end>": 0, **{c: i + 1 for i, c in enumerate(alphabet)}}
    tokenizer: Any = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")


BYTES = bytewise()


def runs(count: int, cuts: list[int]) -> list[tuple[str, int]]:
    ends = sorted({min(c, count) for c in cuts} | {0, count})
    return [(f"run {i}", b - a) for i, (a, b) in enumerate(pairwise(ends))]


@given(text=st.text(max_size=30), cuts=st.lists(st.integers(0, 60), max_size=8))
def test_runs_cover_the_text_and_none_ends_inside_a_character(text: str, cuts: list[int]) -> None:
    tokens = BYTES(text)["input_ids"]
    asked = runs(len(tokens), cuts)
    made = spans(BYTES, tokens, asked)
    assert [(s, n) for s, n, _ in made] == asked
    assert sum(c for _, _, c in made) == len(BYTES.decode(tokens))
    end = place = 0
    for _, count, characters in made:
        end, place = end + count, place + characters
        whole = len(text.encode()[:end].decode(errors="ignore"))
        assert place <= whole  # nothing is counted that is not there yet
        if characters and "\N{REPLACEMENT CHARACTER}" not in text:
            assert place == whole


@pytest.mark.parametrize(
    ("text", "cuts", "characters"),
    [("float x;", [5, 6], [5, 1, 2]), ("aé b", [2], [1, 3]), ("é", [1], [0, 1]), ("", [], [])],
)
def test_a_character_belongs_to_the_run_that_completes_it(
    text: str, cuts: list[int], characters: list[int]
) -> None:
    tokens = BYTES(text)["input_ids"]
    assert [c for _, _, c in spans(BYTES, tokens, runs(len(tokens), cuts))] == characters


def test_bytes_that_never_become_a_character_are_counted_at_the_end() -> None:
    tokens = BYTES("aé")["input_ids"][:-1]
    made = spans(BYTES, tokens, [("a", 1), ("", 1)])
    assert made == (("a", 1, 1), ("", 1, 1))
    assert len(BYTES.decode(tokens)) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (" i", Kind.NAME), ("_size", Kind.REST), ("7", Kind.DIGIT), (" 16", Kind.DIGIT),
        (" for", Kind.ITSELF), ("(", Kind.ITSELF), ("\n    ", Kind.ITSELF), ("", Kind.ITSELF),
        ("[i", Kind.ITSELF), ("restrict", Kind.ITSELF), (" x2", Kind.NAME),
    ],
)  # fmt: skip
def test_a_token_is_of_a_kind(text: str, kind: Kind) -> None:
    assert kind_of(text) is kind


def test_kinds_are_asked_of_the_tokenizer() -> None:
    kind = kinds(BYTES)
    assert [kind(t) for t in BYTES("a4+")["input_ids"]] == [Kind.REST, Kind.DIGIT, Kind.ITSELF]
    assert kinds(BYTES) is kind
