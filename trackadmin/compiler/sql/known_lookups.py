"""Several lookups that one statement answers, whatever the texts; kept for a kind of URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connections, router

from trackadmin.codes import FastPath
from trackadmin.compiler.fast_paths import left
from trackadmin.compiler.lookups import Lookup
from trackadmin.compiler.savepoints import sharing
from trackadmin.compiler.sql.statements import Resolved, Statement
from trackadmin.compiler.types import Fault, Values


class Answer(NamedTuple):
    """The results of several lookups; nothing at all where no statement was sent."""

    #: The values of all lookups in one dict, if each found its object.
    values: Values | None = None
    #: The result of each lookup, where that is not so.
    each: Sequence[Resolved] | None = None
    #: What the database, or a field of the host, raised.
    error: Exception | None = None


_NOT_SENT = Answer()


class KnownLookups:
    """Lookups with the statement that answers them."""

    def __init__(self, alias: str, lookups: Sequence[Lookup], statement: Statement) -> None:
        """``alias`` names the database."""
        self.alias, self.lookups = alias, tuple(lookups)
        self._statement = statement
        at = {lookup.reference: number for number, lookup in enumerate(lookups)}
        #: For each part of the statement the place of its lookup.
        self._order = tuple(at[part.lookup.reference] for part in statement.parts)
        self._binds = tuple(
            (at, part.bind) for at, part in zip(self._order, statement.parts, strict=True)
        )

    def ask(self, texts: Sequence[str], fault: Fault) -> Answer:
        """What the statement says of the lookups' texts, in their order. Never raises.

        It is not sent where a text is malformed or belongs in another database.
        """
        try:
            if router.routers and not self._is_in_one_database():
                left(FastPath.KNOWN_LOOKUPS, self.alias)
                return _NOT_SENT
            connection = connections[self.alias]
            try:
                bound = [bind(texts[at], connection) for at, bind in self._binds]
            except ValueError:  # a malformed text: not worth counting, visitors send them
                return _NOT_SENT
        except Exception as error:  # noqa: BLE001 the host's routers and fields may raise anything
            left(FastPath.KNOWN_LOOKUPS, self.alias, error)
            return _NOT_SENT
        if connection.autocommit:
            return self._ask(connection, bound, fault)
        with sharing():
            return self._ask(connection, bound, fault)

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return self._statement.weight

    @property
    def source(self) -> str:
        """The text of the generated functions that read the statement's row."""
        return "\n".join(part.reader.text for part in self._statement.parts)

    def _ask(self, connection: Any, bound: Sequence[Any], fault: Fault) -> Answer:
        statement = self._statement
        try:
            row = statement.fetch(connection, statement.parameters(bound))
            values = statement.all_values(row, connection, fault)
            if values is not None:
                return Answer(values)
            found = statement.each(row, connection, fault)
        except Exception as error:  # noqa: BLE001 the database, or a field of the host
            return Answer(error=error)
        return Answer(each=[found[self._order.index(at)] for at in range(len(found))])

    def _is_in_one_database(self) -> bool:
        found = (router.db_for_read(each.model) == self.alias for each in self.lookups)
        return all(found) and all(part.is_in_one_database() for part in self._statement.parts)
