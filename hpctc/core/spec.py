"""Options as text: ``name{field=value,other='two words'}`` and back (after xdsl's pass options).

Whatever has options (a model, a rewrite, a compiler, an effort) is a frozen dataclass that derives
from :class:`Spec`; its fields are its options. The text stands in the records, so what ran can be
run again from them.
"""

import ast
import dataclasses
import difflib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Self, TypeVar

from hpctc.core.codec import CodecError, decode, encode
from hpctc.core.errors import UsageError


@dataclass(frozen=True)
class Spec:
    """A named thing with options; ``str(spec)`` is the text that :func:`parse` reads back."""

    name: ClassVar[str]

    def __str__(self) -> str:
        options = [
            f"{f.name}={_quote(encode(getattr(self, f.name)))}"
            for f in dataclasses.fields(self)
            if getattr(self, f.name) != f.default
        ]
        return self.name + (f"{{{','.join(options)}}}" if options else "")

    @classmethod
    def from_options(cls, options: Mapping[str, object]) -> Self:
        """Build it from parsed options; an unknown or ill-typed one is a :class:`UsageError`."""
        fields = {f.name: f for f in dataclasses.fields(cls)}
        hints = typing.get_type_hints(cls)
        for name in options:
            if name not in fields:
                has = f"it has {', '.join(fields)}" if fields else "it has no options"
                near = difflib.get_close_matches(name, fields, 1)
                raise UsageError(
                    f"{cls.name} has no option {name!r}; {has}",
                    f"did you mean {near[0]!r}?" if near else "",
                )
        given: dict[str, Any] = {}
        for name, value in options.items():
            try:
                given[name] = decode(hints[name], value, f"{cls.name} option {name}")
            except CodecError as problem:
                raise UsageError(str(problem)) from None
        missing = [
            n for n, f in fields.items() if n not in given and f.default is dataclasses.MISSING
        ]
        if missing:
            raise UsageError(
                f"{cls.name} needs option {missing[0]!r}",
                f"write {cls.name}{{{missing[0]}=...}}",
            )
        return cls(**given)


S = TypeVar("S", bound=Spec)


def parse(text: str) -> tuple[str, dict[str, object]]:
    """Split ``name{field=value,...}`` into the name and its options."""
    text = text.strip()
    if "{" not in text:
        return text, {}
    name, _, rest = text.partition("{")
    if not rest.endswith("}"):
        raise UsageError(f"{text!r} lacks its closing '}}'", "write name{field=value,...}")
    options: dict[str, object] = {}
    for part in _split(rest[:-1]):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"{part!r} in {text!r} is not field=value", "write name{field=value}")
        options[key.strip()] = _value(value.strip())
    return name.strip(), options


def load(table: Mapping[str, str], text: str, family: str, base: type[S]) -> S:
    """Read ``text`` and build the member of ``table`` (name -> ``module:Class``) that it names."""
    name, options = parse(text)
    if name not in table:
        near = difflib.get_close_matches(name, table, 1)
        raise UsageError(
            f"there is no {family} {name!r}; there are {', '.join(sorted(table))}",
            f"did you mean {near[0]!r}?" if near else "",
        )
    module, _, attribute = table[name].partition(":")
    kind = getattr(import_module(module), attribute)
    if not issubclass(kind, base):
        raise TypeError(f"{table[name]} is no {base.__name__}")
    built: S = kind.from_options(options)
    return built


def _split(text: str) -> list[str]:
    parts, depth, quote, start = [], 0, "", 0
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "{[(":
            depth += 1
        elif c in "}])":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [p for p in [*parts, text[start:]] if p.strip()]


def _value(text: str) -> object:
    low = {"true": True, "false": False, "none": None}
    if text in low:
        return low[text]
    if text[:1] + text[-1:] in ("[]", "()"):
        return [_value(part.strip()) for part in _split(text[1:-1])]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _quote(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, str):
        plain = not set(value) & set("{}[](),='\" ") and _value(value.strip()) == value != ""
        return value if plain else repr(value)
    return repr(value).replace(" ", "")
