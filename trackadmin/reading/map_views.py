"""What readers get: lists as JSON, and the files of a version. Never a value of an object."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from trackadmin import editing
from trackadmin.collect.views import public
from trackadmin.exceptions import DocumentError, NotPublished, UnknownMap, UnknownVersion
from trackadmin.models import MapVersion
from trackadmin.reading.readers import TokenHolder, reader_of

LIVE = "live"
_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"
#: The files of a version: its media type, and what makes it of the map's name and a number.
FILES: dict[str, tuple[str, Callable[[str, int], str]]] = {
    "document.json": (_JSON, lambda slug, number: editing.get_version(slug, number).document),
    "dictionary.json": (_JSON, lambda *of: editing.dictionary_json(editing.dictionary(*of))),
    "dictionary.csv": (
        "text/csv; charset=utf-8",
        lambda *of: editing.dictionary_csv(editing.dictionary(*of)),
    ),
    "dictionary.md": (
        "text/markdown; charset=utf-8",
        lambda *of: editing.dictionary_markdown(editing.dictionary(*of)),
    ),
    "events.schema.json": (
        "application/schema+json",
        lambda slug, number: editing.typed_events(slug, "json-schema", number).text,
    ),
    "events.ts": (_TEXT, lambda slug, no: editing.typed_events(slug, "typescript", no).text),
    "events.py": (_TEXT, lambda slug, no: editing.typed_events(slug, "python-types", no).text),
}


class _NotHere(Exception):
    """There is no such thing, or not for this reader, who does not learn which."""


def for_readers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """A view for those with a token. What they have already is not sent again."""

    @public
    @login_not_required
    @transaction.non_atomic_requests
    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        reader = reader_of(request)
        # Every reader gets the same words.
        with translation.override(None):
            response = (
                _refused_access() if reader is None else _served(request, view, reader, arguments)
            )
        response.headers["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization"])
        return response

    return guarded


def _refused_access() -> HttpResponse:
    response = _json({"error": "Send the header 'Authorization: Bearer …' with a token."}, 401)
    response.headers["WWW-Authenticate"] = 'Bearer realm="trackadmin"'
    return response


def _served(
    request: HttpRequest, view: Callable[..., HttpResponse], reader: TokenHolder, arguments: Any
) -> HttpResponseBase:
    try:
        response = view(reader, **arguments)
    except (_NotHere, UnknownMap, UnknownVersion, NotPublished):
        return _json({"error": "There is nothing at this address for this token."}, 404)
    except DocumentError as error:
        return _json({"error": error.summary}, 404)
    etag = f'"{sha256(response.content).hexdigest()}"'
    response.headers["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


@for_readers
def maps(reader: TokenHolder) -> HttpResponse:
    """The published maps that the reader may see, each with its live version."""
    live = [each for each in editing.live_versions() if reader.may_read(each.map.slug)]
    found = [
        {"map": each.map.slug, "name": each.map.name, "live": _version_data(each)} for each in live
    ]
    return _json({"maps": found})


@for_readers
def versions(reader: TokenHolder, map: str) -> HttpResponse:
    """The versions of a map, the live one first, and which files each has."""
    _check(reader, map)
    found = editing.versions(map).defer("document")
    return _json(
        {"map": map, "versions": [_version_data(each) for each in found], "files": [*FILES]}
    )


@for_readers
def contents_of_version(reader: TokenHolder, map: str, version: str, file: str) -> HttpResponse:
    """A file of a version; ``live`` stands for the number of the newest one."""
    _check(reader, map)
    if file not in FILES:
        raise _NotHere
    media_type, write = FILES[file]
    return HttpResponse(write(map, _number_of(map, version)), content_type=media_type)


def _check(reader: TokenHolder, slug: str) -> None:
    if not reader.may_read(slug):
        raise _NotHere


def _number_of(slug: str, version: str) -> int:
    if version == LIVE:
        live = editing.live_version(slug)
        if live is None:
            raise NotPublished(slug)
        return live.number
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise _NotHere
    return int(version)


def _version_data(version: MapVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "digest": version.digest,
        "published_at": editing.in_utc(version.created_at).isoformat(),
        "brings_back": version.restores,
    }


def _json(data: object, status: int = 200) -> HttpResponse:
    text = json.dumps(data, ensure_ascii=False)
    return HttpResponse(text, content_type=_JSON, status=status)
