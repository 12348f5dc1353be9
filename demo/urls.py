"""The demo shop's addresses."""

from django.contrib import admin  # noqa: TID251 - the ban is for trackadmin, this is a host
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("t/", include("trackadmin.collect.urls")),
]
