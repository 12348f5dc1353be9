"""What a version contains: its document, its names, and what is no longer in the code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.compiler.plan_names import Grace
from trackadmin.document import Document
from trackadmin.editing.versions import read_version
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.models import MapVersion


@dataclass(frozen=True, slots=True)
class Contents:
    """What a version contains; empty, with the reason, where it cannot be read."""

    document: Document
    #: Why the version cannot be read; empty where it can.
    unreadable: str = ""
    #: The entries of the version that the code no longer has.
    drift: list[Problem] = field(default_factory=list)
    #: Every name that an event with one of its models contains, by the model's prefix; the
    #: deprecated ones with their grace period.
    names: Mapping[str, Mapping[str, Grace | None]] = field(default_factory=dict)


def contents(version: MapVersion) -> Contents:
    """Read a version and compile it."""
    document, unreadable = readable_document(version)
    if unreadable:
        return Contents(document, unreadable)
    drift, names = compiler.drift(document, catalog()), _names_by_prefix(document)
    return Contents(document, drift=drift, names=names)


def readable_document(version: MapVersion) -> tuple[Document, str]:
    """A version's document; an empty one and the reason if it is not what was published."""
    try:
        return read_version(version), ""
    except DocumentError as error:
        return Document(), error.summary


def _names_by_prefix(document: Document) -> Mapping[str, Mapping[str, Grace | None]]:
    compiled = compiler.compile_map(document, catalog()).by_prefix
    return {prefix: model.node.graces() for prefix, model in compiled.items()}
