"""Where the floor lies in the picture: arena files, checked against protocol and video, and cameras that moved."""

from csds.arena.files import (
    CONFIDENCE,
    arena_path,
    arena_text,
    check_corners,
    check_frame_size,
    choose_arena,
    find_arena_file,
    read_arenas,
    write_arenas,
)
from csds.arena.register import Motion, move_arena, register

__all__ = [
    "CONFIDENCE",
    "Motion",
    "arena_path",
    "arena_text",
    "check_corners",
    "check_frame_size",
    "choose_arena",
    "find_arena_file",
    "move_arena",
    "read_arenas",
    "register",
    "write_arenas",
]
