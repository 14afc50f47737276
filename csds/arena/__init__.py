"""Where the floor lies in the picture: arena files, checked against protocol and video."""

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

__all__ = [
    "EXAMPLE_MARK",
    "arena_path",
    "arena_text",
    "check_corners",
    "check_frame_size",
    "choose_arena",
    "find_arena_file",
    "read_arenas",
    "require_arena_file",
    "write_arenas",
]
