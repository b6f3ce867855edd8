"""Operator graphs: immutable, typed, with a text form, a float64 meaning and a domain.

Comes in: text (``grammars/graph.lark``) or :class:`~hpctc.graph.build.Builder` calls.
Goes out: :class:`~hpctc.graph.ir.Graph`, the language in which the rest of hpctc says *what* is
computed. Nothing here knows TVM; :mod:`hpctc.lower` does.
"""
