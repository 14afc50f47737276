"""Many sessions: tracking a study, its results folder and its tables."""

from csds.batch.options import Failure, RunResult, TrackOptions
from csds.batch.run import track_study

__all__ = ["Failure", "RunResult", "TrackOptions", "track_study"]
