"""Following the animal from frame to frame."""

from csds.tracking.observe import Observations, Task, observe_recording
from csds.tracking.track import Track, assemble_track

__all__ = ["Observations", "Task", "Track", "assemble_track", "observe_recording"]
