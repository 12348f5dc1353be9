"""From the references of a URL to their values: one statement for all in one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple, TypeAlias

from django.db import DatabaseError, InterfaceError, connections, router

from trackadmin.compiler.careful import Fault
from trackadmin.compiler.joining import refusal
from trackadmin.compiler.lookups import Lookup
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.savepoints import contained, drop_broken
from trackadmin.compiler.statements import VENDORS, Part, Resolved, Statement

#: How many combinations of references keep their joined statement. A site's pages use a few; a
#: visitor who makes up more makes all of them be forgotten.
MAX_STATEMENTS = 256

#: A reference whose text was read: its name, where it stands, the lookup, the value.
Asked: TypeAlias = tuple[str, int, Lookup, Any]


class _Way(NamedTuple):
    """How references of one database are answered: together, or by loading their objects."""

    statement: Statement | None
    #: For each reference, whether the statement answers it.
    joined: tuple[bool, ...]


class Resolver:
    """Finds what references name. One for each snapshot; it keeps the compiled statements."""

    def __init__(self, by_prefix: Mapping[str, CompiledModel]) -> None:
        self._by_prefix = by_prefix
        #: For each reference and database its part of a statement, or why there is none.
        self._parts: dict[tuple[str, str], Part | str] = {}
        self._ways: dict[tuple[str, ...], _Way] = {}

    def resolve(self, wanted: Sequence[tuple[Lookup, str]], fault: Fault) -> list[Resolved]:
        """What came of each reference and its text, in the same order. Never raises."""
        results: list[Any] = [None] * len(wanted)
        together: dict[str, list[Asked]] = {}
        for at, (lookup, text) in enumerate(wanted):
            try:
                alias = router.db_for_read(lookup.model)
                value = lookup.parse(text, using=alias)
            except ValueError as error:
                results[at] = Resolved("malformed", error=error)
            except Exception as error:  # noqa: BLE001 the host's routers may raise anything
                results[at] = Resolved("failed", error=error)
            else:
                together.setdefault(alias, []).append((lookup.reference, at, lookup, value))
        for alias, asked in together.items():
            # In the order of their names, so that a URL's order makes no statement of its own.
            asked.sort(key=_name)
            self._in_one_database(alias, asked, results, fault)
            for _, at, lookup, _ in asked:
                if results[at] is None:
                    results[at] = self._load(lookup, wanted[at][1], alias, fault)
        return results

    def refusal(self, lookup: Lookup) -> str:
        """Why a reference is answered by loading an object; "" where rows of a query will do."""
        part = self._part(lookup, router.db_for_read(lookup.model))
        return part if isinstance(part, str) else ""

    def _in_one_database(
        self, alias: str, asked: list[Asked], results: list[Any], fault: Fault
    ) -> None:
        """Answer what one statement can answer; the rest of the results stay as they are."""
        try:
            way = self._way(alias, asked)
            if way.statement is None:
                return
            joined = [each for each, joins in zip(asked, way.joined, strict=True) if joins]
            connection = connections[alias]
            with nullcontext() if connection.autocommit else contained():
                found = way.statement.run(connection, [each[3] for each in joined], fault)
        except Exception as error:  # noqa: BLE001 loaded one by one, none takes another along
            fault("statement.failed", alias, error)
            drop_broken(alias)
            if connections[alias].connection is None:
                # The database is away: do not wait for it once for each reference.
                for _, at, _, _ in asked:
                    results[at] = Resolved("failed", error=error)
            return
        for each, resolved in zip(joined, found, strict=True):
            results[each[1]] = resolved

    def _load(self, lookup: Lookup, text: str, alias: str, fault: Fault) -> Resolved:
        outcome = lookup.fetch(text, using=alias)
        if outcome.status != "found":
            return Resolved(outcome.status, error=outcome.error)
        values = self._compiled(lookup).flatten(outcome.obj, fault)
        return Resolved("found", values, outcome.obj.pk)

    def _compiled(self, lookup: Lookup) -> CompiledModel:
        return self._by_prefix[lookup.reference.partition("__")[0]]

    def _way(self, alias: str, asked: list[Asked]) -> _Way:
        key = (alias, *[each[0] for each in asked])
        way = self._ways.get(key)
        if way is None:
            parts = [self._part(lookup, alias) for _, _, lookup, _ in asked]
            some = [part for part in parts if isinstance(part, Part)]
            joined = tuple(isinstance(part, Part) for part in parts)
            way = _Way(Statement(some) if some else None, joined)
            if len(self._ways) >= MAX_STATEMENTS:
                self._ways.clear()
            self._ways[key] = way
        return way

    def _part(self, lookup: Lookup, alias: str) -> Part | str:
        key = (lookup.reference, alias)
        if key not in self._parts:
            self._parts[key] = self._make_part(lookup, alias)
        return self._parts[key]

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
    return asked[0]


def _refusal(compiled: CompiledModel, alias: str) -> str:
    if connections[alias].vendor not in VENDORS:
        return f"the statement is not proven on {connections[alias].vendor}"
    return refusal(compiled.node, alias)
