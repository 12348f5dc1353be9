"""Backfills that tasks carry out: a run, and the ranges of the table that it is cut into."""

from __future__ import annotations

from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trackadmin.models.claimable import REASON_LENGTH
from trackadmin.models.draft import SLUG_LENGTH

#: Characters of an alias of a database and of a model's label.
ALIAS_LENGTH, LABEL_LENGTH = 100, 200


def backfills_database() -> str:
    """The alias of the database that the rows of this file are written to."""
    return router.db_for_write(BackfillRun)


class BackfillRun(models.Model):
    """A whole table's values on their way into files, all by one version of a map."""

    #: The map's slug and the model's label: a run stays when the map is deleted.
    map = models.CharField(max_length=SLUG_LENGTH)
    model = models.CharField(max_length=LABEL_LENGTH)
    #: The version that was live when the run began, and what tells it from another of its number.
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    #: A JSON list of the names of the values, in order.
    names = models.TextField()
    format = models.CharField(max_length=20)
    #: The database that is read from, or "" for what the site's router says.
    database = models.CharField(max_length=ALIAS_LENGTH, blank=True)
    #: The folder of the files, as an absolute path on every worker's machine.
    folder = models.TextField()
    #: The engine of tasks: ``celery`` or ``tasks``.
    via = models.CharField(max_length=20)
    #: How many rows there were when it began.
    total = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.model} {self.pk}"


class RangeState(models.TextChoices):
    """Where a range stands."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class BackfillRange(models.Model):
    """A stretch of a run's table: one task, and one file."""

    run = models.ForeignKey(BackfillRun, models.CASCADE, related_name="ranges")
    number = models.PositiveIntegerField()
    #: Primary keys as texts: the first and the last one, or the one before the first. NULL means no
    #: bound.
    first = models.TextField(null=True)  # noqa: DJ001 the empty text is a key, too
    after = models.TextField(null=True)  # noqa: DJ001
    last = models.TextField(null=True)  # noqa: DJ001
    state = models.CharField(max_length=10, choices=RangeState.choices, default=RangeState.QUEUED)
    #: How many rows were written so far, and how many faults were counted meanwhile.
    rows = models.PositiveBigIntegerField(default=0)
    faults = models.PositiveBigIntegerField(default=0)
    #: How many times a worker began with it since somebody queued it.
    attempts = models.PositiveIntegerField(default=0)
    #: The worker that has it, and until when: after that, another one may take it.
    worker = models.UUIDField(null=True)
    taken_until = models.DateTimeField(null=True)
    #: Why it failed last; never a value.
    error = models.CharField(max_length=REASON_LENGTH, default="")
    #: When a worker last began with it, and when one last said something of it.
    started_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["run", "number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="trackadmin_range_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"
