"""Versions: published documents, numbered, never changed, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trackadmin.exceptions import ImmutableVersion
from trackadmin.models.draft import EditorsManager, TrackingMap, natural_key_of
from trackadmin.signals import versions_inserted


class VersionQuerySet(models.QuerySet["MapVersion"]):
    """Reads and inserts only. Changing an existing version is refused."""

    def update(self, **kwargs: Any) -> int:
        """Raise :class:`ImmutableVersion`."""
        raise ImmutableVersion

    def delete(self) -> NoReturn:
        """Raise :class:`ImmutableVersion`."""
        raise ImmutableVersion

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise :class:`ImmutableVersion`."""
        raise ImmutableVersion

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[MapVersion]:
        """Insert. Overwriting existing versions is refused."""
        if kwargs.get("update_conflicts") or any(argument is True for argument in args[2:]):
            raise ImmutableVersion
        made = super().bulk_create(objs, *args, **kwargs)
        versions_inserted.send(self.model, using=self.db)
        return made

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise ImmutableVersion

    def _update(self, values: Any, *returning: Any) -> Any:
        # Django's ``save`` first tries to update the row of the same key. That is harmless if
        # there is none, and when the same dump is loaded again.
        existing = self.first()
        if existing is None:
            return 0
        if not existing.says({field.attname: value for field, _, value in values}):
            raise ImmutableVersion
        # How many rows were updated; from Django 6.0 on, what they return.
        return [()] if returning else 1


class ForgettingQuerySet(VersionQuerySet):
    """What Django itself uses. It may forget an author whose account is deleted."""

    def update(self, **kwargs: Any) -> int:
        """Refuse all but ``author=None``."""
        if kwargs != {"author": None}:
            raise ImmutableVersion
        return models.QuerySet.update(self, **kwargs)


VersionManager = EditorsManager.from_queryset(VersionQuerySet)
ForgettingManager = EditorsManager.from_queryset(ForgettingQuerySet)


class MapVersion(models.Model):
    """A published document, exactly as it was published."""

    map = models.ForeignKey(TrackingMap, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    #: The canonical text itself: a JSON column would change it and break the digest.
    document = models.TextField()
    #: SHA-256 of the document, in lower-case hexadecimal; checked on every load.
    digest = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    #: The number of the version that a rollback brought back.
    restores = models.PositiveIntegerField(null=True, blank=True)
    #: The names that left before their date, one on each line: the publisher's note says why.
    left_early = models.TextField(blank=True, default="", db_default="")
    #: Whether it was published without the approvals that the site asks for.
    overridden = models.BooleanField(default=False, db_default=False)

    objects = VersionManager()
    forgetting = ForgettingManager()
    NATURAL_KEY = ("map__slug", "number")

    class Meta:
        ordering = ["map", "-number"]
        base_manager_name = "forgetting"
        verbose_name = _("map version")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["map", "number"], name="trackadmin_number_once"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1)
                & (models.Q(restores=None) | models.Q(restores__lt=models.F("number"))),
                name="trackadmin_number_grows",
            ),
        ]

    @property
    def early_names(self) -> list[str]:
        """The names that left before their date."""
        return self.left_early.splitlines()

    def __str__(self) -> str:
        return gettext("version %(number)s") % {"number": self.number}

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)

    def says(self, values: Mapping[str, Any]) -> bool:
        """Whether these are the values of this version, as a dump of it has them.

        A dump rounds times to milliseconds. An author may have been forgotten since.
        """
        return all(
            _rounded(getattr(self, name)) == _rounded(value)
            for name, value in values.items()
            if name != "author_id"
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert a new version; saving an existing one raises :class:`ImmutableVersion`."""
        if not self._state.adding:
            raise ImmutableVersion
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise :class:`ImmutableVersion`."""
        raise ImmutableVersion


def _rounded(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


@receiver(pre_delete, sender=MapVersion)
def refuse_deletion(**kwargs: Any) -> NoReturn:
    """Stop the ways of deleting that bypass the model and its managers."""
    raise ImmutableVersion
