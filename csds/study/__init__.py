"""What was recorded: sheets, folders and pairs of files, read into a study and checked row by row."""

from csds.study.faults import Fault, errors_among
from csds.study.files import study_from_files
from csds.study.named import study_from_folder
from csds.study.session_ids import safe_name, session_ids
from csds.study.sheet import check_sheet, load_study, named_protocol, read_settings, read_study

__all__ = [
    "Fault",
    "check_sheet",
    "errors_among",
    "load_study",
    "named_protocol",
    "read_settings",
    "read_study",
    "safe_name",
    "session_ids",
    "study_from_files",
    "study_from_folder",
]
