"""csds: from social-interaction-test video to phenotype and statistics.

The functions of ``__all__ = [
    "CsdsError",
    "TrackOptions",
    "load_protocol",
    "read_study",
    "score_animals",
    "simulate_cohort",
    "simulate_recording",
    "track_study",
]

# Where each public name is at home. Looking a name up imports its room, and with it numpy or OpenCV,
# which `import csds` alone must not.
_HOMES = {
    "CsdsError": "csds.errors",
    "TrackOptions": "csds.batch",
    "load_protocol": "csds.protocol",
    "read_study": "csds.study",
    "score_animals": "csds.behaviour.score",
    "simulate_cohort": "csds.simulate.cohort",
    "simulate_recording": "csds.simulate.recording",
    "track_study": "csds.batch",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'csds' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
