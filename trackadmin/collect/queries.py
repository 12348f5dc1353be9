"""What a request says: its query string, and its body in the forms that browsers send."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from trackadmin.codes import FaultCode
from trackadmin.runtime.faults import report
from trackadmin.runtime.parameters import Query

#: Bytes of a body that are read. A browser's beacon may have 64 KiB.
MAX_BODY = 64 * 1024


def queries_of(request: HttpRequest) -> list[Query]:
    """The query string, and behind it a POST's body. Never raises, whatever is in them."""
    queries: list[Query] = [_query_string(request)]
    if request.method == "POST":
        try:
            queries.append(_body(request))
        except Exception as error:  # noqa: BLE001 a broken upload, or what a parser trips over
            report(FaultCode.COLLECT_BAD_BODY, "body", error)
    return queries


def _query_string(request: HttpRequest) -> str:
    text = str(request.META.get("QUERY_STRING", ""))
    # A WSGI server hands over bytes as if they were Latin-1, an ASGI server text.
    if not text.isascii() and hasattr(request, "environ"):
        return text.encode("latin-1", "replace").decode("utf-8", "replace")
    return text


def _body(request: HttpRequest) -> Query:
    if request.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        # Nothing tells how large it would be when it is unpacked, and no beacon is packed.
        report(FaultCode.COLLECT_ENCODED, "body")
        return ""
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced <= MAX_BODY and request.content_type == "multipart/form-data":
        return _form(request)
    body = request.read(MAX_BODY + 1)
    if max(announced, len(body)) > MAX_BODY:
        report(FaultCode.COLLECT_TOO_LARGE, "body")
        return ""
    text = body.decode("utf-8-sig", "replace")
    # A beacon's text comes as text/plain, whatever it holds.
    is_form = request.content_type == "application/x-www-form-urlencoded"
    return text if is_form or text.lstrip()[:1] not in ("{", "[") else _from_json(text)


def _form(request: HttpRequest) -> Query:
    with suppress(AttributeError):  # a middleware of the host has read the form already
        request.upload_handlers = [_NoUploads(request)]
    return request.POST


class _NoUploads(FileUploadHandler):
    """Leaves out the files of a form: a stranger's upload is stored nowhere."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called: no file is begun."""

    def file_complete(self, file_size: int) -> None:
        """Never called: no file is begun."""


def _from_json(text: str) -> Query:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise TypeError("The body must hold one JSON object.")
    # A list is one value here, and not several values of one name as in a form.
    return MultiValueDict({name: [value] for name, value in data.items()})
