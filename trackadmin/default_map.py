"""The name of the map that code means when it names none."""

from __future__ import annotations

#: ``migrate`` adds this map.
DEFAULT_MAP = "default"
