"""From a document and a catalog to a snapshot: what a process tracks with."""

from trackadmin.compiler.event_checks import Finding
from trackadmin.compiler.fix_list import Fix
from trackadmin.compiler.fixing import FIXABLE, fix
from trackadmin.compiler.host.managers import ManagerError
from trackadmin.compiler.lookups import SEPARATOR, Fetched, Lookup
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.problems import Checked, check, drift
from trackadmin.compiler.savepoints import sharing
from trackadmin.compiler.snapshot import Snapshot, compile_map
from trackadmin.compiler.sql.known_lookups import KnownLookups
from trackadmin.compiler.sql.statements import Resolved
from trackadmin.compiler.types import Fault, Scalar
from trackadmin.compiler.values.encoders import Unencodable, encode
from trackadmin.compiler.values.rules import RULES

__all__ = [
    "FIXABLE",
    "RULES",
    "SEPARATOR",
    "Checked",
    "CompiledModel",
    "Fault",
    "Fetched",
    "Finding",
    "Fix",
    "KnownLookups",
    "Lookup",
    "ManagerError",
    "Resolved",
    "Scalar",
    "Snapshot",
    "Unencodable",
    "check",
    "compile_map",
    "drift",
    "encode",
    "fix",
    "sharing",
]
