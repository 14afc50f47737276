"""From a track to zone times, entries, distance, scores and phenotypes.

`timing` how long each frame counts; `zones`, `visits`, `motion` the metrics; `session` and `bins` one
session's numbers; `ratios` and `rules` (with `mixture`) scores and classification; `score` the table of
animals; `archived` tables that other programs and laboratories left.
"""
