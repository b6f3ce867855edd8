"""A release's metadata as Croissant 1.0 (MLCommons, 2024): JSON-LD that dataset tools read.

It names every parquet file with its SHA-256 and describes the columns that hold one value; those
that hold structures (launches, tensors, checks, provenance) are in the files, and the card says
what is in them.
"""

from typing import Any

import pyarrow as pa

from hpctc.dataset import parquet
from hpctc.dataset.fields import FIELDS
from hpctc.dataset.manifest import File, Manifest

CROISSANT = "croissant.json"

SPEC = "http://mlcommons.org/croissant/1.0"

_OF_CROISSANT = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty"),
    *("fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
    *("path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform"),
)
"""Terms that the specification gives a short name, all in its own vocabulary."""

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{term: f"cr:{term}" for term in _OF_CROISSANT},
}

_TYPES = {pa.string(): "sc:Text", pa.int64(): "sc:Integer", pa.float64(): "sc:Float"}


def croissant(manifest: Manifest, description: str) -> dict[str, Any]:
    """The JSON-LD of a release; ``url`` and file paths are relative to its folder."""
    data = [file for file in manifest.files if file.split is not None]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": SPEC,
        "name": manifest.name,
        "version": manifest.version,
        "description": description,
        "datePublished": manifest.date,
        "license": f"https://spdx.org/licenses/{_SPDX[manifest.license]}.html",
        "url": "https://github.com/hpctc/hpctc",
        "creator": {"@type": "sc:Organization", "name": "hpctc"},
        "citeAs": f"{manifest.name} {manifest.version}, made by hpctc",
        "keywords": ["CUDA", "C", "OpenMP", "transpilation", "code generation", "HPC"],
        "isLiveDataset": False,
        "distribution": [_file(file) for file in data],
        "recordSet": [_records(file, manifest) for file in data],
    }


_SPDX = {"apache-2.0": "Apache-2.0"}
"""The hub's word for a licence -> SPDX's."""


def _file(file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path.rpartition("/")[2],
        "description": f"The pairs of the split {file.split}.",
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }


def _records(file: File, manifest: Manifest) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": file.split,
        "name": file.split,
        "description": f"{file.pairs} of {manifest.pairs} pairs of a CUDA and a C source.",
        "key": {"@id": f"{file.split}/id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{file.split}/{column.name}",
                "name": column.name,
                "description": FIELDS[column.name],
                "dataType": _TYPES[column.type],
                "source": {
                    "fileObject": {"@id": file.path},
                    "extract": {"column": column.name},
                },
            }
            for column in parquet.RELEASED
            if column.type in _TYPES
        ],
    }
