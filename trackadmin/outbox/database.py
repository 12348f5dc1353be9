"""Which database the events are in."""

from __future__ import annotations

from django.db import router

from trackadmin.conf import conf
from trackadmin.models import AcceptedEvent


def events_database() -> str:
    """The alias of the database that events are stored in and delivered from."""
    return conf.EVENTS_DATABASE or router.db_for_write(AcceptedEvent)
