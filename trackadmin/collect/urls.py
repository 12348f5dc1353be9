"""The addresses of the tracking URL and of its pixel, for the host to include.

Below the same address is how the tracking is.

``path("t/", include("trackadmin.collect.urls"))`` tracks with the map ``default``. For another map:
``path("t/shop/", include("trackadmin.collect.urls", namespace="shop"), {"map": "shop"})``.
"""

from django.urls import path

from trackadmin.collect.health_view import health
from trackadmin.collect.metrics_view import metrics
from trackadmin.collect.views import collect, pixel

app_name = "trackadmin"
urlpatterns = [
    path("", collect, name="collect"),
    path("pixel.gif", pixel, name="pixel"),
    path("health/", health, name="health"),
    path("metrics/", metrics, name="metrics"),
]
