"""The regression gate: is a run faster than another, slower, or can nobody tell?

In come two run folders (:mod:`~hpctc.regress.compare`), or rounds in which the candidates of both
were called beside each other (:mod:`~hpctc.regress.live`, played by :mod:`hpctc.flow.rematch`); out
goes an answer a task and one for the whole, for people and for machines
(:mod:`~hpctc.regress.page`). What is measured are starts of processes: by which clock stands in
:mod:`~hpctc.regress.clocks`, where they lie in :mod:`~hpctc.regress.location`, and the rules by
which an interval becomes an answer in :mod:`~hpctc.regress.judge`.
"""
