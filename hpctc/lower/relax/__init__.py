"""Graph -> relax -> fused TIR: what both sides of a pair are made from.

Every operator is tensor expressions (the tables of this package); relax joins them, infers their
types a second time, and fuses. No body calls a packed function.
"""

from hpctc.lower.relax.planning import plan

__all__ = ["plan"]
