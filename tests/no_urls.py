"""A URLconf without any address."""

urlpatterns = []
