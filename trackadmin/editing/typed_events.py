"""The types of a map's events as a file, in each format that programs read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from trackadmin.document import Document
from trackadmin.editing.building import build_document
from trackadmin.editing.event_types import EventTypes, event_types
from trackadmin.editing.json_schemas import json_schema
from trackadmin.editing.kept_problems import kept
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.editing.python_types import python_types
from trackadmin.editing.typescript_types import typescript_types
from trackadmin.editing.versions import get_version, live_version, read_version
from trackadmin.exceptions import NotPublished


class _Format(NamedTuple):
    write: Callable[[EventTypes], str]
    ending: str
    media_type: str


TYPE_FORMATS: dict[str, _Format] = {
    "json-schema": _Format(json_schema, "schema.json", "application/schema+json"),
    "typescript": _Format(typescript_types, "ts", "text/plain; charset=utf-8"),
    "python-types": _Format(python_types, "py", "text/plain; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class TypedEvents:
    """A file with types."""

    text: str
    file_name: str
    media_type: str


def typed_events(
    tracking_map: AnyMap, name: str, number: int | None = None, *, draft: bool = False
) -> TypedEvents:
    """The types of the events of a version, the live one without a number, or of the draft.

    ``name`` is one of ``TYPE_FORMATS``. The types are those of events that today's code can send.
    Raises :class:`UnknownMap`, :class:`UnknownVersion`, :class:`NotPublished`, and
    :class:`DocumentError` if the version cannot be read.
    """
    current, its = find_map(tracking_map), TYPE_FORMATS[name]
    if draft:
        found, document = None, build_document(current)
    else:
        version = live_version(current) if number is None else get_version(current, number)
        if version is None:
            raise NotPublished(current.slug)
        found, document = version.number, read_version(version)
    text = _types_text(name, current.slug, found, document)
    of = "draft" if found is None else f"version-{found}"
    return TypedEvents(text, f"{current.slug}-{of}.{its.ending}", its.media_type)


def _types_text(name: str, slug: str, number: int | None, document: Document) -> str:
    def write() -> str:
        return TYPE_FORMATS[name].write(event_types(slug, number, document))

    return kept(("types", name, slug, number), document, write)
