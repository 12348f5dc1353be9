"""From the references of a URL to their values: one statement for all in one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from django.db import DatabaseError, InterfaceError, connections, router
from django.db.models import Model
from django.db.models.expressions import Col

from trackadmin.compiler.bounded_cache import Kept
from trackadmin.compiler.driver.failures import drop_broken, is_out_of_time
from trackadmin.compiler.host.managers import ManagerError, Rows, is_constant, rows_of
from trackadmin.compiler.lookups import SEPARATOR, Lookup
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.query_tree import instance_refusal, reasons, rows_refusal
from trackadmin.compiler.savepoints import contained, sharing
from trackadmin.compiler.sql.statements import (
    VENDORS,
    LookupQuery,
    Part,
    Query,
    Resolved,
    Statement,
    fitting,
)
from trackadmin.compiler.types import Fault, Values

#: How much memory the kept statements of one snapshot may take, in bytes, and so may the parts of
#: managers that are asked each time. A site's pages use a few; visitors may make up any number.
MAX_BYTES = 4_000_000


class Asked(NamedTuple):
    """A reference that was asked for."""

    #: Where it stands among all.
    at: int
    lookup: Lookup
    text: str
    #: What the manager shows now; ``None`` where its query is constant.
    rows: Rows | None = None


class Joint:
    """Several lookups that one statement answers, whatever the texts; kept for a kind of URL."""

    def __init__(
        self, resolver: Resolver, alias: str, lookups: Sequence[Lookup], statement: Statement
    ) -> None:
        self._resolver, self._alias, self._statement = resolver, alias, statement
        self._lookups = tuple(lookups)
        at = {lookup.reference: number for number, lookup in enumerate(lookups)}
        #: For each part of the statement where its text stands.
        self._order = tuple(at[part.lookup.reference] for part in statement.parts)
        self._binds = tuple(
            (at, part.bind) for at, part in zip(self._order, statement.parts, strict=True)
        )

    def answer(self, texts: Sequence[str], fault: Fault) -> Values | list[Resolved] | None:
        """The values of all, if each was found; else what came of each.

        ``None`` where a text is malformed or belongs into another database: nothing was asked
        then, and :meth:`Resolver.resolve` tells more.
        """
        alias = self._alias
        try:
            if router.routers and not self._lies_together():
                return None
            connection = connections[alias]
            bound = [bind(texts[at], connection) for at, bind in self._binds]
        except Exception:  # noqa: BLE001 the host's routers and fields may raise anything
            return None
        if connection.autocommit:
            return self._ask(connection, bound, texts, fault)
        with sharing():
            return self._ask(connection, bound, texts, fault)

    def _ask(
        self, connection: Any, bound: Sequence[Any], texts: Sequence[str], fault: Fault
    ) -> Values | list[Resolved]:
        statement = self._statement
        try:
            row = statement.fetch(connection, statement.parameters(bound))
            values = statement.together(row, connection, fault)
            if values is not None:
                return values
            found = statement.each(row, connection, fault)
        except Exception as error:  # noqa: BLE001 the database, or a field of the host
            return self._one_by_one(error, texts, fault)
        return [found[self._order.index(at)] for at in range(len(texts))]

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return self._statement.weight

    @property
    def source(self) -> str:
        """The text of the generated functions that read the statement's row."""
        return "\n".join(part.reader.text for part in self._statement.parts)

    def _lies_together(self) -> bool:
        found = (router.db_for_read(each.model) == self._alias for each in self._lookups)
        return all(found) and all(part.lies_together() for part in self._statement.parts)

    def _one_by_one(self, error: Exception, texts: Sequence[str], fault: Fault) -> list[Resolved]:
        asked = [Asked(at, *each) for at, each in enumerate(zip(self._lookups, texts, strict=True))]
        results: list[Any] = [None] * len(asked)
        self._resolver.after_failure(error, self._alias, asked, results, fault)
        return results


