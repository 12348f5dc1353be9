"""The host's user model, where there is one."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured

from trackadmin.catalog.kinds import AnyModel


def user_model() -> AnyModel | None:
    """The model that ``AUTH_USER_MODEL`` names; ``None`` where it is not installed."""
    try:
        return get_user_model()
    except ImproperlyConfigured:
        return None
