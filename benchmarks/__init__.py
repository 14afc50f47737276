"""How exact and how fast csds is, measured: ``python -m benchmarks.accuracy`` and ``benchmarks.speed``."""
