"""Finds what nobody does and somebody should hear of: drift, and dates that have come."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable

from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.compiler.old_names import names_of
from trackadmin.document import Document
from trackadmin.editing.contents import readable_document
from trackadmin.editing.deadlines import today
from trackadmin.editing.kept_problems import problems_by
from trackadmin.editing.messages import first_names, tell
from trackadmin.editing.versions import live_version
from trackadmin.models import TrackingMap
from trackadmin.models.recipients import MessageKind


def notify(tracking_map: TrackingMap) -> Counter[MessageKind]:
    """Write a message for drift of the live version, and for each date that has come.

    Each recipient is told once of each: of drift again when the version or what is lost is another.
    Returns how many messages were written.
    """
    live, told = live_version(tracking_map), Counter[MessageKind]()
    document, unreadable = readable_document(live) if live else (Document(), "")
    if live is None or unreadable:
        return told
    lost = sorted({problem.where for problem in problems_by(compiler.drift, document)})
    if lost:
        about = f"{live.number} {_digest(lost)}"
        facts = {"number": live.number, "lost": first_names(lost)}
        told[MessageKind.DRIFT] = tell(tracking_map, MessageKind.DRIFT, about, facts)
    for date, names in _due_names(document).items():
        facts = {"date": date, "due": first_names(names)}
        about = f"{date} {_digest(names)}"
        told[MessageKind.DUE] += tell(tracking_map, MessageKind.DUE, about, facts)
    return told


def _due_names(document: Document) -> dict[str, list[str]]:
    """The deprecated names whose date has come, by this date."""
    found, day = defaultdict[str, set[str]](set), today()
    for name, grace in names_of(document, catalog()).items():
        if grace and grace.until <= day:
            found[grace.until].add(name.text)
    return {date: sorted(names) for date, names in sorted(found.items())}


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
