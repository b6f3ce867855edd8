"""Other people's models as operator graphs: torch modules and ONNX files.

Comes in: a Python file that holds a torch module (KernelBench's convention of ``Model``,
``get_inputs`` and ``get_init_inputs`` included), or an ONNX file.
Goes out: an :class:`~hpctc.importers.imported.Imported`: a legal
:class:`~hpctc.graph.ir.Graph` that was compared with what the original computes. Parameters become
inputs of the graph: their shapes are kept, their values are not.

One emitter an operator of theirs says it in ours (``aten/`` and ``onnx/``); all of them write
through a :class:`~hpctc.importers.scribe.Scribe`, which knows what to do with constants.
"""
