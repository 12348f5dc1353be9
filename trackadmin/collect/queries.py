"""The queries of a request: its query string, and its body in the formats that browsers send."""

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

#: Bytes of a body that are read. A browser's beacon has at most 64 KiB.
MAX_BODY = 64 * 1024


def queries_of(request: HttpRequest) -> list[Query]:
    """The query string, followed by the body of a POST. Never raises, whatever they contain."""
    queries: list[Query] = [_query_string(request)]
    if request.method == "POST":
        try:
            queries.append(_body(request))
        except Exception as error:  # noqa: BLE001 a broken upload, or an error of a parser
            report(FaultCode.COLLECT_BAD_BODY, "body", error)
    return queries


def _query_string(request: HttpRequest) -> str:
    text = str(request.META.get("QUERY_STRING", ""))
    # A WSGI server passes bytes as if they were Latin-1, an ASGI server passes text.
    if not text.isascii() and hasattr(request, "environ"):
        return text.encode("latin-1", "replace").decode("utf-8", "replace")
    return text


def _body(request: HttpRequest) -> Query:
    if request.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        # Its size after decompression is unknown, and browsers do not compress beacons.
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
    # A beacon's text is sent as text/plain, whatever it contains.
    is_form = request.content_type == "application/x-www-form-urlencoded"
    return text if is_form or text.lstrip()[:1] not in ("{", "[") else _from_json(text)


def _form(request: HttpRequest) -> Query:
    with suppress(AttributeError):  # a middleware of the host has already read the form
        request.upload_handlers = [_NoUploads(request)]
    return request.POST


class _NoUploads(FileUploadHandler):
    """Skips the files of a form, so that a stranger's upload is not stored anywhere."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called, because no file is started."""

    def file_complete(self, file_size: int) -> None:
        """Never called, because no file is started."""


def _from_json(text: str) -> Query:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise TypeError("The body must hold one JSON object.")
    # Here a list is one value. In a form it would be several values of one name.
    return MultiValueDict({name: [value] for name, value in data.items()})
