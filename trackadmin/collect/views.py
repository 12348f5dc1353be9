"""The tracking URL. Its response is always the same, so it reveals nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from trackadmin.codes import FaultCode
from trackadmin.collect.queries import queries_of
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import UnknownMap
from trackadmin.runtime import current_map
from trackadmin.runtime.context import lookup_context
from trackadmin.runtime.faults import UNKNOWN_MAP, report
from trackadmin.runtime.resolve import resolve
from trackadmin.runtime.sending import send

View = TypeVar("View", bound=Callable[..., Any])

#: Seconds for which a browser may keep the response to ``OPTIONS``.
MAX_AGE = "86400"
#: One transparent pixel: a GIF (version 89a) of 1 × 1.
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
#: Longest origin, in characters. A host name has at most 253.
MAX_ORIGIN = 300


def public(view: View) -> View:
    """Mark a view as public for the middlewares of packages that ask for a login."""
    marks = {"STRONGHOLD_IS_PUBLIC": True, "mfa_public": True}  # django-stronghold, django-mfa3
    view.__dict__.update(marks)
    return view


# A page of another site may call it, without a session, a token or a login. It never runs in a
# transaction, whatever the host does for its other views: a new version of the map could not be
# loaded in one.
@public
@csrf_exempt
@login_not_required
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def collect(request: HttpRequest, map: str = DEFAULT_MAP) -> HttpResponse:
    """Make an event from the URL and the body. Always responds with 204 and no content.

    Link checkers and previews send HEAD. A browser sends OPTIONS before it sends JSON to another
    origin. Both get a response and make no event.
    """
    _track(request, map)
    response = HttpResponse(status=204)
    response.headers["Cache-Control"] = "no-store"
    # The response has no content, so it has no content type.
    del response.headers["Content-Type"]
    try:
        _allow_origin(request, response)
    except Exception as error:  # noqa: BLE001 the setting is not a list of texts
        report(FaultCode.COLLECT_FAILED, "ORIGINS", error)
    return response


@public
@csrf_exempt
@login_not_required
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD"])
def pixel(request: HttpRequest, map: str = DEFAULT_MAP) -> HttpResponse:
    """Make an event from the URL, for e-mails. Always responds with the same transparent image."""
    _track(request, map)
    return HttpResponse(PIXEL, content_type="image/gif", headers={"Cache-Control": "no-store"})


def _allow_origin(request: HttpRequest, response: HttpResponse) -> None:
    """Let pages of the listed origins send JSON: https://fetch.spec.whatwg.org/#cors.

    ``sendBeacon`` always sends cookies, so the browser requires a response that allows them.
    Nothing reads them, and the response is empty.
    """
    origins = conf.ORIGINS
    if not origins:
        return
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin", "")
    if origin not in origins and not ("*" in origins and _is_origin(origin)):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Max-Age"] = MAX_AGE


def _is_origin(text: str) -> bool:
    """Whether a header may repeat the text, which may come from anybody."""
    return 0 < len(text) <= MAX_ORIGIN and text.isascii() and text.isprintable()


def _track(request: HttpRequest, map: str) -> None:
    """Make the event of a GET or a POST. Never raises: no click fails because of tracking."""
    if request.method in ("GET", "POST"):
        try:
            _send(request, map)
        except Exception as error:  # noqa: BLE001 the host's own code runs here
            report(FaultCode.COLLECT_FAILED, _shown(map, error), error)


def _send(request: HttpRequest, map: str) -> None:
    with lookup_context(request):
        snapshot = current_map(map)
        values = resolve(snapshot, *queries_of(request))
    if values or values.references:
        send(snapshot, values)
    else:
        report(FaultCode.COLLECT_EMPTY, map if values.version else UNKNOWN_MAP)


def _shown(map: str, error: Exception) -> str:
    """The map's name for the log. All names that a visitor makes up share one."""
    return UNKNOWN_MAP if isinstance(error, UnknownMap) else map
