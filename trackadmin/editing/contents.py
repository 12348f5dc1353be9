"""What a version contains: its document, its names, and what is no longer in the code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import cached_property

from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.compiler import Snapshot
from trackadmin.compiler.plan_names import Grace
from trackadmin.document import Document
from trackadmin.editing.kept_problems import problems_by
from trackadmin.editing.versions import read_version
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.models import MapVersion


@dataclass(frozen=True)
class Contents:
    """What a version contains; empty, with the reason, where it cannot be read."""

    document: Document
    #: Why the version cannot be read; empty where it can.
    unreadable: str = ""
    #: The entries of the version that the code no longer has.
    drift: list[Problem] = field(default_factory=list)

    @cached_property
    def snapshot(self) -> Snapshot:
        """The version, compiled."""
        return compiler.compile_map(self.document, catalog(), names_are_checked=True)

    def names_with(self, prefix: str) -> Mapping[str, Grace | None]:
        """Every name that an event with this tracked model contains.

        The deprecated ones have their grace period. Empty where the code has no such model.
        """
        model = self.snapshot.by_prefix.get(prefix)
        return model.node.graces() if model else {}


def contents(version: MapVersion) -> Contents:
    """Read a version. It is compiled when somebody asks for its names."""
    document, unreadable = readable_document(version)
    drift = [] if unreadable else problems_by(compiler.drift, document)
    return Contents(document, unreadable, drift)


def readable_document(version: MapVersion) -> tuple[Document, str]:
    """A version's document; an empty one and the reason if it is not what was published."""
    try:
        return read_version(version), ""
    except DocumentError as error:
        return Document(), error.summary