class Resolver:
    """Finds what references name. One for each snapshot; it keeps the compiled statements."""

    def __init__(self, by_prefix: Mapping[str, CompiledModel]) -> None:
        self._by_prefix = by_prefix
        #: Whether the default manager of a model always gives the same query.
        self._constant: dict[type[Model], bool] = {}
        self._queries: dict[str, LookupQuery] = {}
        #: For each reference and database its part of a statement, or why there is none; for
        #: constant managers only.
        self._parts: dict[tuple[str, str], Part | str] = {}
        #: For the other managers: by reference, database and the text of the query.
        self._parts_by_text: Kept[Part] = Kept(MAX_BYTES)
        self._statements: Kept[Statement] = Kept(MAX_BYTES)

    def resolve(self, wanted: Sequence[tuple[Lookup, str]], fault: Fault) -> list[Resolved]:
        """What came of each reference and its text, in the same order. Never raises."""
        with sharing():
            return self._resolve(wanted, fault)

    def _resolve(self, wanted: Sequence[tuple[Lookup, str]], fault: Fault) -> list[Resolved]:
        results: list[Any] = [None] * len(wanted)
        databases: dict[str, list[Asked]] = {}
        for at, (lookup, text) in enumerate(wanted):
            try:
                rows = self._rows_now(lookup.model)
                alias = router.db_for_read(lookup.model) if rows is None else rows.db
                connections[alias]  # there may be no such database
            except Exception as error:  # noqa: BLE001 the host's managers and routers
                results[at] = Resolved("failed", error=error)
            else:
                databases.setdefault(alias, []).append(Asked(at, lookup, text, rows))
        for alias, asked in databases.items():
            # In the order of their names, so that a URL's order makes no statement of its own.
            asked.sort(key=_name)
            self._in_one_database(alias, asked, results, fault)
        return results

    def joint(self, lookups: Sequence[Lookup]) -> Joint | None:
        """What answers these lookups together; ``None`` where one statement does not answer all,
        where two of them yield the same name, or where a manager must be asked each time.
        """
        if not all(self.is_constant(lookup.model) for lookup in lookups):
            return None
        aliases = {router.db_for_read(lookup.model) for lookup in lookups}
        if len(aliases) != 1:
            return None
        (alias,) = aliases
        parts = [self._part(lookup, alias) for lookup in sorted(lookups, key=_reference)]
        joined = [part for part in parts if isinstance(part, Part)]
        if len(joined) < len(parts) or len([*fitting(joined)]) > 1:
            return None
        statement = self._statement(joined)
        if statement.overlap:
            return None
        return Joint(self, alias, lookups, statement)

    def refusal(self, lookup: Lookup) -> str:
        """Why a reference is answered by loading an object; "" where rows of a query will do."""
        found = self._part_now(lookup)
        return found if isinstance(found, str) else ""

    def reasons(self, lookup: Lookup) -> tuple[str, ...]:
        """What of a reference the row alone does not give, how it comes instead, and why."""
        found = self._part_now(lookup)
        return () if isinstance(found, str) else tuple(reasons(found.cut))

    def is_constant(self, model: type[Model]) -> bool:
        """Whether the model's manager is asked once for this snapshot, and not on each request."""
        found = self._constant.get(model)
        if found is None:
            found = self._constant[model] = is_constant(model)
        return found

    def _part_now(self, lookup: Lookup) -> Part | str:
        try:
            rows = self._rows_now(lookup.model)
            if rows is None:
                return self._part(lookup, router.db_for_read(lookup.model))
            written = self._written(lookup, rows)
        except ManagerError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 the host's managers and routers
            return f"its manager or a router raises {type(error).__name__}"
        return written if isinstance(written, str) else written[0]

    def after_failure(
        self, error: Exception, alias: str, asked: Sequence[Asked], results: list[Any], fault: Fault
    ) -> None:
        """Answer what a failed statement was to answer: one by one, so that none takes another
        along.
        """
        fault("statement.failed", alias, error)
        drop_broken(alias)
        # The database is away or held up: do not wait for it once for each reference.
        away = connections[alias].connection is None or is_out_of_time(error)
        for at, lookup, text, _ in asked:
            if results[at] is None:
                failed = Resolved("failed", error=error)
                results[at] = failed if away else self._load(lookup, text, alias, fault)

    def _in_one_database(
        self, alias: str, asked: list[Asked], results: list[Any], fault: Fault
    ) -> None:
        """Fill in the results of what was asked of one database."""
        try:
            connection = connections[alias]
            parts, bound, places = self._bind(alias, asked, connection, results)
            for fit in fitting(parts):
                statement = self._statement(parts[fit])
                row = statement.fetch(connection, [*chain.from_iterable(bound[fit])])
                found = statement.each(row, connection, fault)
                for at, resolved in zip(places[fit], found, strict=True):
                    results[at] = resolved
        except Exception as error:  # noqa: BLE001 the database, or a field of the host
            self.after_failure(error, alias, asked, results, fault)
        for at, lookup, text, _ in asked:
            if results[at] is None:
                results[at] = self._load(lookup, text, alias, fault)

    def _bind(
        self, alias: str, asked: list[Asked], connection: Any, results: list[Any]
    ) -> tuple[list[Part], list[list[Any]], list[int]]:
        """The parts of statements, the parameters of each, and whose results the parts are.

        A reference that is malformed has its result; one that must be loaded is left out.
        """
        parts: list[Part] = []
        bound: list[list[Any]] = []
        places: list[int] = []
        for at, lookup, text, rows in asked:
            found = self._kept(lookup, alias) if rows is None else self._written(lookup, rows)
            if isinstance(found, str):
                continue
            part, query = found
            if router.routers and not part.lies_together():
                continue
            try:
                value = part.bind(text, connection)
            except ValueError as error:
                results[at] = Resolved("malformed", error=error)
            else:
                parts.append(part)
                bound.append(query.bound(value))
                places.append(at)
        return parts, bound, places

    def _rows_now(self, model: type[Model]) -> Rows | None:
        """What the model's manager shows now; ``None`` where its query is constant."""
        if self.is_constant(model):
            return None
        with contained():
            return rows_of(model)

    def _kept(self, lookup: Lookup, alias: str) -> tuple[Part, Query] | str:
        part = self._part(lookup, alias)
        if isinstance(part, str) or part.query is None:
            return str(part)
        return part, part.query

    def _written(self, lookup: Lookup, rows: Rows) -> tuple[Part, Query] | str:
        """The part and the query for what a manager shows now, or why there is none.

        Of the query only what follows from its text is kept.
        """
        alias = rows.db
        try:
            query = self._query(lookup, rows.using(alias))
        except Exception as error:  # noqa: BLE001 the ORM refuses, or code of the host
            return _no_rows(error)
        if isinstance(query, str):
            return query
        key = (lookup.reference, alias, query.sql)
        part = self._parts_by_text.get(key)
        if part is None or (part.counted, part.cut) != (query.counted, query.shape):
            part = Part(self._queries[lookup.reference], query, alias, constant=False)
            self._parts_by_text.put(key, part, 4 * len(query.sql) + 4000)
        return part, query

    def _query(self, lookup: Lookup, rows: Rows) -> Query | str:
        """The query of a lookup as the ORM writes it, or why its rows will not do."""
        vendor = connections[rows.db].vendor
        if vendor not in VENDORS:
            return f"the statement is not proven on {vendor}"
        asked = self._queries.get(lookup.reference)
        if asked is None:
            compiled = self._compiled(lookup)
            title = f"{compiled.title}: {lookup.reference}"
            asked = LookupQuery(lookup, compiled.node, compiled.pseudonym, title)
            self._queries[lookup.reference] = asked
        shape = asked.shape(rows)
        paths = (column.path for column in asked.columns(shape))
        if why := rows_refusal(rows, paths) or instance_refusal(shape, rows):
            return why
        query = asked.written(rows)
        if self.is_constant(lookup.model) or all(type(each) is Col for each in query.selected):
            return query
        return "its manager selects something else than columns"

    def _load(self, lookup: Lookup, text: str, alias: str, fault: Fault) -> Resolved:
        outcome = lookup.fetch(text, using=alias)
        if outcome.status != "found":
            return Resolved(outcome.status, error=outcome.error)
        values = self._compiled(lookup).flatten(outcome.obj, fault)
        return Resolved("found", values)

    def _compiled(self, lookup: Lookup) -> CompiledModel:
        return self._by_prefix[lookup.reference.partition(SEPARATOR)[0]]

    def _statement(self, parts: list[Part]) -> Statement:
        key = tuple(parts)
        statement = self._statements.get(key)
        if statement is None:
            statement = Statement(parts)
            self._statements.put(key, statement, statement.weight)
        return statement

    def _part(self, lookup: Lookup, alias: str) -> Part | str:
        key = (lookup.reference, alias)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = self._make_part(lookup, alias)
        return part

    def _make_part(self, lookup: Lookup, alias: str) -> Part | str:
        try:
            query = self._query(lookup, rows_of(lookup.model, using=alias))
            if isinstance(query, str):
                return query
            return Part(self._queries[lookup.reference], query, alias, constant=True)
        except (DatabaseError, InterfaceError):
            # Not the query's fault: the next one to ask tries again.
            raise
        except Exception as error:  # noqa: BLE001 the host's managers may raise anything
            return _no_rows(error)


def _no_rows(error: Exception) -> str:
    return f"the ORM makes no rows of its manager's query ({type(error).__name__})"


def _name(asked: Asked) -> str:
    return asked.lookup.reference


def _reference(lookup: Lookup) -> str:
    return lookup.reference
