"""What a request says: its query string, and its body in the forms that browsers send."""

from __future__ import annotations

import json

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

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
            report("collect.bad_body", "body", error)
    return queries


def _query_string(request: HttpRequest) -> str:
    text = str(request.META.get("QUERY_STRING", ""))
    # A WSGI server hands over bytes as if they were Latin-1, an ASGI server text.
    if not text.isascii() and hasattr(request, "environ"):
        return text.encode("latin-1", "replace").decode("utf-8", "replace")
    return text


def _body(request: HttpRequest) -> Query:
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced <= MAX_BODY and request.content_type == "multipart/form-data":
        return request.POST
    body = request.read(MAX_BODY + 1)
    if max(announced, len(body)) > MAX_BODY:
        report("collect.too_large", "body")
        return ""
    text = body.decode("utf-8", "replace")
    # A beacon's text comes as text/plain, whatever it holds.
    is_form = request.content_type == "application/x-www-form-urlencoded"
    return text if is_form or text.lstrip()[:1] not in ("{", "[") else _from_json(text)


def _from_json(text: str) -> Query:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise TypeError("The body must hold one JSON object.")
    # A list is one value here, and not several values of one name as in a form.
    return MultiValueDict({name: [value] for name, value in data.items()})
