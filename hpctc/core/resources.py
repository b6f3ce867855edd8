"""Where the grammars, templates, suites and the sample dataset lie: in a checkout or in a wheel."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta

KINDS = ("grammars", "templates", "evals", "datasets")


@cache
def root(kind: str) -> Path:
    """The folder of one of :data:`KINDS`: at the checkout's top, or in the installed package."""
    if kind not in KINDS:
        raise ValueError(f"no resource kind {kind!r}; there are {KINDS}")
    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / kind).is_dir():
        return checkout / kind
    return Path(str(files("hpctc"))) / "_data" / kind


@cache
def templates() -> Environment:
    """The jinja2 environment over ``templates/``: strict, keeps newlines, escapes HTML only."""
    return Environment(
        loader=FileSystemLoader(root("templates")),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=lambda name: bool(name and ".html" in name),
    )


def render(template: str, **values: object) -> str:
    """Fill ``templates/<template>``; a name that the template uses and nobody gave is an error."""
    return templates().get_template(template).render(**values)


def sources(template: str) -> Iterator[str]:
    """The text of ``templates/<template>``, then those of the templates that it names."""
    environment = templates()
    assert environment.loader is not None
    source = environment.loader.get_source(environment, template)[0]
    yield source
    for name in meta.find_referenced_templates(environment.parse(source)):
        assert name is not None, f"{template} names a template that only its values know"
        yield from sources(name)
