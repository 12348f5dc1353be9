"""The test host's addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("t/", include("trackadmin.collect.urls")),
    path("tracking/", include("trackadmin.reading.urls")),
]
