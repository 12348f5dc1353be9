"""Who else has the form of an entry open now. Nothing depends on it, so it never fails.

It is a table and not the cache: many sites have the cache of one process, which would not know of
people whom another process answers.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import Error, transaction
from django.db.models import QuerySet
from django.utils import timezone

from trackadmin.compiler.savepoints import contained
from trackadmin.editing.locking import write_database
from trackadmin.editing.people import Person, author_id
from trackadmin.editing.tables import Head, table_of
from trackadmin.models import EditingNow

logger = logging.getLogger("trackadmin")

#: How often a page says that it is still open, and after how long without that it is forgotten.
SAY_SECONDS, FORGOTTEN_SECONDS = 30, 120
#: Of how many people a page tells.
MOST_PEOPLE = 20


def note_presence(row: Head, by: Person) -> None:
    """Note that somebody has the form of this entry open now. No lock of the map is taken."""
    note = EditingNow(table=table_of(row).listed, entry=row.pk, user_id=author_id(by))
    rows = EditingNow.objects.using(write_database())
    try:
        with transaction.atomic(using=write_database()):
            rows.filter(seen_at__lt=_forgotten()).delete()
            rows.bulk_create(
                [note],
                update_conflicts=True,
                unique_fields=["table", "entry", "user"],
                update_fields=["seen_at"],
            )
    except Error:
        logger.exception("It cannot be noted who is editing")


def forget_presence(row: Head, by: Person) -> None:
    """Note that somebody has closed the form of this entry."""
    try:
        with transaction.atomic(using=write_database()):
            _notes_of(row).filter(user=author_id(by)).delete()
    except Error:
        logger.exception("It cannot be noted who is editing no more")


def others_editing(row: Head, by: Person) -> list[str]:
    """The names of the others who have the form of this entry open now, sorted. One query."""
    name = f"user__{get_user_model().USERNAME_FIELD}"
    notes = _notes_of(row).filter(seen_at__gte=_forgotten()).exclude(user=author_id(by))
    try:
        with contained():
            found = notes.order_by(name).values_list(name, flat=True)[:MOST_PEOPLE]
            return [str(each) for each in found]
    except Error:
        logger.exception("It cannot be read who is editing")
        return []


def _notes_of(row: Head) -> QuerySet[EditingNow]:
    rows = EditingNow.objects.using(write_database())
    return rows.filter(table=table_of(row).listed, entry=row.pk)


def _forgotten() -> datetime:
    return timezone.now() - timedelta(seconds=FORGOTTEN_SECONDS)
