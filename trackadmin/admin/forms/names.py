"""Names in forms: refused beside the field, with what is legal."""

from __future__ import annotations

from trackadmin.document import why_not_a_name
from trackadmin.document.names import LEGAL


def name_refusal(name: str) -> str:
    """Why a map cannot hold this name, and which it can; empty where it can."""
    why = why_not_a_name(name)
    return f"{name!r} {why}. {LEGAL}" if why else ""
