"""The tracking URL. Its answer never tells anything: it is always the same."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from trackadmin.collect.event import Event
from trackadmin.collect.reading import queries_of
from trackadmin.collect.sinks import deliver
from trackadmin.runtime import current_map
from trackadmin.runtime.context import lookup_context
from trackadmin.runtime.faults import report
from trackadmin.runtime.resolve import resolve


# A page of another site may call it, and the caller is nobody: no session, no token. Whatever the
# host says of its other views, there is nothing here to be atomic about; and outside of a
# transaction a new version of the map can be loaded.
@csrf_exempt
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def collect(request: HttpRequest, map: str = "default") -> HttpResponse:
    """Turn what the URL and the body say into an event. Always answers 204 without content.

    HEAD is what link checkers and previews send, so it is answered and leaves no event.
    """
    if request.method != "HEAD":
        try:
            _track(request, map)
        except Exception as error:  # noqa: BLE001 a click never fails because of tracking
            report("collect.failed", map, error)
    response = HttpResponse(status=204)
    response.headers["Cache-Control"] = "no-store"
    # There is no content to have a type.
    del response.headers["Content-Type"]
    return response


def _track(request: HttpRequest, map: str) -> None:
    with lookup_context(request):
        values = resolve(current_map(map), *queries_of(request))
    if values or values.references:
        deliver(Event.of(values))
    else:
        report("collect.empty", map)
