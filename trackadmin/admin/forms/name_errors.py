"""The error for a name that a map cannot have, with what is legal."""

from __future__ import annotations

from trackadmin.document import why_not_a_name
from trackadmin.document.names import LEGAL
from trackadmin.texts import gettext as _
from trackadmin.texts import joined


def name_refusal(name: str) -> str:
    """Why a map cannot have this name, and which names it can have; empty where it can."""
    why = why_not_a_name(name)
    if why is None:
        return ""
    return str(joined(_("%(name)s is not possible.", name=repr(name)), why, LEGAL))
