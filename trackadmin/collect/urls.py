"""The tracking URL's address."""

app_name = "trackadmin"
urlpatterns: list = []
