"""Plays one scenario against Supervisor and against Vigil and compares what an observer sees.

`Installation` says where a daemon and its client are, `Stage` is one daemon with one client in a
directory of its own and writes down what it saw, `Playbill` plays a scenario on several stages at once
and compares the transcripts. Everything that may differ from run to run (pids, times, paths) is turned
into a token by `normalise` before it is written down.
"""
