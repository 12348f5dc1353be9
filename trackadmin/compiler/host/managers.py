"""The rows that a model's default manager shows, and whether its query may be kept.

A manager may filter by the request: by a tenant in a context variable, by the clock, by the user.
The query of such a manager must never be kept. It is kept only where the manager's code proves
that it cannot differ, or where the site says so in ``CONSTANT_MANAGERS``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error
from django.db.models import Model

from trackadmin.catalog import label_of
from trackadmin.compiler.host.constant_queries import is_simple
from trackadmin.compiler.host.manager_proofs import is_proven
from trackadmin.compiler.types import Rows
from trackadmin.conf import conf
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


class ManagerError(Exception):
    """The manager of a model gives no query now."""

    def __init__(self, label: str, cause: str) -> None:
        super().__init__(label, cause)
        self.label, self.cause = label, cause

    @property
    def text(self) -> Text:
        """The sentence, without the words of the manager's own error, which may hold values."""
        return _(
            "The default manager of %(model)s raised %(error)s.", model=self.label, error=self.cause
        )

    def __str__(self) -> str:
        return str(self.text)


def rows_of(model: type[Model], *, using: str | None = None) -> Rows:
    """The rows that a model's default manager shows now.

    In the database that the manager, or else the site's router, chooses, unless one is given.
    Raises :class:`ManagerError`.
    """
    with asking(model):
        rows: Rows = model._default_manager.all()
        return rows if using is None else rows.using(using)


@contextmanager
def asking(model: type[Model]) -> Iterator[None]:
    """Turn a manager's exceptions into :class:`ManagerError`, except those of a database."""
    try:
        yield
    except (Error, ManagerError):
        raise
    except Exception as error:
        raise ManagerError(model._meta.label, type(error).__name__) from error


def is_constant(model: type[Model]) -> bool:
    """Whether the model's default manager gives the same query whenever it is asked.

    True for Django's own manager, for one whose ``get_queryset`` only filters by constants, and
    for one that ``CONSTANT_MANAGERS`` lists. Where that is not proven, the answer is no.
    """
    if label_of(model) in {label.lower() for label in conf.CONSTANT_MANAGERS}:
        return True
    try:
        manager = model._default_manager
        return is_proven(manager) and is_simple(manager.all().query)
    except Exception:  # noqa: BLE001 the host's managers may raise anything
        return False
