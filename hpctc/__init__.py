"""hpctc: operator graphs to checked CUDA/C pairs, and honest scores for whoever translates them.

The road, in the order of the packages: ``graph`` -> ``rewrite`` -> ``lower`` -> ``dataset`` ->
``prompt`` -> ``models`` -> ``evaluate`` -> ``score`` -> ``report``; ``flow`` joins them and ``cli``
gives each stage a command.
"""

__version__ = "0.1.0"
