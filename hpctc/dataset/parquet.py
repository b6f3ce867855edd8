"""Pairs as parquet rows and back, without loss.

The columns are the fields of :class:`~hpctc.core.records.Pair`. Two things that JSON has and a
typed column has not are written differently: a launch argument is text (a buffer's name, or a
number as JSON writes it; a name never begins with a digit), a mapping is a list of its entries.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hpctc.core.codec import CodecError, decode, encode
from hpctc.core.errors import CorruptRecord, HpctcError
from hpctc.core.records import Pair
from hpctc.dataset.kin import Kin

_TENSOR = pa.struct(
    [
        ("name", pa.string()),
        ("shape", pa.list_(pa.int64())),
        ("dtype", pa.string()),
        ("domain", pa.list_(pa.float64())),
    ]
)
_LAUNCH = pa.struct(
    [
        ("kernel", pa.string()),
        ("grid", pa.list_(pa.int64())),
        ("block", pa.list_(pa.int64())),
        ("shared_bytes", pa.int64()),
        ("args", pa.list_(pa.string())),
    ]
)
_CHECK = pa.struct(
    [
        ("what", pa.string()),
        ("seeds", pa.list_(pa.int64())),
        ("max_error", pa.float64()),
        ("tolerance", pa.float64()),
        ("detail", pa.string()),
    ]
)
_ENTRIES = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))
_PROVENANCE = pa.struct(
    [
        ("source", pa.string()),
        ("seed", pa.int64()),
        ("parents", pa.list_(pa.string())),
        ("rewrites", pa.list_(pa.string())),
        ("effort", pa.string()),
        ("variant", pa.string()),
        ("schedules", _ENTRIES),
        ("tools", _ENTRIES),
    ]
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("name", pa.string()),
        ("category", pa.string()),
        ("graph", pa.string()),
        ("c_code", pa.string()),
        ("cuda_code", pa.string()),
        ("entry", pa.string()),
        ("launches", pa.list_(_LAUNCH)),
        ("inputs", pa.list_(_TENSOR)),
        ("outputs", pa.list_(_TENSOR)),
        ("intermediates", pa.list_(_TENSOR)),
        ("flops", pa.int64()),
        ("bytes", pa.int64()),
        ("checks", pa.list_(_CHECK)),
        ("provenance", _PROVENANCE),
    ]
)
"""One column a field of :class:`~hpctc.core.records.Pair`, in its order."""

RELEASED = pa.schema(
    [
        *SCHEMA,
        ("family", pa.string()),
        ("cluster", pa.string()),
        ("nearest", pa.string()),
        ("nearest_likeness", pa.float64()),
        ("train_likeness", pa.float64()),
    ]
)
"""The columns of a release: after the pair's own those of :class:`~hpctc.dataset.kin.Kin`."""

_ADDED = frozenset(RELEASED.names) - frozenset(SCHEMA.names)


def to_row(pair: Pair, kin: Kin | None = None) -> dict[str, Any]:
    """The pair as the plain values of one row; also a JSON object that any loader can type."""
    row: dict[str, Any] = encode(pair)
    for launch in row["launches"]:
        launch["args"] = [a if isinstance(a, str) else json.dumps(a) for a in launch["args"]]
    for name in ("schedules", "tools"):
        entries = row["provenance"][name].items()
        row["provenance"][name] = [{"key": k, "value": v} for k, v in entries]
    own = {name: row[name] for name in SCHEMA.names}
    return own | encode(kin) if kin is not None else own


def from_row(row: Mapping[str, Any]) -> Pair:
    """The pair of a row, what a release adds to it aside.

    Raises:
        CodecError: It names the field that is wrong.
    """
    value = {name: row[name] for name in row if name not in _ADDED}
    try:
        value["launches"] = [
            {**launch, "args": [_argument(a) for a in launch["args"]]} for launch in row["launches"]
        ]
        value["provenance"] = dict(row["provenance"])
        for name in ("schedules", "tools"):
            entries = row["provenance"][name]
            value["provenance"][name] = {e["key"]: e["value"] for e in entries}
    except (KeyError, TypeError, ValueError) as problem:
        raise CodecError(f"not a row of a pair: {problem!r}") from None
    return decode(Pair, value)


def write(path: Path, pairs: Iterable[tuple[Pair, Kin]]) -> None:
    """Write one file; the same pairs give the same bytes under one version of pyarrow."""
    table = pa.Table.from_pylist([to_row(p, kin) for p, kin in pairs], schema=RELEASED)
    draft = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, draft, compression="zstd", compression_level=15)
        draft.replace(path)
    except OSError as problem:
        raise HpctcError(f"cannot write {path}: {problem.strerror or problem}") from None


def read(path: Path) -> Iterator[Pair]:
    """The pairs of one file, in order."""
    try:
        rows = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowInvalid) as problem:
        raise CorruptRecord(
            f"{path} is not a parquet file that can be read: {problem}",
            "fetch or release it again",
        ) from None
    for number, row in enumerate(rows):
        try:
            yield from_row(row)
        except CodecError as problem:
            raise CorruptRecord(f"{path}, row {number}: {problem}") from None


def _argument(text: str) -> str | int | float:
    if text[:1].isalpha() or text[:1] == "_":
        return text
    value: int | float = json.loads(text)
    return value
