"""What people read for the values of an attribute's decision and privacy."""

from __future__ import annotations

from trackadmin.document.structure import (
    ACCEPT,
    BOOLEAN,
    CHOICE,
    COUNT,
    DEPRECATED,
    DISTINCT,
    DROPPED,
    IGNORED,
    INTEGER,
    LATEST,
    LIVE,
    MARK,
    MAX,
    MIN,
    NONE,
    NUMBER,
    PLANNED,
    PSEUDONYMISED,
    REFUSE,
    SENT,
    SUM,
    TEXT,
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
FUNCTION_LABELS = {
    COUNT: _("Count"),
    DISTINCT: _("Count of different values"),
    SUM: _("Sum"),
    MIN: _("Smallest"),
    MAX: _("Largest"),
    LATEST: _("Latest"),
}
STATE_LABELS = {PLANNED: _("Planned"), LIVE: _("Live"), DEPRECATED: _("Deprecated")}
PARAMETER_LABELS = {
    TEXT: _("Text"),
    INTEGER: _("Whole number"),
    NUMBER: _("Number"),
    BOOLEAN: _("Yes or no"),
    CHOICE: _("One of a list"),
}
HANDLING_LABELS = {
    ACCEPT: _("Accept"),
    MARK: _("Accept and mark"),
    REFUSE: _("Refuse"),
}
#: By the field of the entry.
LABELS = {
    "decision": DECISION_LABELS,
    "privacy": PRIVACY_LABELS,
    "function": FUNCTION_LABELS,
    "state": STATE_LABELS,
    "kind": PARAMETER_LABELS,
    "unknown_actions": HANDLING_LABELS,
    "undeclared_parameters": HANDLING_LABELS,
}
