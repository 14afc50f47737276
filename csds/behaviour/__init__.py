"""From a track to zone times, entries, distance, scores and phenotypes.

`timing` how long each frame counts; `zones`, `visits`, `motion` the metrics; `session` and `bins` one
session's numbers; `uncertainty` (with `gaps`) and `sensitivity` how far errors and choices reach; `ratios` and
`rules` (with `criteria` and `mixture`) scores and classification; `certainty` of both; `score` the table of animals;
`archived` tables that other programs and laboratories left.
"""
