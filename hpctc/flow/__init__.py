"""The stages joined: the page to read first.

The road, and who walks it::

    operator graph                            hpctc.graph, widened by hpctc.rewrite
      -> tuned CUDA + C pair                  hpctc.lower
      -> dataset, suites of tasks             hpctc.dataset       flow.generation joins up to here
      -> prompt                               hpctc.prompt
      -> answer of a model                    hpctc.models
      -> candidate, build, verdict, timing    hpctc.evaluate, in hpctc.sandbox
      -> score                                hpctc.score         flow.evaluation joins up to here
      -> the regression gate                  hpctc.regress       flow.rematch plays its rounds
      -> tables, a page                       hpctc.report

Every arrow is a file of records (:mod:`hpctc.core.records`): a stage reads the file before it and
writes its own, so each can be run again alone, and an interrupted one goes on where it stopped.
Beside the road, flow.auditing looks for what is wrong with records that lie on it, flow.decoding
lets decoding strategies race on a suite's prompts, and flow.translate takes one kernel of a user's
file from a prompt to a verdict. After a verdict, flow.stages may go back to the prompt: a repair.
"""
