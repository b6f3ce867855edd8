"""Every example mistake is answered in the words of ``grammars/graph.mistakes.toml``."""

import tomllib
from typing import Any

import pytest

from hpctc.core.resources import root
from hpctc.graph.errors import GraphTextError
from hpctc.graph.text import parse_many

TABLE = tomllib.loads((root("grammars") / "graph.mistakes.toml").read_text())
SYNTAX = [(row, example) for row in TABLE["syntax"] for example in row["examples"]]


def mistake(text: str) -> GraphTextError:
    with pytest.raises(GraphTextError) as caught:
        parse_many(text, "wrong.graph")
    return caught.value


@pytest.mark.parametrize(("row", "example"), SYNTAX, ids=[repr(e) for _, e in SYNTAX])
def test_a_text_that_cannot_be_read_is_answered_as_the_table_says(
    row: dict[str, Any], example: str
) -> None:
    problem = mistake(example)
    assert (problem.what, problem.hint) == (row["say"], row["hint"])


@pytest.mark.parametrize("row", TABLE["meaning"], ids=lambda row: row["say"][:50])
def test_a_text_that_is_not_legal_is_answered_at_its_place(row: dict[str, Any]) -> None:
    problem = mistake(row["text"])
    assert problem.what == row["say"]
    assert problem.hint.startswith(row["hint"])
    assert f"{problem.where.line}:{problem.where.column}" == row["at"]
    lines = problem.message.splitlines()
    assert lines[0].startswith(f"wrong.graph:{row['at']}: ")
    # The caret stands under the fault of the line that is shown.
    fault = row["text"].splitlines()[problem.where.line - 1][problem.where.column - 1 :]
    assert lines[1][lines[2].index("^") :] == fault
