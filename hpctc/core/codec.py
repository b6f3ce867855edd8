"""Frozen dataclasses to plain JSON values and back, strictly.

Unknown fields, missing fields and wrong types are errors that name the field, so that a damaged or
foreign record file is told apart from a good one at its first line.
"""

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


class CodecError(ValueError):
    """A JSON value does not fit the record type; the message names the path of fields."""


def encode(value: object) -> Any:
    """Turn a record (or a part of one) into JSON values; tuples become lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [encode(v) for v in value]
    return value


def decode(kind: type[T], value: object, where: str = "") -> T:
    """Build a ``kind`` from JSON values; :class:`CodecError` names the field that does not fit."""
    return cast(T, _decode(kind, value, where or kind.__name__))


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, NaN refused."""
    return json.dumps(encode(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_id(kind: str, value: object) -> str:
    """A 16-digit hexadecimal name for what a value is: the SHA-256 of kind and canonical JSON."""
    return hashlib.sha256(f"{kind}\n{canonical(value)}".encode()).hexdigest()[:16]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode(kind: Any, value: object, where: str) -> object:
    origin = typing.get_origin(kind)
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _decode_record(cast(type, kind), value, where)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(kind), value, where)
    if origin is tuple:
        return _decode_tuple(typing.get_args(kind), value, where)
    if origin is typing.Literal:
        if value not in typing.get_args(kind):
            raise CodecError(f"{where} is {value!r}; it may be one of {typing.get_args(kind)}")
        return value
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise CodecError(f"{where} should be an object, not {value!r:.60}")
        of = typing.get_args(kind)[1]
        return {k: _decode(of, v, f"{where}.{k}") for k, v in value.items()}
    return _decode_scalar(kind, value, where)


def _decode_scalar(kind: Any, value: object, where: str) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is type(None) and value is None:
        return None
    if type(value) is not kind:
        raise CodecError(f"{where} should be {kind.__name__}, not {value!r:.60}")
    return value


def _decode_tuple(args: tuple[Any, ...], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise CodecError(f"{where} should be a list, not {value!r:.60}")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_decode(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if len(args) != len(value):
        raise CodecError(f"{where} should have {len(args)} entries, not {len(value)}")
    return tuple(
        _decode(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(args, value, strict=True))
    )


def _decode_union(options: tuple[Any, ...], value: object, where: str) -> object:
    problems = []
    for option in options:
        try:
            return _decode(option, value, where)
        except CodecError as problem:
            problems.append(str(problem))
    raise CodecError(problems[0])


def _decode_record(kind: type, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise CodecError(f"{where} should be an object, not {value!r:.60}")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    if unknown := sorted(set(value) - set(fields)):
        raise CodecError(f"{where} has unknown field {unknown[0]!r}; it knows {', '.join(fields)}")
    hints = _hints(kind)
    given: dict[str, object] = {}
    for name, field in fields.items():
        if name in value:
            given[name] = _decode(hints[name], value[name], f"{where}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise CodecError(f"{where} lacks field {name!r}")
    return kind(**given)
