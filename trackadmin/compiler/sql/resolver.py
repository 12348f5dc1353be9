"""From the references of a URL to their values: one statement for all in one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from django.db import DatabaseError, InterfaceError, connections, router
from django.db.models import Model
from django.db.models.expressions import Col

from trackadmin.codes import FastPath, FaultCode, Outcome
from trackadmin.compiler.bounded_cache import BoundedCache
from trackadmin.compiler.failures import drop_broken, is_out_of_time
from trackadmin.compiler.fast_paths import left
from trackadmin.compiler.host.managers import ManagerError, is_constant, rows_of
from trackadmin.compiler.lookups import Lookup
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.obstacles import Obstacle, ObstacleCode, rows_obstacle
from trackadmin.compiler.query_tree import instance_obstacle, reasons
from trackadmin.compiler.savepoints import contained, sharing
from trackadmin.compiler.sql.known_lookups import Answer, KnownLookups
from trackadmin.compiler.sql.statements import (
    VENDORS,
    LookupPart,
    LookupQuery,
    Query,
    Resolved,
    Statement,
    fitting,
)
from trackadmin.compiler.types import Fault, Rows
from trackadmin.texts import gettext as _

#: How much memory the kept statements of one snapshot may take, in bytes, and so may the parts of
#: managers that are asked each time. A site's pages use a few; visitors may make up any number.
MAX_BYTES = 4_000_000


class Wanted(NamedTuple):
    """A reference to look up."""

    #: Its place among all.
    at: int
    lookup: Lookup
    text: str
    #: What the manager shows now; ``None`` where its query is constant.
    rows: Rows | None = None


class Way(NamedTuple):
    """How a reference is answered: by a part of a statement, or by loading its object."""

    part: LookupPart | None
    query: Query | None
    #: Why the object must be loaded; ``None`` where the part answers.
    obstacle: Obstacle | None = None


class Bound(NamedTuple):
    """A reference whose text is bound to its part of a statement."""

    wanted: Wanted
    part: LookupPart
    parameters: Sequence[Any]


class Resolver:
    """Finds what references name. One for each snapshot; it keeps the compiled statements."""

    def __init__(self, by_prefix: Mapping[str, CompiledModel]) -> None:
        self._by_prefix = by_prefix
        #: Whether the default manager of a model always gives the same query.
        self._constant: dict[type[Model], bool] = {}
        #: Whether all managers behind a reference do.
        self._constant_lookups: dict[str, bool] = {}
        self._queries: dict[str, LookupQuery] = {}
        #: How each reference is answered in each database; for constant managers only.
        self._ways: dict[tuple[str, str], Way] = {}
        #: For the other managers: by reference, database and the text of the query.
        self._parts_by_text: BoundedCache[LookupPart] = BoundedCache(MAX_BYTES)
        self._statements: BoundedCache[Statement] = BoundedCache(MAX_BYTES)

    def resolve(self, wanted: Sequence[tuple[Lookup, str]], fault: Fault) -> list[Resolved]:
        """The result of each reference, and its text, in the same order. Never raises."""
        with sharing():
            found: dict[int, Resolved] = {}
            databases: dict[str, list[Wanted]] = {}
            for at, (lookup, text) in enumerate(wanted):
                try:
                    rows = self._rows_now(lookup)
                    alias = router.db_for_read(lookup.model) if rows is None else rows.db
                    connections[alias]  # there may be no such database
                except Exception as error:  # noqa: BLE001 the host's managers and routers
                    found[at] = Resolved(Outcome.FAILED, error=error)
                else:
                    databases.setdefault(alias, []).append(Wanted(at, lookup, text, rows))
            for alias, those in databases.items():
                found |= self._in_one_database(alias, those, fault)
            return [found[at] for at in range(len(wanted))]

    def known(self, lookups: Sequence[Lookup]) -> KnownLookups | None:
        """What answers these lookups by one statement, whatever the texts.

        ``None`` where one statement cannot answer all, where two of them yield the same name, or
        where a manager must be asked each time.
        """
        if not all(self.is_constant(lookup) for lookup in lookups):
            return None
        aliases = {router.db_for_read(lookup.model) for lookup in lookups}
        if len(aliases) != 1:
            return None
        (alias,) = aliases
        ways = [self._way(lookup, alias) for lookup in sorted(lookups, key=_reference)]
        parts = [way.part for way in ways if way.part is not None]
        if len(parts) < len(ways) or len([*fitting(parts)]) > 1:
            return None
        statement = self._statement(parts)
        return None if statement.overlap else KnownLookups(alias, lookups, statement)

    def answer(self, known: KnownLookups, texts: Sequence[str], fault: Fault) -> Answer:
        """The results of known lookups, and their texts: ``values`` or ``each``. Never raises."""
        answer = known.ask(texts, fault)
        if answer.values is not None or answer.each is not None:
            return answer
        pairs = [*zip(known.lookups, texts, strict=True)]
        if answer.error is None:
            return Answer(each=self.resolve(pairs, fault))
        wanted = [Wanted(at, *pair) for at, pair in enumerate(pairs)]
        found = self._after_failure(answer.error, known.alias, wanted, fault)
        return Answer(each=[found[at] for at in range(len(wanted))])

    def obstacle(self, lookup: Lookup) -> Obstacle | None:
        """Why a reference is answered by loading an object; ``None`` where rows will do."""
        return self._way_now(lookup).obstacle

    def reasons(self, lookup: Lookup) -> tuple[Obstacle, ...]:
        """What the row of a reference does not give by itself, where that comes from, and why."""
        part = self._way_now(lookup).part
        return () if part is None else tuple(reasons(part.shape))

    def is_constant(self, lookup: Lookup) -> bool:
        """Whether the managers behind a reference are asked once for this snapshot, and not on
        each request: the model's own, and those of the objects that are counted.
        """
        known = self._constant_lookups.get(lookup.reference)
        if known is None:
            nodes = self._by_prefix[lookup.prefix].node.walk()
            counted = (each.matched.collection.model for n in nodes for each in n.aggregates)
            known = all(self._asked_once(model) for model in (lookup.model, *counted))
            self._constant_lookups[lookup.reference] = known
        return known

    def _asked_once(self, model: type[Model]) -> bool:
        found = self._constant.get(model)
        if found is None:
            found = self._constant[model] = is_constant(model)
        return found

    def _in_one_database(
        self, alias: str, wanted: Sequence[Wanted], fault: Fault
    ) -> dict[int, Resolved]:
        """The results of the references that are looked up in one database, by their places."""
        # In the order of their names, so that a URL's order makes no statement of its own.
        wanted = sorted(wanted, key=lambda each: each.lookup.reference)
        found: dict[int, Resolved] = {}
        try:
            connection, bound = connections[alias], []
            for each in wanted:
                try:
                    bound += self._bound(each, alias, connection)
                except ValueError as error:
                    found[each.at] = Resolved(Outcome.MALFORMED, error=error)
            for fit in fitting([each.part for each in bound]):
                found |= self._by_statement(bound[fit], connection, fault)
        except Exception as error:  # noqa: BLE001 the database, or a field of the host
            left_over = [each for each in wanted if each.at not in found]
            return found | self._after_failure(error, alias, left_over, fault)
        for each in wanted:
            if each.at not in found:
                found[each.at] = self._load(each, alias, fault)
        return found

    def _by_statement(
        self, bound: Sequence[Bound], connection: Any, fault: Fault
    ) -> dict[int, Resolved]:
        """What one statement says of these references. What the database raises comes through."""
        statement = self._statement([each.part for each in bound])
        parameters = [*chain.from_iterable(each.parameters for each in bound)]
        found = statement.each(statement.fetch(connection, parameters), connection, fault)
        places = (each.wanted.at for each in bound)
        return dict(zip(places, found, strict=True))

    def _bound(self, wanted: Wanted, alias: str, connection: Any) -> list[Bound]:
        """The reference bound to its part of a statement; empty where its object must be loaded.

        ``ValueError`` where its text is malformed.
        """
        lookup, rows = wanted.lookup, wanted.rows
        part, query, _obstacle = (
            self._way(lookup, alias) if rows is None else self._written(lookup, rows)
        )
        if part is None or query is None or (router.routers and not part.is_in_one_database()):
            return []
        return [Bound(wanted, part, query.bound(part.bind(wanted.text, connection)))]

    def _after_failure(
        self, error: Exception, alias: str, wanted: Sequence[Wanted], fault: Fault
    ) -> dict[int, Resolved]:
        """After a statement failed, look up each of its references on its own."""
        left(FastPath.STATEMENT, alias, error)
        fault(FaultCode.STATEMENT_FAILED, alias, error)
        drop_broken(alias)
        # The database is away or held up: do not wait for it once for each reference.
        if connections[alias].connection is None or is_out_of_time(error):
            return {each.at: Resolved(Outcome.FAILED, error=error) for each in wanted}
        return {each.at: self._load(each, alias, fault) for each in wanted}

    def _load(self, wanted: Wanted, alias: str, fault: Fault) -> Resolved:
        fetched = wanted.lookup.fetch(wanted.text, using=alias)
        if fetched.status is not Outcome.FOUND:
            return Resolved(fetched.status, error=fetched.error)
        values = self._by_prefix[wanted.lookup.prefix].flatten(fetched.obj, fault)
        return Resolved(Outcome.FOUND, values)

    def _rows_now(self, lookup: Lookup) -> Rows | None:
        """What the model's manager shows now; ``None`` where the whole query is constant."""
        if self.is_constant(lookup):
            return None
        with contained():
            return rows_of(lookup.model)

    def _way_now(self, lookup: Lookup) -> Way:
        try:
            rows = self._rows_now(lookup)
            if rows is None:
                return self._way(lookup, router.db_for_read(lookup.model))
            return self._written(lookup, rows)
        except ManagerError as error:
            return _by_loading(Obstacle(ObstacleCode.MANAGER, error.text))
        except Exception as error:  # noqa: BLE001 the host's managers and routers
            text = _("Its manager or a router raises %(error)s.", error=type(error).__name__)
            return _by_loading(Obstacle(ObstacleCode.MANAGER, text))

    def _way(self, lookup: Lookup, alias: str) -> Way:
        """How the reference of a constant manager is answered in this database."""
        key = (lookup.reference, alias)
        way = self._ways.get(key)
        if way is None:
            way = self._ways[key] = self._make_way(lookup, alias)
        return way

    def _make_way(self, lookup: Lookup, alias: str) -> Way:
        try:
            rows = rows_of(lookup.model, using=alias)
            if why := self._obstacle(lookup, rows):
                return _by_loading(why)
            asked = self._lookup_query(lookup)
            query = asked.written(rows)
            part = LookupPart(asked, query, alias, constant=True)
        except ManagerError as error:
            return _by_loading(Obstacle(ObstacleCode.MANAGER, error.text))
        except (DatabaseError, InterfaceError):
            # Not the query's fault: the next one to ask tries again.
            raise
        except Exception as error:  # noqa: BLE001 the host's managers may raise anything
            return _no_rows(error)
        return Way(part, part.query)

    def _written(self, lookup: Lookup, rows: Rows) -> Way:
        """How a reference is answered by what its manager shows now.

        Of the query only what follows from its text is kept.
        """
        alias = rows.db
        try:
            rows = rows.using(alias)
            if why := self._obstacle(lookup, rows):
                return _by_loading(why)
            query = self._lookup_query(lookup).written(rows)
        except ManagerError as error:
            return _by_loading(Obstacle(ObstacleCode.MANAGER, error.text))
        except Exception as error:  # noqa: BLE001 the ORM refuses, or code of the host
            return _no_rows(error)
        read = self._queries[lookup.reference].columns(query.shape)
        if not all(
            type(each) is Col or column.aggregate is not None
            for column, each in zip(read, query.selected, strict=True)
        ):
            text = _("Its manager selects something other than columns.")
            return _by_loading(Obstacle(ObstacleCode.MANAGER, text))
        key = (lookup.reference, alias, query.sql)
        part = self._parts_by_text.get(key)
        if part is None or (part.counted, part.shape) != (query.counted, query.shape):
            part = LookupPart(self._queries[lookup.reference], query, alias, constant=False)
            self._parts_by_text.put(key, part, 4 * len(query.sql) + 4000)
        return Way(part, query)

    def _obstacle(self, lookup: Lookup, rows: Rows) -> Obstacle | None:
        """Why rows of a manager's query will not do; ``None`` where they will."""
        vendor = connections[rows.db].vendor
        if vendor not in VENDORS:
            text = _("The statement is not tested on %(database)s.", database=vendor)
            return Obstacle(ObstacleCode.DATABASE, text)
        asked = self._lookup_query(lookup)
        shape = asked.shape(rows)
        paths = (column.path for column in asked.columns(shape))
        return rows_obstacle(rows, paths) or instance_obstacle(shape, rows)

    def _lookup_query(self, lookup: Lookup) -> LookupQuery:
        found = self._queries.get(lookup.reference)
        if found is None:
            compiled = self._by_prefix[lookup.prefix]
            title = f"{compiled.title}: {lookup.reference}"
            found = LookupQuery(lookup, compiled.node, compiled.pseudonym, title)
            self._queries[lookup.reference] = found
        return found

    def _statement(self, parts: Sequence[LookupPart]) -> Statement:
        key = tuple(parts)
        statement = self._statements.get(key)
        if statement is None:
            statement = Statement(parts)
            self._statements.put(key, statement, statement.weight)
        return statement


def _by_loading(why: Obstacle) -> Way:
    return Way(None, None, why)


def _no_rows(error: Exception) -> Way:
    name = type(error).__name__
    text = _("The ORM cannot make rows of its manager's query (%(error)s).", error=name)
    return _by_loading(Obstacle(ObstacleCode.MANAGER, text))


def _reference(lookup: Lookup) -> str:
    return lookup.reference
