"""The addresses of the door for readers, for the host to include.

``path("tracking/", include("trackadmin.reading.urls"))``. Readers need a token of the setting
``READER_TOKENS``.
"""

from django.urls import path

from trackadmin.reading.map_views import contents_of_version, maps, versions

app_name = "trackadmin_reading"
urlpatterns = [
    path("", maps, name="maps"),
    path("<slug:map>/", versions, name="versions"),
    path("<slug:map>/<str:version>/<str:file>", contents_of_version, name="file"),
]
