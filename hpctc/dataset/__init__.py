"""Pairs on disk: checked, appended to JSONL, released as parquet with a manifest and a card.

Comes in: unchecked pairs from :mod:`hpctc.lower`. Goes out: checked pairs
(:mod:`~hpctc.dataset.check`, :mod:`~hpctc.dataset.device`, :mod:`~hpctc.dataset.admission`), the
growing folder that they are appended to (:mod:`~hpctc.dataset.folder`), releases
(:mod:`~hpctc.dataset.release`), suites (:mod:`~hpctc.dataset.suite`), and the published layout of
HPCTransEval (:mod:`~hpctc.dataset.hpctranseval`). :mod:`~hpctc.dataset.read` takes them all back.
"""
