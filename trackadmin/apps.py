"""The Django app."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate, pre_save
from django.utils.translation import gettext_lazy as _


class TrackAdminConfig(AppConfig):
    """Registers the checks, and makes sure that the map ``default`` exists after ``migrate``."""

    name = "trackadmin"
    verbose_name = _("Tracking")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Called by Django once every model is loaded."""
        from trackadmin.checks import check_addresses, check_live_map, check_settings
        from trackadmin.models.draft import create_default_map
        from trackadmin.models.loading import MEETINGS, make_room
        from trackadmin.models.names_for_people import name_models

        name_models()
        checks.register(check_settings)
        checks.register(check_addresses, checks.Tags.urls)
        checks.register(check_live_map, checks.Tags.database)
        post_migrate.connect(create_default_map, sender=self)
        for model in MEETINGS:
            pre_save.connect(make_room, sender=model)
