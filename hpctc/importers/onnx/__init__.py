"""ONNX's operators said in ours: one emitter an operator of the default domain.

Importing this package fills :data:`hpctc.importers.onnx.base.EMITTERS`. The package ``onnx`` itself
is an extra and is imported by :mod:`hpctc.importers.onnx.model` alone.
"""

from hpctc.importers.onnx import (  # noqa: F401  imported for their emitters
    arithmetic,
    layers,
    layout,
)
from hpctc.importers.onnx.base import EMITTERS, Site

__all__ = ["EMITTERS", "Site"]
