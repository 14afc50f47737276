"""Recordings as streams of luma frames with the stream's own time stamps."""

from csds.video.read import DecodingLog, Frame, Recording, VideoInfo, open_recording, probe
from csds.video.sample import sample_frames

__all__ = ["DecodingLog", "Frame", "Recording", "VideoInfo", "open_recording", "probe", "sample_frames"]
