"""The address of the tracking URL, for the host to include; below it, how the tracking is.

``path("t/", include("trackadmin.collect.urls"))`` tracks with the map ``default``. For another map:
``path("t/shop/", include("trackadmin.collect.urls", namespace="shop"), {"map": "shop"})``.
"""

from django.urls import path

from trackadmin.collect.health_view import health
from trackadmin.collect.metrics_view import metrics
from trackadmin.collect.views import collect

app_name = "trackadmin"
urlpatterns = [
    path("", collect, name="collect"),
    path("health/", health, name="health"),
    path("metrics/", metrics, name="metrics"),
]
