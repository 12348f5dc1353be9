"""The demo shop's addresses."""

from django.contrib import admin  # noqa: TID251 - the ban is for trackadmin, this is a host
from django.urls import include, path

from demo import views

urlpatterns = [
    path("", views.shop, name="shop"),
    path("buy/", views.buy, name="buy"),
    path("events.json", views.events, name="events"),
    path("admin/", admin.site.urls),
    path("t/", include("trackadmin.collect.urls")),
]
