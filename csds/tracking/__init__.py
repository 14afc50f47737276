"""Following the animal from frame to frame."""

from csds.tracking.observe import Observations, Task, observe_recording
from csds.tracking.steady import CameraShift, shift_of
from csds.tracking.track import Track, assemble_track

__all__ = ["CameraShift", "Observations", "Task", "Track", "assemble_track", "observe_recording", "shift_of"]
