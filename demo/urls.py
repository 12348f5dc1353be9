"""The demo shop's addresses."""

from django.contrib import admin  # noqa: TID251 - the ban is for trackadmin, this is a host
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from demo import views

urlpatterns = [
    path("", views.shop, name="shop"),
    path("buy/", views.buy, name="buy"),
    path("events.json", views.events, name="events"),
    path("favicon.ico", RedirectView.as_view(url=static("demo/icon.svg"))),
    path("admin/", admin.site.urls),
    path("t/", include("trackadmin.collect.urls")),
]
