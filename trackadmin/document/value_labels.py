"""What people read for the values of an attribute's decision and privacy."""

from __future__ import annotations

from trackadmin.document.structure import (
    DROPPED,
    IGNORED,
    NONE,
    PSEUDONYMISED,
    SENT,
    TRACKED,
    UNDECLARED,
)
from trackadmin.texts import gettext as _

DECISION_LABELS = {TRACKED: _("Tracked"), IGNORED: _("Ignored")}
PRIVACY_LABELS = {
    UNDECLARED: _("Undeclared"),
    NONE: _("Not personal"),
    SENT: _("Personal, sent as it is"),
    PSEUDONYMISED: _("Personal, sent as a pseudonym"),
    DROPPED: _("Personal, dropped"),
}
#: By the field of the attribute.
LABELS = {"decision": DECISION_LABELS, "privacy": PRIVACY_LABELS}
