"""Writes the edit history: each edit is one revision of django-reversion, with who and why.

The rows of reversion's tables are written here and not by its ``create_revision``, which drops
deleted rows from a revision and joins all edits of one request. The rows are the same as its own,
so its queries find our revisions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import NamedTuple

import reversion
from django.core import serializers
from django.db import models, router, transaction
from django.utils import timezone
from reversion.models import Revision, Version
from reversion.signals import post_revision_commit, pre_revision_commit

from trackadmin.editing.locking import write_database
from trackadmin.editing.people import Person, author_id
from trackadmin.editing.reasons import StoredReason, stored_reason
from trackadmin.editing.revision_reader import DELETED, REASON, content_type_of
from trackadmin.editing.tables import HEADS, Head, table_of
from trackadmin.models import TrackingMap, Waiver
from trackadmin.texts import Text, english

#: A map's counters change with every edit and mean nothing to a reader.
MAP_FIELDS = (
    "slug",
    "name",
    "description",
    "unknown_actions",
    "undeclared_parameters",
    "signed_only",
)

# Code that saves these rows in a revision of its own gets the whole of what they belong to.
reversion.register(TrackingMap, fields=MAP_FIELDS)
reversion.register(Waiver, follow=["map"])
for _head in HEADS:
    reversion.register(_head.model, follow=[_head.above, *_head.below])
    for _table in _head.below.values():
        reversion.register(_table.model, follow=[_table.above])


class RowState(NamedTuple):
    """The row of a tracked model or an action with the rows below it, as they are now."""

    row: Head
    below: Sequence[models.Model]

    @classmethod
    def of(cls, row: Head) -> RowState:
        """The rows that were read with this row, or are read now."""
        return cls(row, list(table_of(row).rows_below(row)))

    def all(self) -> Iterator[models.Model]:
        """Every row of it."""
        yield self.row
        yield from self.below


def write_revision(
    tracking_map: TrackingMap,
    *,
    rows: Iterable[RowState] = (),
    gone: Iterable[RowState] = (),
    waived: Iterable[Waiver] = (),
    withdrawn: Iterable[Waiver] = (),
    by: Person = None,
    comment: Text | str,
) -> None:
    """Write one revision: the map, the rows as they are, the deleted ones as they last were; also
    the waivers that were made, and those that were taken back.

    The comment is stored in English. A sentence of ours is stored with the rows too, as data, so
    that the history can show it in the language of its reader.
    """
    reason = stored_reason(comment) if isinstance(comment, Text) else None
    versions = [_version(tracking_map, reason, fields=MAP_FIELDS)]
    versions += [_version(obj, reason) for state in rows for obj in state.all()]
    versions += [_version(obj, reason, deleted=True) for state in gone for obj in state.all()]
    versions += [_version(row, reason) for row in waived]
    versions += [_version(row, reason, deleted=True) for row in withdrawn]
    words = english(comment)
    revision = Revision(date_created=timezone.now(), user_id=author_id(by), comment=words)
    using = router.db_for_write(Revision)
    with transaction.atomic(using=using, savepoint=False):
        # In a context of its own, so that our frame does not change a revision of the host.
        copy_context().run(_save, revision, versions, using, by)


def _save(revision: Revision, versions: Sequence[Version], using: str, by: Person) -> None:
    told = {"sender": reversion.create_revision, "revision": revision, "versions": versions}
    with _frame(revision, using, by):
        pre_revision_commit.send(**told)
        revision.save(using=using)
        for version in versions:
            version.revision = revision
        Version.objects.using(using).bulk_create(versions)
        post_revision_commit.send(**told)


class _Saved(Exception):
    """Leaves a frame of reversion so that reversion saves nothing itself."""


@contextmanager
def _frame(revision: Revision, using: str, by: Person) -> Iterator[None]:
    """What receivers of reversion's signals ask for: user, comment and date."""
    frame = reversion.create_revision(manage_manually=True, using=using, atomic=False)
    with suppress(_Saved), frame:
        reversion.set_user(by if revision.user_id is not None else None)
        reversion.set_comment(revision.comment)
        reversion.set_date_created(revision.date_created)
        yield
        raise _Saved


def _version(
    obj: models.Model,
    reason: StoredReason | None,
    *,
    fields: Sequence[str] | None = None,
    deleted: bool = False,
) -> Version:
    text = serializers.serialize("json", [obj], fields=fields)
    more: dict[str, object] = {DELETED: True} if deleted else {}
    if reason and isinstance(obj, (TrackingMap, Head)):
        more[REASON] = reason
    if more:
        text = json.dumps([{**json.loads(text)[0], **more}])
    return Version(
        content_type=content_type_of(type(obj)),
        object_id=str(obj.pk),
        db=write_database(),
        format="json",
        serialized_data=text,
        object_repr=str(obj),
    )
