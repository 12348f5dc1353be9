"""Names that mean the same to every part of trackadmin."""

from __future__ import annotations

#: The map that is meant where none is named; ``migrate`` adds it.
DEFAULT_MAP = "default"
