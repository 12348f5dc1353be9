"""The tracking map as plain data: its text, its problems, its differences, its map file."""

from trackadmin.document.changes import Change
from trackadmin.document.diff import Diff, diff
from trackadmin.document.mapfile import (
    FindModel,
    MapFile,
    examine,
    examine_dict,
    from_dict,
    read_map_file,
)
from trackadmin.document.names import why_not_a_name
from trackadmin.document.structure import (
    DECISIONS,
    DROPPED,
    FORMAT,
    IGNORED,
    NONE,
    PRIVACIES,
    PSEUDONYMISED,
    SENT,
    TRACKED,
    UNDECLARED,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    in_order,
    plain_fields,
)
from trackadmin.document.text import digest, dump, load, parse
from trackadmin.document.validate import entry_problems, rule_problems, validate
from trackadmin.document.writing import to_dict, to_python

__all__ = [
    "DECISIONS",
    "DROPPED",
    "FORMAT",
    "IGNORED",
    "NONE",
    "PRIVACIES",
    "PSEUDONYMISED",
    "SENT",
    "TRACKED",
    "UNDECLARED",
    "AttributeEntry",
    "Change",
    "ChildEntry",
    "Diff",
    "Document",
    "FindModel",
    "MapFile",
    "ModelEntry",
    "diff",
    "digest",
    "dump",
    "entry_problems",
    "examine",
    "examine_dict",
    "from_dict",
    "in_order",
    "load",
    "parse",
    "plain_fields",
    "read_map_file",
    "rule_problems",
    "to_dict",
    "to_python",
    "validate",
    "why_not_a_name",
]
