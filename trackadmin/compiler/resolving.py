"""From the references of a URL to their values: one statement for all in one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import DatabaseError, InterfaceError, connections, router

from trackadmin.compiler.careful import Fault, Values
from trackadmin.compiler.failures import drop_broken, is_out_of_time
from trackadmin.compiler.joining import cut, instance_refusal, own_tables, reasons
from trackadmin.compiler.lookups import SEPARATOR, Lookup
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.savepoints import sharing
from trackadmin.compiler.statements import VENDORS, Part, Resolved, Statement, fitting

#: How many combinations of references keep their joined statement. A site's pages use a few; a
#: visitor who makes up more makes all of them be forgotten.
MAX_STATEMENTS = 256


class Asked(NamedTuple):
    """A reference that was asked for."""

    #: Where it stands among all.
    at: int
    lookup: Lookup
    text: str


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
            row = statement.fetch(connection, bound)
            values = statement.together(row, connection, fault)
            if values is not None:
                return values
            found = statement.each(row, connection, fault)
        except Exception as error:  # noqa: BLE001 the database, or a field of the host
            return self._one_by_one(error, texts, fault)
        return [found[self._order.index(at)] for at in range(len(texts))]

    @property
    def source(self) -> str:
        """The text of the generated functions that read the statement's row."""
        return "\n".join(part.reader.text for part in self._statement.parts)

    def _lies_together(self) -> bool:
        return all(router.db_for_read(each.model) == self._alias for each in self._lookups)

    def _one_by_one(self, error: Exception, texts: Sequence[str], fault: Fault) -> list[Resolved]:
        asked = [Asked(at, *each) for at, each in enumerate(zip(self._lookups, texts, strict=True))]
        results: list[Any] = [None] * len(asked)
        self._resolver.after_failure(error, self._alias, asked, results, fault)
        return results


class Resolver:
    """Finds what references name. One for each snapshot; it keeps the compiled statements."""

    def __init__(self, by_prefix: Mapping[str, CompiledModel]) -> None:
        self._by_prefix = by_prefix
        #: For each reference and database its part of a statement, or why there is none.
        self._parts: dict[tuple[str, str], Part | str] = {}
        self._statements: dict[tuple[Part, ...], Statement] = {}

    def resolve(self, wanted: Sequence[tuple[Lookup, str]], fault: Fault) -> list[Resolved]:
        """What came of each reference and its text, in the same order. Never raises."""
        with sharing():
            return self._resolve(wanted, fault)

    def _resolve(self, wanted: Sequence[tuple[Lookup, str]], fault: Fault) -> list[Resolved]:
        results: list[Any] = [None] * len(wanted)
        databases: dict[str, list[Asked]] = {}
        for at, (lookup, text) in enumerate(wanted):
            try:
                alias = router.db_for_read(lookup.model)
            except Exception as error:  # noqa: BLE001 the host's routers may raise anything
                results[at] = Resolved("failed", error=error)
            else:
                databases.setdefault(alias, []).append(Asked(at, lookup, text))
        for alias, asked in databases.items():
            # In the order of their names, so that a URL's order makes no statement of its own.
            asked.sort(key=_name)
            self._in_one_database(alias, asked, results, fault)
        return results

    def joint(self, lookups: Sequence[Lookup]) -> Joint | None:
        """What answers these lookups together; ``None`` where one statement does not answer all,
        or two of them yield the same name.
        """
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
        part = self._part(lookup, router.db_for_read(lookup.model))
        return part if isinstance(part, str) else ""

    def reasons(self, lookup: Lookup) -> tuple[str, ...]:
        """What of a reference the row alone does not give, how it comes instead, and why."""
        part = self._part(lookup, router.db_for_read(lookup.model))
        return () if isinstance(part, str) else tuple(reasons(part.cut))

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
        for at, lookup, text in asked:
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
                row = statement.fetch(connection, bound[fit])
                found = statement.each(row, connection, fault)
                for at, resolved in zip(places[fit], found, strict=True):
                    results[at] = resolved
        except Exception as error:  # noqa: BLE001 the database, or a field of the host
            self.after_failure(error, alias, asked, results, fault)
        for at, lookup, text in asked:
            if results[at] is None:
                results[at] = self._load(lookup, text, alias, fault)

    def _bind(
        self, alias: str, asked: list[Asked], connection: Any, results: list[Any]
    ) -> tuple[list[Part], list[Any], list[int]]:
        """The parts of a statement, what their places take, and whose results they are.

        A reference that is malformed has its result; one that must be loaded is left out.
        """
        parts: list[Part] = []
        bound: list[Any] = []
        places: list[int] = []
        for at, lookup, text in asked:
            part = self._part(lookup, alias)
            if isinstance(part, str):
                continue
            try:
                bound.append(part.bind(text, connection))
            except ValueError as error:
                results[at] = Resolved("malformed", error=error)
            else:
                parts.append(part)
                places.append(at)
        return parts, bound, places

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
            if len(self._statements) >= MAX_STATEMENTS:
                self._statements.clear()
            self._statements[key] = statement
        return statement

    def _part(self, lookup: Lookup, alias: str) -> Part | str:
        key = (lookup.reference, alias)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = self._make_part(lookup, alias)
        return part

    def _make_part(self, lookup: Lookup, alias: str) -> Part | str:
        compiled = self._compiled(lookup)
        if why := _refusal(compiled, alias):
            return why
        title = f"{compiled.title}: {lookup.reference}"
        try:
            return Part(lookup, compiled.node, alias, compiled.pseudonym, title)
        except (DatabaseError, InterfaceError):
            # Not the query's fault: the next one to ask tries again.
            raise
        except Exception as error:  # noqa: BLE001 the host's managers may raise anything
            return f"the ORM makes no rows of its manager's query ({type(error).__name__})"


def _name(asked: Asked) -> str:
    return asked.lookup.reference


def _reference(lookup: Lookup) -> str:
    return lookup.reference


def _refusal(compiled: CompiledModel, alias: str) -> str:
    if connections[alias].vendor not in VENDORS:
        return f"the statement is not proven on {connections[alias].vendor}"
    rows = compiled.model._default_manager.using(alias)
    return instance_refusal(cut(compiled.node, alias, spare=own_tables(rows)), rows)
