"""A URLconf whose tracking URL is nested in the namespaces of others."""

from django.urls import include, path

track = [path("track/", include("trackadmin.collect.urls"))]
version = [path("v1/", include((track, "v1")))]
urlpatterns = [path("api/", include((version, "api")))]
