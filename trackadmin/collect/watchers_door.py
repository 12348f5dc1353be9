"""Who may ask how the site's tracking is: staff, and programs with a token."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from trackadmin.collect.views import public
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP

#: What stands before the token in the header ``Authorization``.
_SCHEME = "Bearer "


def for_watchers(view: Callable[[str], HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of a map's name for those who may ask. Nobody else learns that it is there.

    It runs in no transaction of the request, in which a new version could not be loaded.
    """

    @public
    @login_not_required
    @transaction.non_atomic_requests
    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, map: str = DEFAULT_MAP) -> HttpResponse:
        response = view(map) if _may_watch(request) else HttpResponse(status=404)
        response.headers["Cache-Control"] = "no-store"
        return response

    return guarded


def _may_watch(request: HttpRequest) -> bool:
    return _has_token(request) or _is_staff(request)


def _has_token(request: HttpRequest) -> bool:
    token, sent = conf.HEALTH_TOKEN, request.headers.get("Authorization", "")
    return bool(token) and constant_time_compare(sent, f"{_SCHEME}{token}")


def _is_staff(request: HttpRequest) -> bool:
    """Whether the user works here; no, if the database cannot say who it is."""
    try:
        user = getattr(request, "user", None)
        return bool(user and user.is_active and getattr(user, "is_staff", False))
    except Error:
        return False
