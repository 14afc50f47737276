"""Following the animal from frame to frame."""

from csds.tracking.track import Task, Track, track_recording

__all__ = ["Task", "Track", "track_recording"]
