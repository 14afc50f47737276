"""What was asked: arena, enclosure, zones, phases, score and rule, read from commented TOML files."""

from csds.protocol.describe import describe_protocol, new_protocol, protocol_text
from csds.protocol.load import find_protocol, load_protocol, protocol_names
from csds.protocol.zones import enclosure_shape, resolve_zones

__all__ = [
    "describe_protocol",
    "enclosure_shape",
    "find_protocol",
    "load_protocol",
    "new_protocol",
    "protocol_names",
    "protocol_text",
    "resolve_zones",
]
