"""What this host can do at best: arithmetic and bandwidth, measured once and kept.

Comes in: the host. Goes out: a :class:`~hpctc.calibrate.roof.Calibration`, the roofline of
Williams, Waterman and Patterson (2009) with a roof for every cache level. From it follow the least
time that a pair can take and the share of it that a kernel reaches.

:mod:`~hpctc.calibrate.measure` measures with a small C program (``roofline.c``),
:mod:`~hpctc.calibrate.store` keeps the result in the user's cache, one file a host.
"""
