"""The published layout of HPCTransEval (2025): read its files, write pairs in it.

One JSON list a group; a row has ``op_name``, ``op_args``, ``c_code``, ``cuda_code``, ``ir_code``,
``input_shape``, ``output_shape`` and sometimes ``input_name`` and ``output_name``. Kernels run in
the order of their numeric suffix, the C function takes its buffers in alphabetical order, and no
row carries a launch configuration: a :class:`Published` record therefore is no
:class:`~hpctc.core.records.Pair`, and is kept exactly as it was found.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from hpctc.core.codec import CodecError, decode, encode
from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.records import Pair, Record, Tensor
from hpctc.dataset.folder import SCHEMA
from hpctc.graph.text import parse
from hpctc.native.call import C_TYPES, prototype

Group = Literal["IndependentOperator", "ComputationGraph", "ModelBuildingBlock"]

GROUPS: tuple[Group, ...] = get_args(Group)

PUBLISHED = "published.jsonl"
"""The file of imported records in a dataset folder."""

KERNEL = "default_function_kernel"
"""The name every published function has; further kernels are ``_1``, ``_2``, ..."""

_REQUIRED = ("op_name", "op_args", "c_code", "cuda_code", "ir_code", "input_shape", "output_shape")
_OPTIONAL = ("input_name", "output_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Record):
    """One imported row, nothing added: no graph of ours, no launches, nothing checked."""

    KEY: ClassVar[tuple[str, ...]] = ("group", "index", "op_name", "c_code", "cuda_code", "ir_code")
    schema: int = SCHEMA
    group: Group
    index: int
    """Position in its file, from 0."""
    op_name: str
    op_args: Any
    """As published: the text ``None``, a list of extents, or a list of operators."""
    c_code: str
    cuda_code: str
    ir_code: str
    input_shape: tuple[tuple[int, ...], ...]
    output_shape: tuple[tuple[int, ...], ...]
    input_name: tuple[str, ...] | None = None
    """None where the row has no such field."""
    output_name: tuple[str, ...] | None = None


def load(path: Path) -> list[Published]:
    """Read one group's file, or the files of all groups that lie in a folder."""
    if path.is_dir():
        files = [(g, path / f"{g}.json") for g in GROUPS if (path / f"{g}.json").is_file()]
        if not files:
            raise UsageError(
                f"{path} has no file of the published layout",
                f"it should hold {', '.join(f'{g}.json' for g in GROUPS)}",
            )
        return [record for group, file in files for record in load_file(file, group)]
    group = next((g for g in GROUPS if path.stem == g), None)
    if group is None:
        raise UsageError(
            f"{path.name} is not the name of a group's file",
            f"name it {', '.join(f'{g}.json' for g in GROUPS)}",
        )
    return load_file(path, group)


def load_file(path: Path, group: Group) -> list[Published]:
    """Read one file, whatever its name, as the records of a group."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise HpctcError(f"cannot read {path}: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        raise CorruptRecord(f"{path} is not JSON: {problem}") from None
    if not isinstance(rows, list):
        raise CorruptRecord(f"{path} is not a list of rows")
    return [_record(path, group, index, row) for index, row in enumerate(rows)]


def row_of(record: Published) -> dict[str, Any]:
    """The row as it was published; fields that it did not have are not there."""
    values = encode(record)
    row = {name: values[name] for name in _REQUIRED}
    row.update({name: values[name] for name in _OPTIONAL if values[name] is not None})
    return row


def row_of_pair(pair: Pair) -> dict[str, Any]:
    """A pair in the published layout; grids and blocks are lost, the layout has no place."""
    graph = parse(pair.graph)
    ops = [node.op for node in graph.nodes]
    return {
        "op_name": ops[0] if len(ops) == 1 else pair.name,
        "op_args": _arguments(graph.nodes[0].attrs) if len(ops) == 1 else [ops],
        "c_code": pair.c_code.rstrip("\n") + "\n\n" + _adapter(pair),
        "cuda_code": _numbered(pair),
        "ir_code": pair.graph,
        "input_shape": [list(t.shape) for t in pair.inputs],
        "output_shape": [list(t.shape) for t in pair.outputs],
        "input_name": [t.name for t in pair.inputs],
        "output_name": [t.name for t in pair.outputs],
    }


def group_of(pair: Pair) -> Group:
    """One operator, a written block of a model, or a graph that was grown or rewritten."""
    if len(parse(pair.graph).nodes) == 1:
        return "IndependentOperator"
    if pair.provenance.source.startswith("file ") and not pair.provenance.rewrites:
        return "ModelBuildingBlock"
    return "ComputationGraph"


def export(records: Iterable[Pair | Published], out: Path) -> Mapping[Group, int]:
    """Write one file a group to the folder ``out``; returns how many rows each got."""
    rows: dict[Group, list[dict[str, Any]]] = {group: [] for group in GROUPS}
    for record in records:
        if isinstance(record, Pair):
            rows[group_of(record)].append(row_of_pair(record))
        else:
            rows[record.group].append(row_of(record))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for group, found in rows.items():
            draft = out / f"{group}.json.part"
            draft.write_text(
                json.dumps(found, indent=4, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            draft.replace(out / f"{group}.json")
    except OSError as problem:
        raise HpctcError(f"cannot write {out}: {problem.strerror}") from None
    return {group: len(found) for group, found in rows.items()}


def _record(path: Path, group: Group, index: int, row: object) -> Published:
    try:
        if not isinstance(row, dict):
            raise CodecError("not an object")
        if unknown := sorted(set(row) - {*_REQUIRED, *_OPTIONAL}):
            raise CodecError(f"unknown field {unknown[0]!r}")
        draft = decode(Published, {"group": group, "index": index, **row})
    except CodecError as problem:
        raise CorruptRecord(f"{path}, row {index} is not of the published layout: {problem}") from (
            None
        )
    return draft.remade()


def _arguments(attrs: Sequence[tuple[str, Any]]) -> Any:
    """An operator's attributes as ``name=value`` texts; the word None where it has none."""
    return [f"{name}={json.dumps(value)}" for name, value in attrs] or "None"


def _numbered(pair: Pair) -> str:
    """The CUDA text with its kernels renamed to their published names, in the order of launch."""
    order = list(dict.fromkeys(launch.kernel for launch in pair.launches))
    names = {k: KERNEL if i == 0 else f"{KERNEL}_{i}" for i, k in enumerate(order)}
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"\b(?:{pattern})\b", lambda m: names[m.group()], pair.cuda_code)


def _adapter(pair: Pair) -> str:
    """A C function of the published name: the buffers in alphabetical order, handed on in ours."""
    tensors: list[Tensor] = [*pair.inputs, *pair.outputs]
    written = {t.name for t in pair.outputs}
    parameters = ", ".join(
        f"{'' if t.name in written else 'const '}{C_TYPES[t.dtype]} *{t.name}"
        for t in sorted(tensors, key=lambda t: t.name)
    )
    arguments = ", ".join(t.name for t in tensors)
    declared = prototype(pair.entry, pair.inputs, pair.outputs)
    return f"{declared};\n\nvoid {KERNEL}({parameters}) {{\n  {pair.entry}({arguments});\n}}\n"
