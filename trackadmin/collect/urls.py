"""The address of the tracking URL, for the host to include.

``path("t/", include("trackadmin.collect.urls"))`` tracks with the map ``default``. For another map:
``path("t/shop/", include("trackadmin.collect.urls", namespace="shop"), {"map": "shop"})``.
"""

from django.urls import path

from trackadmin.collect.views import collect

app_name = "trackadmin"
urlpatterns = [path("", collect, name="collect")]
