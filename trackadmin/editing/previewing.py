"""What an object would give under the draft, beside what it gives live. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

from django.db import connections, router, transaction
from django.db.models import Model

from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.compiler import CompiledModel, Snapshot
from trackadmin.document import Document
from trackadmin.editing.building import build_document
from trackadmin.editing.locking import AnyMap, find_map, write_database
from trackadmin.editing.salvaging import compile_what_can
from trackadmin.editing.versions import live_version, read_version
from trackadmin.exceptions import DocumentError, Problem

#: A JSON scalar, as the flattener gives it.
Scalar = str | int | float | bool | None
Status = Literal["same", "new", "changed", "gone"]

#: Statements that are there because the preview runs in a transaction.
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One name of the output; the side that lacks it has ``None``."""

    name: str
    draft: Scalar
    live: Scalar
    status: Status


@dataclass(frozen=True, slots=True)
class Preview:
    """The output of one object, draft beside live."""

    rows: tuple[PreviewRow, ...]
    values: Mapping[str, Scalar]
    live_values: Mapping[str, Scalar]
    #: The query string that names the object by its key; empty where the draft has no key for it.
    url: str
    #: How many queries the draft's values took, with nothing loaded but the object.
    queries: int
    #: What is wrong with the draft, and what went wrong with this object's values.
    problems: tuple[Problem, ...]

    @property
    def json(self) -> str:
        """The draft's values as indented JSON."""
        return json.dumps(self.values, indent=2, ensure_ascii=False)


def preview(tracking_map: AnyMap, obj: Model, *, document: Document | None = None) -> Preview:
    """Flatten ``obj`` by the draft, or by ``document`` in its place, and by the live version.

    A draft with errors is previewed as far as it compiles, and they are among the problems. What
    the host's own code writes meanwhile is rolled back.
    """
    current = find_map(tracking_map)
    draft = build_document(current) if document is None else document
    problems = compiler.check(draft, catalog())
    snapshot = compile_what_can(draft, current.slug)
    live = _live_snapshot(current, problems)
    faults: list[Problem] = []
    values, queries = _flatten(snapshot, obj, faults)
    live_values, _ = _flatten(live, obj, []) if live else ({}, 0)
    if snapshot.find(obj) is None:
        faults.append(_not_tracked(obj))
    return Preview(
        rows=tuple(_rows(values, live_values)),
        values=values,
        live_values=live_values,
        url=_url(snapshot, obj),
        queries=queries,
        problems=(*problems, *faults),
    )


def _live_snapshot(tracking_map: AnyMap, problems: list[Problem]) -> Snapshot | None:
    live = live_version(tracking_map)
    if live is None:
        return None
    try:
        return compiler.compile_map(read_version(live), catalog(), number=live.number)
    except DocumentError as error:
        what = f"The live version {live.number} cannot be read: {error.summary}"
        fix = "Publish the draft, or roll back to another version."
        problems.append(Problem("live.broken", "warning", str(live), what, fix))
        return None


def _flatten(
    snapshot: Snapshot, obj: Model, faults: list[Problem]
) -> tuple[dict[str, Scalar], int]:
    """The values of a fresh copy of the object, and how many queries they took."""
    compiled = snapshot.find(obj)
    if compiled is None:
        return {}, 0

    def fault(code: str, where: str, error: BaseException | None) -> None:
        what = f"The value is lost: {error!r}." if error else "The value is lost."
        fix = "Ask a developer; until then it goes out as null."
        faults.append(Problem(code, "warning", where, what, fix))

    with _nothing_stays(obj):
        fresh = _fresh(obj)
        with _counted() as statements:
            values = compiled.flatten(fresh, fault)
    return values, len(statements)


def _fresh(obj: Model) -> Model:
    """The object as the database has it, with no relation loaded; itself where it is not saved."""
    database = obj._state.db or router.db_for_read(obj.__class__)
    return obj.__class__._base_manager.using(database).filter(pk=obj.pk).first() or obj


@contextmanager
def _nothing_stays(obj: Model) -> Iterator[None]:
    """Roll back, at the end, what the host's properties and methods write."""
    aliases = {write_database(), obj._state.db or router.db_for_write(obj.__class__)}
    with ExitStack() as stack:
        for alias in sorted(aliases):
            stack.enter_context(transaction.atomic(using=alias))
            stack.callback(transaction.set_rollback, True, using=alias)
        yield


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The queries of every database, whether or not the site is in debug mode."""
    statements: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(OF_TRANSACTIONS):
            statements.append(sql)
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(count))
        yield statements


def _rows(values: Mapping[str, Scalar], live_values: Mapping[str, Scalar]) -> Iterator[PreviewRow]:
    for name, value in values.items():
        if name not in live_values:
            yield PreviewRow(name, value, None, "new")
        else:
            live = live_values[name]
            # 1, 1.0 and True are equal to Python and three different things in JSON.
            same = (type(value), value) == (type(live), live)
            yield PreviewRow(name, value, live, "same" if same else "changed")
    for name, live in live_values.items():
        if name not in values:
            yield PreviewRow(name, None, live, "gone")


def _url(snapshot: Snapshot, obj: Model) -> str:
    compiled: CompiledModel | None = snapshot.find(obj)
    key = compiled.key if compiled else None
    text = key.text(obj) if key else None
    return urlencode({key.reference: text}, quote_via=quote) if key and text is not None else ""


def _not_tracked(obj: Model) -> Problem:
    label = obj._meta.label
    return Problem(
        "object.not_tracked",
        "warning",
        label,
        f"The draft does not track {label}, so this object gives no values.",
        "Choose an object of a tracked model, or add the model to the map.",
    )
