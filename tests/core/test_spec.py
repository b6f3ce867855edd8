"""Options as text: what is written is read back, and a mistake is named."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.core.errors import UsageError
from hpctc.core.spec import Spec, parse


@dataclass(frozen=True)
class Lookahead(Spec):
    name: ClassVar[str] = "lookahead"
    window: int = 7
    ngram: int = 5
    rate: float = 0.5
    path: str | None = None
    exact: bool = True
    shape: tuple[int, ...] = ()


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="'\"\\"), max_size=12
)


@given(
    st.builds(
        Lookahead,
        window=st.integers(),
        rate=st.floats(allow_nan=False, allow_infinity=False),
        path=st.none() | texts,
        exact=st.booleans(),
        shape=st.lists(st.integers(0, 99), max_size=4).map(tuple),
    )
)
def test_a_spec_is_read_back_from_its_text(spec: Lookahead) -> None:
    name, options = parse(str(spec))
    assert name == "lookahead"
    assert Lookahead.from_options(options) == spec


def test_defaults_are_not_written() -> None:
    assert str(Lookahead()) == "lookahead"
    assert str(Lookahead(window=3, path="a b")) == "lookahead{window=3,path='a b'}"


def test_a_nested_spec_is_one_value() -> None:
    assert parse("draft{model=hf{path=x,dtype=f16},k=4}") == (
        "draft",
        {"model": "hf{path=x,dtype=f16}", "k": 4},
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"windw": 3}, "lookahead has no option 'windw'; it has window, ngram"),
        ({"window": "x"}, "option window should be int, not 'x'"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Lookahead.from_options(options)


@pytest.mark.parametrize("text", ["lookahead{window=3", "lookahead{window}", "lookahead{=3}"])
def test_a_malformed_text_says_what_to_write(text: str) -> None:
    with pytest.raises(UsageError, match="write name"):
        parse(text)
