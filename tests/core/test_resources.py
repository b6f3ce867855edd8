"""Grammars and templates are found, and a template's missing value is an error."""

import pytest
from jinja2 import UndefinedError

from hpctc.core import resources


@pytest.mark.parametrize("kind", resources.KINDS)
def test_every_kind_of_resource_is_a_folder(kind: str) -> None:
    assert resources.root(kind).is_dir()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no resource kind"):
        resources.root("music")


def test_a_value_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        resources.templates().from_string("{{ missing }}").render()
