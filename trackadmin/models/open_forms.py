"""Who has which form open: it only tells people of each other, and decides nothing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

#: Characters of the name of a table.
TABLE_LENGTH = 20


class EditingNow(models.Model):
    """Somebody has the form of a tracked model or an action open, or had until a moment ago.

    A row is renewed every half minute and ignored after two minutes. It is not part of the draft.
    """

    #: Where a document has the entry: ``models`` or ``actions``.
    table = models.CharField(max_length=TABLE_LENGTH)
    #: The key of its row. The row may be deleted meanwhile.
    entry = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["table", "entry", "user"]
        verbose_name = _("open form")
        verbose_name_plural = _("open forms")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["table", "entry", "user"], name="trackadmin_editing_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.entry}"
