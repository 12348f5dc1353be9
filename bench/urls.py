"""The tracking URL, and the bare view that it is measured beside."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns = [
    path("t/", include("trackadmin.collect.urls")),
    path("bare/", bare),
]
