"""What every row has that a worker takes, carries out and settles."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

#: Characters of the reason why it failed.
REASON_LENGTH = 500


class Claimable(models.Model):
    """Something that is due, that one worker has for a while, and that may fail."""

    #: How many times it failed. It fails as a whole.
    attempts = models.PositiveIntegerField(default=0)
    #: Not before this time; NULL once nothing is left to do.
    due_at = models.DateTimeField(null=True)
    #: The worker that has it, and until when: after that, another one may take it.
    worker = models.UUIDField(null=True)
    taken_until = models.DateTimeField(null=True)
    #: Why it failed last.
    error = models.CharField(max_length=REASON_LENGTH, default="")
    created_at = models.DateTimeField(default=timezone.now)
    #: When a worker last had it.
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
