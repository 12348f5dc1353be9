"""A whole table's values, in the order of its primary key so that they can be split and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from trackadmin.catalog import catalog
from trackadmin.compiler import CompiledModel, ManagerError, Scalar, Snapshot
from trackadmin.compiler.host.managers import asking, rows_of
from trackadmin.compiler.values.clean_text import bound
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import ExportError, NotPublished, NotTracked
from trackadmin.runtime import store
from trackadmin.runtime.bulk import stream
from trackadmin.runtime.compiled_version import compiled_version
from trackadmin.runtime.current import current_map
from trackadmin.texts import gettext as _
from trackadmin.texts import joined

#: Rows that are read by one statement. An interrupted job loses at most this many.
CHUNK = 5000

Rows: TypeAlias = "QuerySet[Any, Any]"

_CONTEXT = _("If it needs a context, such as a tenant, let the setting CONTEXT provide it.")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a table: the keys after ``after``, up to ``last``. ``None`` means no bound."""

    after: Any = None
    last: Any = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """The values of some rows, and the last key among them."""

    values: Iterator[dict[str, Scalar]]
    last: Any


class Backfill:
    """The values of a stretch of a table, from start to end by the same version of a map."""

    def __init__(
        self, snapshot: Snapshot, compiled: CompiledModel, rows: Rows, stretch: Stretch, chunk: int
    ) -> None:
        self.snapshot, self.compiled, self.stretch = snapshot, compiled, stretch
        self._rows, self._chunk = rows, chunk

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of every dict, in order."""
        return self.compiled.names

    def count(self) -> int:
        """How many rows it gives."""
        return _within(self._rows, self.stretch).count()

    def __iter__(self) -> Iterator[dict[str, Scalar]]:
        for chunk in self.chunks():
            yield from chunk.values

    def chunks(self) -> Iterator[Chunk]:
        """The rows, in chunks. Each chunk is read by its own statement.

        No transaction is held in between. A row that is added after the last key read is included.
        """
        rest = self.stretch
        while (edge := self._edge(rest)) is not None:
            rows = _within(self._rows, Stretch(rest.after, edge))
            yield Chunk(map(bound, stream(self.compiled, rows)), edge)
            rest = Stretch(edge, rest.last)

    def _edge(self, rest: Stretch) -> Any:
        """The last key of the next chunk; ``None`` if there are no more rows."""
        keys = _within(self._rows, rest).values_list("pk", flat=True)
        found = list(keys[self._chunk - 1 : self._chunk]) or list(keys.reverse()[:1])
        return found[0] if found else None


def backfill(
    label: str,
    *,
    map: str = DEFAULT_MAP,
    using: str | None = None,
    first: Any = None,
    last: Any = None,
    after: Any = None,
    of: tuple[int, int] | None = None,
    version: int | None = None,
    chunk: int = CHUNK,
) -> Backfill:
    """The values of every row that the model's default manager shows, by the live map.

    ``version`` is the number of another version of the map, which need not be live any more.
    ``label`` is the model (``shop.Order``, or ``Order`` if only one model has that name) or its
    prefix. ``first`` and ``last`` are primary keys, both included. ``after`` is a primary key that
    is not included. They may be texts. ``of=(2, 5)`` is the second of five parts with about the
    same number of rows each; the bounds of the parts depend on the rows of now, see :func:`cut`.

    Raises :class:`NotPublished`, :class:`NotTracked` or, for a wrong bound, :class:`ExportError`,
    whether strict or not.
    """
    snapshot = _snapshot(map, version)
    compiled = _tracked(snapshot, label)
    rows = _rows_shown(compiled, using)
    if first is not None:
        rows = rows.filter(pk__gte=_key(compiled, first))
    stretch = Stretch(_key(compiled, after), _key(compiled, last))
    if of is not None:
        stretch = _part(_within(rows, stretch), stretch, *of)
    return Backfill(snapshot, compiled, rows, stretch, chunk)


def _snapshot(map: str, version: int | None) -> Snapshot:
    live = current_map(map)
    if not live.digest:
        raise NotPublished(map)
    if version is None or version == live.number:
        return live
    # A replica that lags may not have it yet.
    found = store.version(map, version) or store.version(map, version, store.writer())
    if found is None:
        words = _("The map '%(slug)s' has no version %(number)s.", slug=map, number=str(version))
        raise ExportError(words)
    return compiled_version(found, map)


def cut(work: Backfill, parts: int) -> list[Stretch]:
    """Split a backfill into stretches with about the same number of rows each.

    Each row is in exactly one of them. Split only once and give the stretches to the workers, so
    that this stays true while rows are added and deleted.
    """
    rows = _within(work._rows, work.stretch)
    count = rows.count()
    return [_nth(rows, count, work.stretch, number, parts) for number in range(1, parts + 1)]


def _part(rows: Rows, whole: Stretch, number: int, parts: int) -> Stretch:
    if not 1 <= number <= parts:
        raise ExportError(
            _(
                "There is no part %(number)s of %(parts)s. Give a number from 1 to %(parts)s.",
                number=str(number),
                parts=str(parts),
            )
        )
    return _nth(rows, rows.count(), whole, number, parts)


def _nth(rows: Rows, count: int, whole: Stretch, number: int, parts: int) -> Stretch:
    # Rounded up, so that the first part holds a row unless the table is empty.
    start, end = -(-count * (number - 1) // parts), -(-count * number // parts)
    keys = rows.values_list("pk", flat=True)
    after = keys[start - 1] if start else whole.after
    return Stretch(after, keys[end - 1] if end and number < parts else whole.last)


def _within(rows: Rows, stretch: Stretch) -> Rows:
    if stretch.after is not None:
        rows = rows.filter(pk__gt=stretch.after)
    return rows if stretch.last is None else rows.filter(pk__lte=stretch.last)


def _rows_shown(compiled: CompiledModel, using: str | None) -> Rows:
    """The rows that the default manager shows now, in the order of the primary key."""
    try:
        with asking(compiled.model):
            return rows_of(compiled.model, using=using).order_by("pk")
    except ManagerError as error:
        raise ExportError(joined(error.text, _CONTEXT)) from error


def _tracked(snapshot: Snapshot, label: str) -> CompiledModel:
    compiled = snapshot.by_prefix.get(label)
    if compiled is None:
        facts = catalog().get(catalog().find(label))
        compiled = snapshot.find(facts.model) if facts else None
    if compiled is None:
        raise NotTracked(label, snapshot.slug)
    if getattr(compiled.model._meta, "is_composite_pk", False):
        raise ExportError(
            _("The primary key of '%(label)s' consists of several columns.", label=label)
        )
    return compiled


def _key(compiled: CompiledModel, value: Any) -> Any:
    """The primary key that a text represents."""
    if value is None:
        return None
    field: Any = compiled.model._meta.pk
    try:
        return field.to_python(value)
    except ValidationError as error:
        label = compiled.model._meta.label
        raise ExportError(
            _("%(value)s is not a primary key of %(model)s.", value=repr(value), model=label)
        ) from error
