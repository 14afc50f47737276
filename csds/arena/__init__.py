"""Where the floor lies in the picture: arena files, checked against protocol and video, and cameras that moved."""

from csds.arena.files import (
    EXAMPLE_MARK,
    arena_path,
    arena_text,
    check_corners,
    check_frame_size,
    choose_arena,
    find_arena_file,
    read_arenas,
    require_arena_file,
    write_arenas,
)
from csds.arena.register import Motion, move_arena, register

__all__ = [
    "EXAMPLE_MARK",
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
    "require_arena_file",
    "write_arenas",
]
